#pragma once
// What a model answers to a benchmark.

#include <optional>
#include <string>
#include <vector>

#include "benchmarks/outcome.h"
#include "experiments/stages/setting.h"

namespace winnow {

struct EvaluationStage {
  Setting& setting;
  std::size_t benchmark = 0;  // of the setting's
  Weights weights;
  std::string title;
  // Of the benchmark's questions: a part of them is drawn by the benchmark's name, the same for all
  // weights, and kept in order. At least one.
  double share = 1.0;

  // Facts: questions, failed. Digest: of the outcomes. The output holds outcomes.jsonl.
  StageOutput run(StageCache& stages) const;
};

// One outcome for each question of the benchmark, all of which were asked.
std::vector<Outcome> read_outcomes(const StageOutput& evaluation, Setting& setting,
                                   std::size_t benchmark);
// Nothing for those that were not asked with this share.
std::vector<std::optional<Outcome>> read_outcomes_of_share(const StageOutput& evaluation,
                                                           Setting& setting, std::size_t benchmark,
                                                           double share);

}  // namespace winnow
