// The stages of a method: subset, training, evaluation.

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "benchmarks/evaluation.h"
#include "core/errors.h"
#include "core/files.h"
#include "core/parallel.h"
#include "core/progress.h"
#include "core/hash.h"
#include "experiments/comparison/composition.h"
#include "experiments/comparison/loaded_world.h"
#include "experiments/comparison/pipeline.h"
#include "selectors/manifest.h"
#include "trainers/trainer.h"

namespace winnow {
namespace fs = std::filesystem;
namespace json = boost::json;
using stage_config::names;
using stage_config::number;
using stage_config::resolved;
using stage_config::table_of;
namespace {

// Raise one when its stage computes or writes something else.
constexpr int selection_format = 2;
constexpr int training_format = 4;
constexpr int evaluation_format = 2;

struct ChosenSample {
  const Sample* sample = nullptr;
  double weight = 1.0;
};

// By id: equal subsets are trained equally, whatever order they were chosen in or the pool has.
std::vector<ChosenSample> chosen_samples(const fs::path& selection,
                                         const std::vector<Sample>& samples) {
  std::map<std::string, double> weights;
  for (const SelectedSample& chosen : read_selected(find_selection(selection))) {
    weights[chosen.id] = chosen.weight;
  }
  std::vector<ChosenSample> result;
  for (const Sample& sample : samples) {
    const auto found = weights.find(sample.id);
    if (found != weights.end()) result.push_back({&sample, found->second});
  }
  std::sort(result.begin(), result.end(), [](const ChosenSample& a, const ChosenSample& b) {
    return a.sample->id < b.sample->id;
  });
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

fs::path outcomes_file(const fs::path& evaluation, const std::string& benchmark) {
  return evaluation / "outcomes" / (benchmark + ".jsonl");
}

}  // namespace

StageOutput Pipeline::select(const Method& method, std::uint64_t seed) {
  if (method.pool_selector) return select_from_files(method, seed);
  const ColumnSources reads = sources_of(method);
  Stage stage;
  stage.name = "selection";
  stage.format_version = selection_format;
  stage.config = table_of(
      {{"selector", resolved(method.selector_config, "selector")}, {"seed", number(seed)}});
  stage.inputs = common_inputs();
  if (reads.descriptors) stage.inputs["descriptors"] = descriptors().digest;
  if (reads.utility) stage.inputs["utility"] = utility(seed).digest;
  if (reads.judge) stage.inputs["judge"] = judge().digest;
  stage.title = fmt::format("selection {}, seed {}", method.name, seed);
  stage.one_thread = true;
  return stages_.run(stage, [&](StageWork& work) {
    const Loaded& data = loaded();
    SampleTable table(data.facts);
    for (const StageOutput* source :
         {reads.descriptors ? &descriptors() : nullptr, reads.utility ? &utility(seed) : nullptr,
          reads.judge ? &judge() : nullptr}) {
      if (source == nullptr) continue;
      const SampleTable measured = SampleTable::load(source->folder / "table");
      for (const std::string& name : measured.column_names()) table.add(measured.column(name));
    }
    config::Value selector_config = method.selector_config;
    if (method.selector->reads_hidden_labels()) {
      selector_config.set("labels", config::Value((world().folder / "labels.jsonl").string(), {}));
    }
    const Selection selection = selectors()
                                    .create(selector_config, "methods." + method.name + ".selector")
                                    ->select(table, seed);
    const SelectionOrigin origin{resolved(method.selector_config, "selector"), seed,
                                 method.selector->required_columns(), data.left_out};
    const std::string manifest = write_selection(work.output, table, selection, origin);
    write_file(work.output / "report.json", selection_report(table, selection) + "\n");
    json::array warnings;
    for (const std::string& warning : selection.warnings) warnings.emplace_back(warning);
    work.facts = composition_of(*data.facts, selection.rows, data.labels);
    work.facts["warnings"] = std::move(warnings);
    work.facts["manifest"] = manifest;
    work.digest = subset_digest(table, selection);
  });
}

StageOutput Pipeline::train(const StageOutput& selection, std::uint64_t seed,
                            const std::string& title) {
  return train(selection, seed, title, config_.at("trainer"));
}

StageOutput Pipeline::train(const StageOutput& selection, std::uint64_t seed,
                            const std::string& title, const config::Value& trainer) {
  Stage stage;
  stage.name = "training";
  stage.format_version = training_format;
  stage.config = table_of({{"trainer", resolved(trainer, "trainer")},
                           {"model", resolved(config_.at("model"), "model")},
                           {"seed", number(seed)}});
  const config::Value* order = config_.child("batch_source");
  if (order != nullptr) stage.config.set("batch_source", resolved(*order, "batch_source"));
  stage.inputs = common_inputs();
  stage.inputs["subset"] = selection.digest;
  stage.title = title;
  stage.one_thread = true;
  return stages_.run(stage, [&](StageWork& work) {
    const Loaded& data = loaded();
    const auto model = load_model(base().folder / "model");
    const std::vector<ChosenSample> samples = chosen_samples(selection.folder, data.samples);
    const bool is_weighted = std::any_of(samples.begin(), samples.end(),
                                         [](const auto& chosen) { return chosen.weight != 1.0; });
    TrainingJob job;
    job.folder = work.resume;
    job.title = title;
    job.input = [&](std::size_t i, VisionLanguageModel& worker) {
      const Sample& sample = *samples[i].sample;
      return worker.input(sample, data.visual(sample, worker));
    };
    TrainingSet set;
    set.lengths.resize(samples.size());
    Progress progress("lengths: " + title, static_cast<std::int64_t>(samples.size()), "samples");
    parallel_for(samples.size(), [&](std::size_t i) {
      set.lengths[i] = data.length(*samples[i].sample, *model);
      progress.advance();
    });
    for (const ChosenSample& chosen : samples) {
      if (is_weighted) set.weights.push_back(chosen.weight);
    }
    job.batches = order == nullptr ? epochs(std::move(set), seed)
                                   : started(*order, "batch_source", std::move(set), seed);
    const TrainingResult result = trainers().create(trainer, "trainer")->train(*model, job);

    fs::copy_file(work.resume / kMetricsFile, work.output / kMetricsFile);
    json::array checkpoints;
    for (const Checkpoint& checkpoint : result.checkpoints) {
      const std::string name = fmt::format("checkpoint-{}", checkpoint.index);
      winnow::copy_folder(checkpoint.folder, work.output / name);
      checkpoints.push_back({{"folder", name},
                             {"samples", checkpoint.samples},
                             {"weights", weights_digest(*load_model(work.output / name))}});
    }
    work.digest = checkpoints.back().at("weights").as_string();
    work.facts = {{"checkpoints", std::move(checkpoints)},
                  {"cpu_seconds", result.cpu_seconds},
                  {"operations", operations_of_training(*model, result.tokens)},
                  {"final_loss", result.final_loss},
                  {"skipped_steps", result.skipped_steps}};
  });
}

Weights Pipeline::base_weights() { return {base().folder / "model", base().digest, 0}; }

std::vector<Weights> Pipeline::checkpoints_of(const StageOutput& training) {
  std::vector<Weights> result;
  for (const json::value& checkpoint : training.facts.at("checkpoints").as_array()) {
    result.push_back({training.folder / checkpoint.at("folder").as_string().c_str(),
                      checkpoint.at("weights").as_string().c_str(),
                      checkpoint.at("samples").as_int64()});
  }
  return result;
}

StageOutput Pipeline::evaluate(const Weights& weights, const std::string& title) {
  Stage stage;
  stage.name = "evaluation";
  stage.format_version = evaluation_format;
  stage.config = table_of({{"evaluator", resolved(config_.at("evaluator"), "evaluator")},
                           {"benchmarks", names(read_scale(config_).benchmarks)},
                           {"model", resolved(config_.at("model"), "model")}});
  stage.inputs = common_inputs();
  stage.inputs["weights"] = weights.digest;
  stage.title = title;
  stage.one_thread = true;
  return stages_.run(stage, [&](StageWork& work) {
    const Loaded& data = loaded();
    const auto model = load_model(weights.folder);
    const auto evaluator = evaluators().create(config_.at("evaluator"), "evaluator");
    Digest digest;
    for (const WorldBenchmark& benchmark : data.world.benchmarks) {
      for (const Question& question : benchmark.questions) evaluator->check(question);
      Evaluation evaluation{
          benchmark.name, *evaluator, benchmark.questions,
          [&](const Question& question) { return data.visual(question.sample, *model); }};
      evaluation.limits.maximum_failed_share = 0.0;
      evaluation.journal = work.resume / benchmark.name;
      const std::vector<Outcome> outcomes = winnow::evaluate(*model, evaluation);
      write_outcomes(outcomes_file(work.output, benchmark.name), benchmark.questions, outcomes);
      digest.add(benchmark.name).add(digest_of(ids_of(benchmark.questions), outcomes));
    }
    work.digest = digest.hex();
  });
}

std::vector<BenchmarkScores> Pipeline::read_scores(
    const StageOutput& evaluation, const std::vector<std::string>& benchmarks,
    const std::vector<std::vector<QuestionKind>>& questions) {
  std::vector<BenchmarkScores> result;
  for (std::size_t b = 0; b < benchmarks.size(); ++b) {
    std::vector<std::string> ids;
    for (const QuestionKind& question : questions[b]) ids.push_back(question.id);
    BenchmarkScores& scores = result.emplace_back(BenchmarkScores{benchmarks[b], {}});
    const auto file = outcomes_file(evaluation.folder, benchmarks[b]);
    for (const Outcome& outcome : read_outcomes(file, ids)) scores.scores.push_back(outcome.score);
  }
  return result;
}

}  // namespace winnow
