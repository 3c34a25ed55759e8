#pragma once
// What a model answers to a benchmark.

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

  // Facts: questions, failed. Digest: of the outcomes. The output holds outcomes.jsonl.
  StageOutput run(StageCache& stages) const;
};

// One outcome for each question of the benchmark.
std::vector<Outcome> read_outcomes(const StageOutput& evaluation, Setting& setting,
                                   std::size_t benchmark);

}  // namespace winnow
