#pragma once
// The questions of evaluation sets: what training data must not contain.

#include <filesystem>
#include <string>
#include <vector>

#include "pool/sample.h"

namespace winnow {

struct EvaluationQuestion {
  std::string set;   // name of the evaluation set
  std::string id;    // of the question, or its line
  std::string text;  // as asked, without candidates
  std::vector<Media> media;
};

// Reads a JSONL file whose rows are {question, image | images | video | videos, id} or
// conversations as a pool has them (row_reader.h), whose user turns are then a question each. Media
// are named as in a pool; their paths start from the file's folder. The set's name is the file's
// stem. Throws IoError where there is no such file and DataError, naming file and line, for a row
// that is neither and for a file without a question: an evaluation set that is read in part
// protects nothing.
std::vector<EvaluationQuestion> read_evaluation_set(const std::filesystem::path& file);

}  // namespace winnow
