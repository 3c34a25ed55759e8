#pragma once
// A conversation in the ChatML layout of Qwen's models, as tokens. How media show in it is a
// family's own.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "models/byte_pair_tokenizer.h"
#include "pool/sample.h"

namespace winnow {

struct Chat {
  std::vector<std::int64_t> tokens;
  // The token itself where it is trained, else -100: assistant turns with their <|im_end|> and the
  // line break after it, but those that their row excludes (Turn::trained).
  std::vector<std::int64_t> labels;
};

// Where a family puts what stands for a medium. Nothing of it is trained.
class ChatSink {
 public:
  virtual ~ChatSink() = default;
  virtual void text(std::string_view text) = 0;
  // `count` control tokens of one kind.
  virtual void control(std::int64_t token, std::int64_t count = 1) = 0;
};
// Writes the sample's medium of that number, in order of appearance.
using WriteMedium = std::function<void(std::size_t number, ChatSink& sink)>;

// <|im_start|>ROLE\nTEXT<|im_end|>\n for every turn. Neighbouring untrained pieces are tokenized as
// one text, trained ones by themselves. Text cannot become a control token. `media`: how many there
// are; with 0 all placeholders are left out (a blind input). Throws DataError naming the sample
// when the text has places for another number.
Chat chat_tokens(const BytePairTokenizer& tokenizer, const Sample& sample, std::size_t media,
                 const WriteMedium& write_medium);

// The conversation up to the assistant's last turn, whose header it ends with: a prompt.
std::vector<std::int64_t> prompt_tokens(const BytePairTokenizer& tokenizer, const Sample& sample,
                                        std::size_t media, const WriteMedium& write_medium);

}  // namespace winnow
