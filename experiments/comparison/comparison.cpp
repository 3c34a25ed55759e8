// The recipe `comparison`: every method chooses its rows, the same training runs on each choice,
// and the same evaluation asks each checkpoint. Table 1 of GDO is one of its experiments.

#include "experiments/comparison/comparison.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <numeric>
#include <optional>

#include "core/files.h"
#include "core/logging.h"
#include "core/parallel.h"
#include "core/progress.h"
#include "experiments/comparison/comparison_report.h"
#include "experiments/comparison/comparison_world.h"
#include "experiments/comparison/composition.h"
#include "experiments/comparison/measured_pool_stage.h"
#include "experiments/comparison/tracked_methods.h"
#include "experiments/stages/evaluation_stage.h"
#include "experiments/stages/recipe.h"
#include "experiments/stages/selection_stage.h"
#include "experiments/stages/training_stage.h"

namespace winnow {
namespace json = boost::json;
namespace {

// One method with one seed, somewhere between selection and scores.
struct Job {
  std::size_t method = 0, replicate = 0;
  StageOutput selection, training;
  std::vector<std::string> reads;  // columns
  std::string title;
  TrackedRun tracked;
  std::int64_t rows() const { return selection.facts.at("rows").to_number<std::int64_t>(); }
};

using Worlds = std::vector<std::unique_ptr<ComparisonWorld>>;

// `share`: of the questions, for checkpoints before the last.
void evaluate(const std::vector<Job>& jobs, const Worlds& worlds, double share,
              ComparisonResults& results) {
  struct Evaluation {
    Setting* setting;
    Weights weights;
    std::string title;
    std::vector<BenchmarkScores>* scores;
    std::size_t benchmark;
    double share;
  };
  std::vector<Evaluation> evaluations;
  const auto add = [&](Setting& setting, const Weights& weights, const std::string& title,
                       double share_of_questions, std::vector<BenchmarkScores>& scores) {
    scores.resize(results.benchmarks.size());
    for (std::size_t b = 0; b < results.benchmarks.size(); ++b) {
      evaluations.push_back({&setting, weights, results.benchmarks[b].name + ": " + title, &scores,
                             b, share_of_questions});
    }
  };
  for (std::size_t w = 0; w < worlds.size(); ++w) {
    Setting& setting = worlds[w]->setting();
    add(setting, setting.base_weights(), fmt::format("evaluation of base {}", setting.seed()), 1.0,
        results.worlds[w].base_scores);
  }
  for (const Job& job : jobs) {
    std::vector<CheckpointScores>& checkpoints =
        results.methods[job.method].runs[job.replicate].checkpoints;
    const std::vector<Weights> weights = checkpoints_of(job.training);
    checkpoints.resize(weights.size());
    for (std::size_t c = 0; c < weights.size(); ++c) {
      checkpoints[c].samples = weights[c].samples;
      add(worlds[results.replicates[job.replicate].world]->setting(), weights[c],
          fmt::format("evaluation of {}, {} samples", job.title, weights[c].samples),
          c + 1 < weights.size() ? share : 1.0, checkpoints[c].scores);
    }
  }
  Progress progress("evaluation", static_cast<std::int64_t>(evaluations.size()), "evaluations");
  parallel_for(evaluations.size(), [&](std::size_t i) {
    const auto& [setting, weights, title, scores, b, part] = evaluations[i];
    const StageOutput output =
        EvaluationStage{*setting, b, weights, title, part}.run(setting->stages());
    BenchmarkScores& own = (*scores)[b];
    own.benchmark = results.benchmarks[b].name;
    for (const std::optional<Outcome>& outcome :
         read_outcomes_of_share(output, *setting, b, part)) {
      own.scores.push_back(outcome ? outcome->score : 0.0);
      own.asked.push_back(outcome.has_value());
    }
    progress.advance();
  });
  for (MethodResult& method : results.methods) {
    if (method.role != Role::base) continue;
    for (std::size_t r = 0; r < results.replicates.size(); ++r) {
      const WorldResult& world = results.worlds[results.replicates[r].world];
      method.runs[r].checkpoints = {{0, world.base_scores}};
      method.runs[r].weights_digest = world.base_digest;
    }
  }
}

StageOutput select(const ComparisonPlan& plan, const Method& method, ComparisonWorld& world,
                   const std::vector<MeasuredColumns>& columns, std::uint64_t seed,
                   StageCache& stages) {
  const std::string title = fmt::format("selection {}, seed {}", method.name, seed);
  const Bound<Selector> selector(selectors, method.selector_config, method.selector_path);
  SelectionStage stage{world.setting(), selector, columns, seed, title, world.unusable()};
  stage.method = method.name_unless_in_path();
  if (method.reads_files()) {
    stage.files = files_of_pool(*plan.measured_pool, world.measured_pool());
  }
  return stage.run(stages);
}

void run_methods(const ComparisonPlan& plan, const config::Value& config, const Worlds& worlds,
                 StageCache& stages, const Extent& extent, const TrackedRun& tracked,
                 ComparisonResults& results) {
  const auto world_of = [&](const Job& job) -> ComparisonWorld& {
    return *worlds[results.replicates[job.replicate].world];
  };
  const auto seed_of = [&](const Job& job) { return results.replicates[job.replicate].seed; };
  std::vector<Job> jobs;
  for (std::size_t m = 0; m < plan.methods.size(); ++m) {
    for (std::size_t r = 0; r < results.replicates.size(); ++r) {
      const Method& method = plan.methods[m];
      if (!method.takes_rows()) continue;
      Job job{m, r, {}, {}, {}, fmt::format("{}, seed {}", method.name, results.replicates[r].seed),
              {}};
      job.reads = required_columns(config, method);
      jobs.push_back(std::move(job));
    }
  }
  // Measured before jobs start side by side.
  std::vector<std::vector<MeasuredColumns>> columns;
  for (const Job& job : jobs) {
    columns.push_back(plan.methods[job.method].reads_files()
                          ? std::vector<MeasuredColumns>()
                          : world_of(job).measurements().columns(job.reads, seed_of(job)));
  }
  parallel_for(jobs.size(), [&](std::size_t i) {
    jobs[i].selection = select(plan, plan.methods[jobs[i].method], world_of(jobs[i]), columns[i],
                               seed_of(jobs[i]), stages);
  });

  for (const Job& job : jobs) {
    MethodRun& run = results.methods[job.method].runs[job.replicate];
    Setting& setting = world_of(job).setting();
    run.composition = composition_of(
        *setting.rows(), read_selected(find_selection(job.selection.folder)), setting.labels());
    run.warnings = job.selection.facts.at("warnings").as_array();
    run.manifest = job.selection.facts.at("manifest").as_string();
    run.subset_digest = job.selection.digest;
    run.selection_folder = job.selection.folder;
    run.selection_cpu_seconds = job.selection.cpu_seconds;
  }
  if (!extent.train) return;

  // The largest first, so that no long job is left over for one worker at the end.
  std::vector<std::size_t> order(jobs.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return jobs[a].rows() > jobs[b].rows(); });
  parallel_for(order.size(), [&](std::size_t i) {
    Job& job = jobs[order[i]];
    TrainingStage training{world_of(job).setting(), plan.training, job.selection, seed_of(job),
                           "training " + job.title};
    job.tracked = begin_tracking(tracked, training, plan.methods[job.method]);
    training.tracked = job.tracked;
    job.training = training.run(stages);
  });
  for (const Job& job : jobs) {
    MethodRun& run = results.methods[job.method].runs[job.replicate];
    run.weights_digest = job.training.digest;
    run.training_cpu_seconds = job.training.facts.at("cpu_seconds").to_number<double>();
    run.training_operations = job.training.facts.at("operations").to_number<double>();
    const MeasuringCost cost = world_of(job).measurements().cost(job.reads, {seed_of(job)});
    run.measuring_operations = cost.operations;
    run.descriptor_cpu_seconds = cost.cpu_seconds;
    if (plan.methods[job.method].reads_files()) {
      run.descriptor_cpu_seconds += world_of(job).measured_pool().cpu_seconds;
    }
  }
  evaluate(jobs, worlds, plan.scale.checkpoint_questions, results);
  for (const Job& job : jobs) {
    end_tracking(job.tracked, job.training, results, job.method, job.replicate);
  }
}

}  // namespace

ComparisonResults compare(const config::Value& config, StageCache& stages, const Extent& extent,
                          const TrackedRun& tracked) {
  const ComparisonPlan plan = plan_of(config);
  const RunScale& scale = plan.scale;
  ComparisonResults results;
  results.checkpoint_questions = scale.checkpoint_questions;
  for (const BenchmarkTask& task : *plan.setting.benchmarks) {
    results.benchmarks.push_back({task.name(), task.options().weight, task.options().average});
  }
  const auto count = static_cast<std::size_t>(scale.worlds);
  for (std::size_t i = 0; i < scale.seeds.size(); ++i) {
    results.replicates.push_back({static_cast<std::uint64_t>(scale.seeds[i]), i % count});
  }
  Worlds worlds;
  for (std::size_t w = 0; w < count; ++w) {
    worlds.push_back(std::make_unique<ComparisonWorld>(
        plan, static_cast<std::uint64_t>(scale.world_seed) + w, stages));
    std::vector<std::uint64_t> seeds;
    for (const Replicate& replicate : results.replicates) {
      if (replicate.world == w) seeds.push_back(replicate.seed);
    }
    results.worlds.push_back(shared_stages(*worlds.back(), plan, config, seeds));
    if (extent.all_labels) {
      add_labels(*worlds.back(), plan, config, seeds, results.worlds.back());
    }
  }
  results.has_labels = worlds.front()->setting().labels_file().has_value();
  for (const Method& method : plan.methods) {
    results.methods.push_back({method.name, method.label, method.role,
                               std::vector<MethodRun>(results.replicates.size())});
  }
  run_methods(plan, config, worlds, stages, extent, tracked, results);
  results.commits = stages.commits();
  return results;
}

namespace {

class Comparison : public Recipe {
 public:
  explicit Comparison(ComparisonOptions options) : options_(std::move(options)) {}

  void check(const config::Value& config) const override { check_comparison(config); }

  void run(const RunRequest& request) const override {
    check(request.config);
    const std::filesystem::path folder = request.results / request.name;
    winnow::create_directories(folder);
    StageCache stages(request.results / "stages", request.fresh);
    const ComparisonResults results = compare(request.config, stages, {}, request.tracked);
    spdlog::info("{} stages computed, {} reused", stages.computed(), stages.reused());
    report_comparison(results, options_, request, folder);
  }

 private:
  ComparisonOptions options_;
};

const bool registered = recipes().add<Comparison, ComparisonOptions>(
    "comparison", "methods choose rows, one training and one evaluation judge them");

}  // namespace
}  // namespace winnow
