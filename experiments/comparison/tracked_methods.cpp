#include "experiments/comparison/tracked_methods.h"

#include <fmt/format.h>

#include "experiments/stages/tracked_steps.h"

namespace winnow {

TrackedRun begin_tracking(const TrackedRun& run, const TrainingStage& training,
                          const Method& method) {
  if (!run.is_told()) return {};
  const std::string address = training.stage().address();
  const TrackedRun child =
      run.child(fmt::format("{}-seed-{}", method.name, training.seed), address);
  child.parameter("method", method.name);
  child.parameter("label", method.label);
  child.parameter("role", boost::describe::enum_to_string(method.role, ""));
  child.parameter("seed", std::to_string(training.seed));
  child.parameter("world_seed", std::to_string(training.setting.seed()));
  child.parameter("rows",
                  fmt::format("{}", training.selection.facts.at("rows").to_number<std::int64_t>()));
  child.tag("subset", training.selection.digest);
  child.tag("training", address);
  return child;
}

void end_tracking(const TrackedRun& child, const StageOutput& training,
                  const ComparisonResults& results, std::size_t method, std::size_t replicate) {
  if (!child.is_told()) return;
  const MethodRun& run = results.methods[method].runs[replicate];
  const WorldResult& world = results.worlds[results.replicates[replicate].world];
  const std::vector<TrainingStep> steps = read_metrics(training.folder / kMetricsFile);
  const auto tell = [&](std::int64_t step, const std::vector<BenchmarkScores>& scores) {
    Scalars values;
    for (const auto& [benchmark, accuracy] : accuracies_of(results, scores)) {
      values.emplace_back("accuracy/" + benchmark, accuracy);
    }
    child.scalars(step, std::move(values));
  };
  tell(0, world.base_scores);
  for (const CheckpointScores& checkpoint : run.checkpoints) {
    tell(step_at(steps, checkpoint.samples), checkpoint.scores);
  }
  const std::int64_t last = steps.empty() ? 0 : steps.back().step;
  child.scalars(last, {{"cost/selection_cpu_seconds", run.selection_cpu_seconds},
                       {"cost/descriptor_cpu_seconds", run.descriptor_cpu_seconds},
                       {"cost/training_cpu_seconds", run.training_cpu_seconds}});
  child.tag("weights", run.weights_digest);
  child.finish(RunStatus::finished);
}

void track_numbers(const TrackedRun& run, const ComparisonNumbers& numbers) {
  Scalars values;
  for (const MethodNumbers& method : numbers.methods) {
    values.emplace_back(method.name + "/average", method.average.mean);
    if (!method.difference) continue;
    values.emplace_back(method.name + "/difference", method.difference->interval.value);
  }
  run.scalars(0, std::move(values));
}

}  // namespace winnow
