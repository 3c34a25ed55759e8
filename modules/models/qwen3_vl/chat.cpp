#include "models/qwen3_vl/chat.h"

#include <fmt/format.h>

#include "core/errors.h"

namespace winnow::qwen3_vl {
namespace {

void write_block(const Config& config, const Grid& grid, std::int64_t placeholder, ChatSink& sink) {
  sink.control(config.vision_start_token);
  sink.control(placeholder, grid.rows * grid.columns / config.vision.patches_per_token());
  sink.control(config.vision_end_token);
}

WriteMedium medium_writer(const Config& config, const Sample& sample,
                          const std::vector<ChatMedium>& media) {
  return [&](std::size_t number, ChatSink& sink) {
    const ChatMedium& medium = media.at(number);
    if (!medium.is_video) {
      write_block(config, medium.grid, config.image_token, sink);
      return;
    }
    if (static_cast<std::int64_t>(medium.timestamps.size()) != medium.grid.frames) {
      throw DataError(fmt::format("sample '{}': {} timestamps of a video of {} frame pairs",
                                  sample.id, medium.timestamps.size(), medium.grid.frames));
    }
    for (const std::string& timestamp : medium.timestamps) {
      sink.text(timestamp);
      write_block(config, medium.grid, config.video_token, sink);
    }
  };
}

}  // namespace

Chat chat_tokens(const Config& config, const BytePairTokenizer& tokenizer, const Sample& sample,
                 const std::vector<ChatMedium>& media) {
  return winnow::chat_tokens(tokenizer, sample, media.size(), medium_writer(config, sample, media));
}

std::vector<std::int64_t> prompt_tokens(const Config& config, const BytePairTokenizer& tokenizer,
                                        const Sample& sample,
                                        const std::vector<ChatMedium>& media) {
  return winnow::prompt_tokens(tokenizer, sample, media.size(),
                               medium_writer(config, sample, media));
}

}  // namespace winnow::qwen3_vl
