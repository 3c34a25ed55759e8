#pragma once
// A model trained on the rows of a selection.

#include <optional>
#include <string>

#include "experiments/stages/bound.h"
#include "experiments/stages/setting.h"
#include "trackers/tracked_run.h"
#include "trainers/trainer.h"

namespace winnow {

// The tables trainer and batch_source.
struct TrainingOptions {
  // Throws ConfigError for bad options.
  static TrainingOptions from(const config::Value& config);

  Bound<Trainer> trainer;
  std::optional<Bound<BatchSource>> batches;  // none: epochs
};

struct TrainingStage {
  Setting& setting;
  const TrainingOptions& options;
  StageOutput selection;
  std::uint64_t seed = 0;
  std::string title;
  TrackedRun tracked = {};  // told of every step, of a training that was done before too

  // What the training depends on.
  Stage stage() const;
  // Facts: rows, checkpoints, cpu_seconds, operations (an estimate), final_loss, skipped_steps.
  // Digest: of the final weights. The output holds a folder for each checkpoint and metrics.jsonl.
  StageOutput run(StageCache& stages) const;
};

}  // namespace winnow
