#include "experiments/stages/training_stage.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "core/files.h"
#include "core/parallel.h"
#include "core/progress.h"
#include "experiments/stages/tracked_steps.h"
#include "selectors/manifest.h"

namespace winnow {
namespace fs = std::filesystem;
namespace json = boost::json;
namespace {

// Raised when the stage computes or writes something else.
constexpr int kTrainingFormat = 4;

struct ChosenRow {
  std::string id;
  std::size_t row = 0;
  double weight = 1.0;
};

// By id: equal subsets are trained equally, whatever order they were chosen in or the pool has.
// Without samples that the setting has left out of its pool.
std::vector<ChosenRow> chosen_rows(const StageOutput& selection, Setting& setting) {
  std::set<std::string> left_out;
  for (const LeftOutSample& sample : setting.left_out()) left_out.insert(sample.id);
  const Pool& pool = setting.pool();
  std::vector<ChosenRow> result;
  for (const SelectedSample& chosen : read_selected(find_selection(selection.folder))) {
    if (left_out.contains(chosen.id)) continue;
    result.push_back({chosen.id, pool.index_of(chosen.id), chosen.weight});
  }
  std::sort(result.begin(), result.end(),
            [](const ChosenRow& a, const ChosenRow& b) { return a.id < b.id; });
  return result;
}

// An estimate: 2 operations for each parameter and token of a forward pass, and twice as many for
// the backward one. Utility estimators count alike.
double operations_of_training(const VisionLanguageModel& model, std::int64_t tokens) {
  double parameters = 0.0;
  for (const auto& [name, parameter] : model.named_parameters()) {
    parameters += static_cast<double>(parameter.numel());
  }
  return 6.0 * parameters * static_cast<double>(tokens);
}

}  // namespace

TrainingOptions TrainingOptions::from(const config::Value& config) {
  TrainingOptions options{Bound<Trainer>(trainers, config.at("trainer"), "trainer"), std::nullopt};
  if (const config::Value* batches = config.child("batch_source")) {
    options.batches.emplace(batch_sources, *batches, "batch_source");
  }
  return options;
}

Stage TrainingStage::stage() const {
  Stage stage;
  stage.name = "training";
  stage.format_version = kTrainingFormat;
  stage.config.set("trainer", options.trainer.identity());
  stage.config.set("model", identity_of(setting.options().model.value()));
  stage.config.set("sampling", config::to_value(setting.options().sampling));
  if (options.batches) stage.config.set("batch_source", options.batches->identity());
  stage.config.set("seed", value_of(seed));
  stage.inputs = setting.inputs();
  stage.inputs["subset"] = selection.digest;
  stage.title = title;
  stage.one_thread = true;
  return stage;
}

StageOutput TrainingStage::run(StageCache& stages) const {
  const StageOutput output = stages.run(stage(), [&](StageWork& work) {
    const Pool& pool = setting.pool();
    const auto model = setting.load(setting.base_weights());
    const std::vector<ChosenRow> rows = chosen_rows(selection, setting);
    const bool is_weighted =
        std::any_of(rows.begin(), rows.end(), [](const auto& row) { return row.weight != 1.0; });
    TrainingSet set;
    set.lengths.resize(rows.size());
    Progress progress("lengths: " + title, static_cast<std::int64_t>(rows.size()), "samples");
    parallel_for(rows.size(), [&](std::size_t i) {
      set.lengths[i] = setting.length(pool.sample(rows[i].row), *model);
      progress.advance();
    });
    for (const ChosenRow& row : rows) {
      if (is_weighted) set.weights.push_back(row.weight);
    }
    TrainingJob job;
    job.folder = work.resume;
    job.title = title;
    job.pool_rows = static_cast<std::int64_t>(setting.whole_pool().size());
    job.input = [&](std::size_t i, VisionLanguageModel& worker) {
      const Sample sample = pool.sample(rows[i].row);
      return worker.input(sample, setting.visual(sample, worker));
    };
    job.batches = options.batches ? started(options.batches->table(), options.batches->path(),
                                            std::move(set), seed)
                                  : epochs(std::move(set), seed);
    TrackedSteps steps(tracked, work.resume / kMetricsFile);
    job.observers.push_back(&steps);
    const TrainingResult result = options.trainer.make()->train(*model, job);

    json::array checkpoints;
    for (const Checkpoint& checkpoint : result.checkpoints) {
      const std::string name = fmt::format("checkpoint-{}", checkpoint.index);
      winnow::copy_folder(checkpoint.folder, work.output / name);
      const auto saved = setting.load({work.output / name, "", checkpoint.samples});
      checkpoints.push_back(
          {{"folder", name}, {"samples", checkpoint.samples}, {"weights", weights_digest(*saved)}});
    }
    fs::copy_file(work.resume / kMetricsFile, work.output / kMetricsFile);
    work.digest = checkpoints.back().at("weights").as_string();
    work.facts = {{"checkpoints", std::move(checkpoints)},
                  {"cpu_seconds", result.cpu_seconds},
                  {"operations", operations_of_training(*model, result.tokens)},
                  {"final_loss", result.final_loss},
                  {"rows", rows.size()},
                  {"skipped_steps", result.skipped_steps}};
  });
  tell_again(tracked, output);
  return output;
}

}  // namespace winnow
