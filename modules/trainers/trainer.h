#pragma once
// A trainer fits a model to a list of inputs under a fixed recipe. Only the rows differ between
// methods; everything else is this one config.

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "config/component.h"
#include "models/vision_language_model.h"

namespace winnow {

// A checkpoint reached on the way.
struct Checkpoint {
  std::int64_t index = 0;    // 1-based
  std::int64_t samples = 0;  // samples trained so far
  std::filesystem::path folder;
};

struct TrainingJob {
  // Inputs by position for a model, the one in training or a copy with equal parameters: visual
  // features of a trained tower carry gradients to it. Called once per sample and epoch, from
  // several threads.
  std::function<ModelInput(std::size_t, VisionLanguageModel&)> input;
  std::vector<std::int64_t> lengths;  // tokens of each input, for length bucketing
  // Of each input's loss, with a mean of 1, so that learning rates keep their meaning; empty:
  // all 1.
  std::vector<double> weights;
  std::uint64_t seed = 0;  // order and batches
  // Checkpoints and resume state go here. A job killed at any moment resumes from
  // its last resume point and ends with the same weights.
  std::filesystem::path folder;
  std::string title;  // for progress
};

struct TrainingResult {
  std::vector<Checkpoint> checkpoints;  // the last one is the end
  std::int64_t tokens = 0;              // of all inputs trained on, each as often as it was taken
  double cpu_seconds = 0.0;             // of training, all parts of a resumed job
  double final_loss = 0.0;              // running mean over the last tenth
  std::int64_t skipped_steps = 0;       // steps dropped for a non-finite loss or gradient
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
