#pragma once
// A model that is asked a question and answers in words, wherever it runs.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/errors.h"

namespace winnow {

// A question that could not be answered now and may be another time.
class UnavailableError : public DataError {
 public:
  using DataError::DataError;
};

// A piece of the question, in the order in which it is read.
struct ChatPart {
  enum class Kind { text, picture };
  Kind kind = Kind::text;
  std::string content;  // the text, or the bytes of a JPEG file
};

struct ChatRequest {
  std::string name;    // of the request, e.g. a digest: what draws for it are named after
  std::string system;  // empty: none
  std::vector<ChatPart> user;
};

struct ChatAnswer {
  std::string text;
  std::string refusal;    // the model's words where it declines; empty otherwise
  bool cut_off = false;   // the answer reached the token limit
  bool filtered = false;  // the server withheld it
  // As the server counts them; nothing where it does not say.
  std::optional<std::int64_t> prompt_tokens = {}, completion_tokens = {};
};

class ChatModel {
 public:
  virtual ~ChatModel() = default;
  // Called from several threads. Throws DataError when this question cannot be answered,
  // UnavailableError when it could not be answered now, any other Error when no question can.
  virtual ChatAnswer answer(const ChatRequest& request) = 0;
};

}  // namespace winnow
