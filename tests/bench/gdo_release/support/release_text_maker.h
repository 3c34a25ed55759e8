#pragma once
// Questions and answers for made-up pools, as the inside of JSON strings.

#include <string>

#include "core/random.h"

namespace winnow::bench {

class ReleaseTextMaker {
 public:
  explicit ReleaseTextMaker(RandomStream& random) : random_(random) {}
  void append_question(bool video, std::string& out);
  void append_answer(bool video, std::string& out);

 private:
  void append_words(std::int64_t count, std::string& out);
  std::int64_t length(double median, double spread, std::int64_t most);
  RandomStream& random_;
};

}  // namespace winnow::bench
