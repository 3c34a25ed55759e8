#include "experiments/stages/tracked_steps.h"

#include <algorithm>

#include "core/errors.h"
#include "experiments/stages/provenance.h"

namespace winnow {

void TrackedSteps::count(const TrainingStep& step) {
  skipped_ += step.skipped() ? 1 : 0;
  last_ = step;
}

void TrackedSteps::tell(const TrainingStep& step, std::optional<double> time) {
  if (last_.step == 0 && step.step > 1) {
    for (const TrainingStep& earlier : read_metrics(metrics_)) {
      if (earlier.step < step.step) count(earlier);
    }
  }
  const double seconds = step.seconds - last_.seconds;
  const auto samples = static_cast<double>(step.samples - last_.samples);
  const auto tokens = static_cast<double>(step.tokens - last_.tokens);
  count(step);
  Scalars values = {{"train/loss", step.loss},
                    {"train/gradient_norm", step.gradient_norm},
                    {"train/learning_rate", step.learning_rate},
                    {"train/samples", static_cast<double>(step.samples)},
                    {"train/tokens", static_cast<double>(step.tokens)},
                    {"train/skipped_steps", static_cast<double>(skipped_)}};
  if (seconds > 0) {
    values.emplace_back("train/samples_per_second", samples / seconds);
    values.emplace_back("train/tokens_per_second", tokens / seconds);
  }
  run_.scalars(step.step, std::move(values), time);
}

void tell_again(const TrackedRun& run, const StageOutput& training) {
  if (!run.is_told()) return;
  const std::vector<TrainingStep> steps = read_metrics(training.folder / kMetricsFile);
  if (steps.empty()) return;
  const std::string ended(training.made_by.at("ended").as_string());
  const std::optional<std::int64_t> seconds = seconds_of_utc(ended);
  if (!seconds) throw DataError("not a time in UTC: '" + ended + "'");
  const auto end = static_cast<double>(*seconds);
  TrackedSteps told(run, {});
  for (const TrainingStep& step : steps) {
    told.tell(step, end - (steps.back().seconds - step.seconds));
  }
}

std::int64_t step_at(const std::vector<TrainingStep>& steps, std::int64_t samples) {
  const auto found = std::find_if(steps.begin(), steps.end(), [&](const TrainingStep& step) {
    return step.samples == samples;
  });
  return found == steps.end() ? 0 : found->step;
}

}  // namespace winnow
