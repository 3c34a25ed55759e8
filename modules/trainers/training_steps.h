#pragma once
// What happened in training, step by step: told to observers while it happens, and kept beside the
// checkpoints, so that it can be told again of a job that was done before.

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <vector>

namespace winnow {

struct TrainingStep {
  std::int64_t step = 0;                 // done so far, this one included
  std::int64_t samples = 0, tokens = 0;  // trained on so far; tokens of whole inputs
  double loss = 0.0;                     // mean over the trained tokens of the batch, weighted
  double gradient_norm = 0.0;            // before clipping
  double learning_rate = 0.0;
  double seconds = 0.0;  // of training so far, all parts of a resumed job, by the clock on the wall
  // Loss or gradient was no number, and the step was not taken.
  bool skipped() const;
};

class TrainingObserver {
 public:
  virtual ~TrainingObserver() = default;
  // On the training thread. Steps between a resume point and a kill are done and told again.
  virtual void step(const TrainingStep& step) = 0;
};

// Its name in the folder of a job.
inline constexpr const char* kMetricsFile = "metrics.jsonl";

// One JSON object a step, one line each: {"step", "samples", "tokens", "loss", "gradient_norm",
// "learning_rate", "seconds"}; null for what is no number. Lines are there when step() returns, a
// killed process loses none.
class MetricsFile : public TrainingObserver {
 public:
  // Keeps the lines of the first `steps` steps that are there, removes what follows and goes on
  // behind them.
  MetricsFile(const std::filesystem::path& path, std::int64_t steps);
  void step(const TrainingStep& step) override;  // throws IoError

 private:
  std::filesystem::path path_;
  std::ofstream file_;
};

// Throws DataError naming file and line.
std::vector<TrainingStep> read_metrics(const std::filesystem::path& path);

}  // namespace winnow
