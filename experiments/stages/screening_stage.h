#pragma once
// What is taken out of a pool before any method sees it: samples that stand in an evaluation set,
// and all but one of those that repeat each other.

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "benchmarks/question.h"
#include "config/bind.h"
#include "experiments/stages/stage.h"
#include "pool/decontamination.h"
#include "selectors/manifest.h"

namespace winnow {

// The table `screening`.
struct ScreeningOptions {
  bool decontaminate = true;
  std::vector<std::filesystem::path> references;
  std::int64_t words = 13;
  std::int64_t template_media = 10;
  std::int64_t media_distance = 24;
  std::int64_t media_distance_with_text = 48;
  bool merge_duplicates = true;
  std::int64_t duplicate_distance = 24;
  std::int64_t frames = 4;
};
BOOST_DESCRIBE_STRUCT(ScreeningOptions, (),
                      (decontaminate, references, words, template_media, media_distance,
                       media_distance_with_text, merge_duplicates, duplicate_distance, frames))
config::Help help(const ScreeningOptions&);

ScreeningOptions read_screening(const config::Value& config);

struct ScreeningResult {
  std::vector<LeftOutSample> contaminated;
  std::vector<std::pair<std::string, std::string>> duplicates;  // id, id of the one that stands
  std::int64_t questions = 0;                                   // of evaluation sets compared with
};

// By benchmark: all of its questions, those that are set aside, too.
using AskedQuestions = std::map<std::string, std::vector<Question>>;

// Compares the pool with the questions and the references, and with itself. Throws IoError and
// DataError where a reference or a question's medium cannot be read.
ScreeningResult screen(const Pool& pool, const AskedQuestions& questions,
                       const ScreeningOptions& options);

struct ScreeningStage {
  const ScreeningOptions& options;
  std::map<std::string, std::string> inputs;  // digests of the pool and the benchmarks, by role
  std::string title;

  // Facts: pool, decontaminated, questions, contaminated, excluded (by reason), duplicates.
  // `pool` and `questions` are asked for where the output is not there yet.
  StageOutput run(StageCache& stages, const std::function<const Pool&()>& pool,
                  const std::function<AskedQuestions()>& questions) const;
};

// What a screening found, from its output.
ScreeningResult read_screening_result(const StageOutput& output);

}  // namespace winnow
