#include "models/internvl/chat.h"

#include <fmt/format.h>

namespace winnow::internvl {
namespace {

WriteMedium medium_writer(const Config& config, const BytePairTokenizer& tokenizer,
                          const std::vector<ChatMedium>& media) {
  const std::int64_t start = tokenizer.added("<img>"), end = tokenizer.added("</img>");
  return [&config, &media, start, end](std::size_t number, ChatSink& sink) {
    const ChatMedium& medium = media.at(number);
    const auto write_block = [&](std::int64_t tiles) {
      sink.control(start);
      sink.control(config.image_token, tiles * config.tokens_per_tile());
      sink.control(end);
    };
    if (!medium.is_video) {
      write_block(medium.tiles);
      return;
    }
    for (std::int64_t frame = 1; frame <= medium.tiles; ++frame) {
      sink.text(fmt::format("{}Frame{}: ", frame == 1 ? "" : "\n", frame));
      write_block(1);
    }
  };
}

}  // namespace

Chat chat_tokens(const Config& config, const BytePairTokenizer& tokenizer, const Sample& sample,
                 const std::vector<ChatMedium>& media) {
  return winnow::chat_tokens(tokenizer, sample, media.size(),
                             medium_writer(config, tokenizer, media));
}

std::vector<std::int64_t> prompt_tokens(const Config& config, const BytePairTokenizer& tokenizer,
                                        const Sample& sample,
                                        const std::vector<ChatMedium>& media) {
  return winnow::prompt_tokens(tokenizer, sample, media.size(),
                               medium_writer(config, tokenizer, media));
}

}  // namespace winnow::internvl
