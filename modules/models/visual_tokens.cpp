#include "models/visual_tokens.h"

#include <string_view>

namespace winnow {

void add_to(Digest& digest, const VisualTokens& visual) {
  for (const std::int64_t extent : visual.layout.grid) {
    digest.add(static_cast<std::uint64_t>(extent));
  }
  for (const std::string& timestamp : visual.layout.timestamps) digest.add(timestamp);
  digest.add(static_cast<std::uint64_t>(visual.layout.video));
  const torch::Tensor data = visual.tokens.detach().cpu().contiguous();
  digest.add(std::string_view(static_cast<const char*>(data.data_ptr()), data.nbytes()));
}

}  // namespace winnow
