#pragma once
// A trainer fits a model to inputs under a fixed recipe. Which inputs, and when, a batch source
// says; only that differs between methods, everything else is this one config.

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "config/component.h"
#include "models/vision_language_model.h"
#include "trainers/batch_source.h"
#include "trainers/training_steps.h"

namespace winnow {

// A checkpoint reached on the way.
struct Checkpoint {
  std::int64_t index = 0;    // 1-based
  std::int64_t samples = 0;  // samples trained so far
  std::filesystem::path folder;
};

struct TrainingJob {
  // Inputs by position for a model, the one in training or a copy with equal parameters: visual
  // features of a trained tower carry gradients to it. Called each time a position is taken, from
  // several threads.
  std::function<ModelInput(std::size_t, VisionLanguageModel&)> input;
  MakeBatchSource batches;  // positions and weights of each step
  // Told of every step; not owned. A resumed job tells of its own steps only: those before stand in
  // the file of metrics.
  std::vector<TrainingObserver*> observers;
  // Checkpoints, resume state and what observers were told (kMetricsFile) go here. A job killed at
  // any moment resumes from its last resume point and ends with the same weights and steps.
  std::filesystem::path folder;
  std::string title;  // for progress
  // Rows of the pool that the inputs were chosen from, as it was read; 0 where there is none.
  std::int64_t pool_rows = 0;
};

struct TrainingResult {
  std::vector<Checkpoint> checkpoints;  // the last one is the end
  std::int64_t tokens = 0;              // of all inputs trained on, each as often as it was taken
  std::int64_t steps = 0;
  double cpu_seconds = 0.0;        // of training, all parts of a resumed job
  double final_loss = 0.0;         // running mean over the last tenth
  std::int64_t skipped_steps = 0;  // steps dropped for a non-finite loss or gradient
};

class Trainer {
 public:
  virtual ~Trainer() = default;
  // Trains `model` in place. Throws DataError when more steps than the recipe allows had a
  // non-finite loss or gradient.
  virtual TrainingResult train(VisionLanguageModel& model, const TrainingJob& job) const = 0;
};

config::ComponentKind<Trainer>& trainers();

}  // namespace winnow
