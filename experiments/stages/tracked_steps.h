#pragma once
// What trackers are told of a training: train/loss, gradient_norm, learning_rate, samples, tokens,
// samples_per_second, tokens_per_second and skipped_steps, over its steps.

#include <filesystem>
#include <optional>

#include "experiments/stages/stage.h"
#include "trackers/tracked_run.h"
#include "trainers/training_steps.h"

namespace winnow {

class TrackedSteps : public TrainingObserver {
 public:
  // `metrics`: the file that keeps the steps, where a job that goes on finds those before its own.
  TrackedSteps(TrackedRun run, std::filesystem::path metrics)
      : run_(std::move(run)), metrics_(std::move(metrics)) {}

  void step(const TrainingStep& step) override { tell(step, {}); }
  void tell(const TrainingStep& step, std::optional<double> time);

 private:
  void count(const TrainingStep& step);

  TrackedRun run_;
  std::filesystem::path metrics_;
  TrainingStep last_;
  std::int64_t skipped_ = 0;
};

// Tells all steps of a training with the times at which they were taken, as far as it was not told
// of them while they were.
void tell_again(const TrackedRun& run, const StageOutput& training);

// Steps that were done when so many samples had been trained on; 0 where no step ends there.
std::int64_t step_at(const std::vector<TrainingStep>& steps, std::int64_t samples);

}  // namespace winnow
