#pragma once
// Text to token ids and back.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace winnow {

class Tokenizer {
 public:
  virtual ~Tokenizer() = default;
  // Any byte string; control tokens in the text are encoded as plain text.
  virtual std::vector<std::int64_t> encode(std::string_view text) const = 0;
  virtual std::string decode(const std::vector<std::int64_t>& tokens) const = 0;
  // One past the largest id; a model's vocabulary may be padded beyond it.
  virtual std::int64_t size() const = 0;
  // Ids below it that no token has, in order.
  virtual std::vector<std::int64_t> gaps() const { return {}; }
  // Ends an assistant turn.
  virtual std::int64_t end_of_turn() const = 0;
};

}  // namespace winnow
