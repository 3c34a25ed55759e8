#pragma once
// One question of a benchmark: what is asked, what is right, and how a model would say so.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pool/sample.h"

namespace winnow {

struct Question {
  std::string id;       // the row's own where it has one; unique in its benchmark
  std::string subtask;  // empty without one
  std::string split;    // of the file's parts the one it belongs to; empty without one
  // As its author wrote it, without options; media that stand before it are left out.
  std::string text;
  std::vector<std::string> candidates;  // texts of the options, without letters; may be empty
  std::optional<std::size_t> correct;   // the right one of them, where exactly one is
  std::vector<std::string> accepted;    // every text that is right; at least one
  std::vector<std::string> replies;     // [candidates] what a model says that chooses each
  std::string solution;                 // the whole right answer where the row has one
  // As a model is asked: a conversation over any number of media that ends with a right reply, or
  // with the solution.
  Sample sample;

  // "file:line", for messages.
  std::string place() const;
};

// How many characters of a turn's text are placeholders at its beginning, with the line breaks that
// set them off.
std::size_t leading_media(std::string_view text);

// "A" for 0, up to "Z".
std::string letter_of(std::size_t candidate);
inline constexpr std::size_t kMostCandidates = 26;

}  // namespace winnow
