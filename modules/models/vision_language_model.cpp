#include "models/vision_language_model.h"

#include "core/hash.h"
#include "models/model_family.h"

namespace winnow {

config::ComponentKind<ModelFamily>& models() {
  static config::ComponentKind<ModelFamily> kind("model");
  return kind;
}

std::string weights_digest(const VisionLanguageModel& model) {
  Digest digest;
  for (const auto& [name, parameter] : model.named_parameters()) {
    const torch::Tensor data = parameter.detach().cpu().contiguous();
    digest.add(name).add(
        std::string_view(static_cast<const char*>(data.data_ptr()), data.nbytes()));
  }
  return digest.hex();
}

}  // namespace winnow
