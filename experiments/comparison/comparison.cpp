// The recipe `comparison`: every method chooses its rows, the same training runs on each choice,
// and the same evaluation asks each checkpoint. Table 1 of GDO is one of its experiments.

#include "experiments/comparison/comparison.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <numeric>

#include "benchmarks/evaluator.h"
#include "config/overrides.h"
#include "core/errors.h"
#include "core/files.h"
#include "core/logging.h"
#include "core/parallel.h"
#include "core/progress.h"
#include "descriptors/pass.h"
#include "experiments/comparison/comparison_options.h"
#include "experiments/comparison/comparison_report.h"
#include "experiments/comparison/comparison_results.h"
#include "experiments/comparison/composition.h"
#include "experiments/comparison/pipeline.h"
#include "experiments/comparison/published.h"
#include "experiments/comparison/screening.h"
#include "experiments/stages/recipe.h"
#include "experiments/stages/stage.h"
#include "trainers/base_trainer.h"
#include "trainers/trainer.h"

namespace winnow {
namespace json = boost::json;
namespace {

bool select_from_files(const std::vector<Method>& methods) {
  return std::any_of(methods.begin(), methods.end(),
                     [](const Method& method) { return method.pool_selector != nullptr; });
}

ColumnSources read_columns(const config::Value& config, const std::vector<Method>& methods) {
  ColumnSources all;
  for (const Method& method : methods) {
    if (!method.takes_rows()) continue;
    const ColumnSources own = column_sources(config, method);
    all.descriptors = all.descriptors || own.descriptors;
    all.utility = all.utility || own.utility;
    all.judge = all.judge || own.judge;
  }
  return all;
}

// `seeds`: of the runs in this world.
WorldResult shared_stages(Pipeline& pipeline, const config::Value& config,
                          const std::vector<Method>& methods,
                          const std::vector<std::uint64_t>& seeds) {
  const ColumnSources reads = read_columns(config, methods);
  WorldResult result;
  result.seed = pipeline.seed();
  const auto add = [&](const char* name, const StageOutput& stage) {
    result.shared_cpu_seconds.emplace_back(name, stage.cpu_seconds);
  };
  result.world_digest = pipeline.world().digest;
  add("world", pipeline.world());
  result.screening = pipeline.screening().facts;
  result.screening_folder = pipeline.screening().folder;
  add("screening", pipeline.screening());
  result.questions = pipeline.question_kinds();
  result.base_digest = pipeline.base().digest;
  add("base model", pipeline.base());
  if (pipeline.has_features()) add("visual features", pipeline.features());
  if (reads.judge) {
    add("judge", pipeline.judge());
    result.judge = pipeline.judge().facts;
  }
  if (reads.descriptors) {
    pipeline.descriptors();
    result.shared_cpu_seconds.emplace_back(
        "warm-up and descriptors", pipeline.measuring_cpu_seconds({.descriptors = true}, seeds));
    result.detection = pipeline.diagnosis().facts;
  }
  if (reads.utility) {
    std::vector<json::object> areas;  // by seed
    for (const std::uint64_t seed : seeds) {
      areas.push_back(pipeline.utility_diagnosis(seed).facts);
    }
    const auto spent = [&](bool utility) {
      return pipeline.measuring_cpu_seconds({.descriptors = reads.descriptors, .utility = utility},
                                            seeds);
    };
    result.shared_cpu_seconds.emplace_back("warm-ups and utility, all seeds",
                                           spent(true) - spent(false));
    for (const auto& [name, mean] : mean_areas(areas)) result.detection[name] = mean;
    const StageOutput& toxic = pipeline.toxic(seeds.front());
    if (!toxic.facts.empty()) {
      result.toxic = toxic.facts;
      result.toxic_seed = seeds.front();
      result.toxic_folder = toxic.folder;
    }
  }
  if (select_from_files(methods)) add("measured pool as files", pipeline.measured_pool());
  return result;
}

// One method with one seed, somewhere between selection and scores.
struct Job {
  std::size_t method = 0, replicate = 0;
  StageOutput selection, training;
  std::string title;
  std::int64_t rows() const { return selection.facts.at("rows").to_number<std::int64_t>(); }
};

void evaluate(const std::vector<Job>& jobs, const std::vector<std::unique_ptr<Pipeline>>& pipelines,
              ComparisonResults& results) {
  struct Evaluation {
    Pipeline* pipeline;
    Weights weights;
    std::string title;
    const std::vector<std::vector<QuestionKind>>* questions;
    std::vector<BenchmarkScores>* scores;
  };
  std::vector<Evaluation> evaluations;
  for (std::size_t w = 0; w < pipelines.size(); ++w) {
    evaluations.push_back({pipelines[w].get(), pipelines[w]->base_weights(),
                           fmt::format("evaluation of base {}", pipelines[w]->seed()),
                           &results.worlds[w].questions, &results.worlds[w].base_scores});
  }
  for (const Job& job : jobs) {
    std::vector<CheckpointScores>& checkpoints =
        results.methods[job.method].runs[job.replicate].checkpoints;
    const std::vector<Weights> weights = Pipeline::checkpoints_of(job.training);
    checkpoints.resize(weights.size());
    for (std::size_t c = 0; c < weights.size(); ++c) {
      checkpoints[c].samples = weights[c].samples;
      const std::size_t world = results.replicates[job.replicate].world;
      evaluations.push_back(
          {pipelines[world].get(), weights[c],
           fmt::format("evaluation of {}, {} samples", job.title, weights[c].samples),
           &results.worlds[world].questions, &checkpoints[c].scores});
    }
  }
  Progress progress("evaluation", static_cast<std::int64_t>(evaluations.size()), "checkpoints");
  parallel_for(evaluations.size(), [&](std::size_t i) {
    const Evaluation& evaluation = evaluations[i];
    *evaluation.scores =
        Pipeline::read_scores(evaluation.pipeline->evaluate(evaluation.weights, evaluation.title),
                              results.benchmarks, *evaluation.questions);
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

void run_methods(const std::vector<Method>& methods,
                 const std::vector<std::unique_ptr<Pipeline>>& pipelines,
                 ComparisonResults& results) {
  const auto pipeline_of = [&](const Job& job) -> Pipeline& {
    return *pipelines[results.replicates[job.replicate].world];
  };
  const auto seed_of = [&](const Job& job) { return results.replicates[job.replicate].seed; };
  std::vector<Job> jobs;
  for (std::size_t m = 0; m < methods.size(); ++m) {
    for (std::size_t r = 0; r < results.replicates.size(); ++r) {
      if (!methods[m].takes_rows()) continue;
      jobs.push_back(
          {m, r, {}, {}, fmt::format("{}, seed {}", methods[m].name, results.replicates[r].seed)});
    }
  }
  parallel_for(jobs.size(), [&](std::size_t i) {
    jobs[i].selection = pipeline_of(jobs[i]).select(methods[jobs[i].method], seed_of(jobs[i]));
  });

  // The largest first, so that no long job is left over for one worker at the end.
  std::vector<std::size_t> order(jobs.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return jobs[a].rows() > jobs[b].rows(); });
  parallel_for(order.size(), [&](std::size_t i) {
    Job& job = jobs[order[i]];
    job.training = pipeline_of(job).train(job.selection, seed_of(job), "training " + job.title);
  });
  for (const Job& job : jobs) {
    MethodRun& run = results.methods[job.method].runs[job.replicate];
    run.composition = job.selection.facts;
    run.subset_digest = job.selection.digest;
    run.selection_folder = job.selection.folder;
    run.weights_digest = job.training.digest;
    run.selection_cpu_seconds = job.selection.cpu_seconds;
    run.training_cpu_seconds = job.training.facts.at("cpu_seconds").to_number<double>();
    run.training_operations = job.training.facts.at("operations").to_number<double>();
    const ColumnSources reads = pipeline_of(job).sources_of(methods[job.method]);
    run.measuring_operations = pipeline_of(job).measuring_operations(reads, seed_of(job));
    if (reads.any()) {
      run.descriptor_cpu_seconds = pipeline_of(job).measuring_cpu_seconds(reads, {seed_of(job)});
    }
    if (methods[job.method].pool_selector) {
      run.descriptor_cpu_seconds += pipeline_of(job).measured_pool().cpu_seconds;
    }
  }
  evaluate(jobs, pipelines, results);
}

}  // namespace

void check_comparison(const config::Value& config) {
  const std::vector<Method> methods = read_methods(config);
  read_scale(config);
  read_sampling(config);
  read_published(config);
  read_screening(config);
  if (const config::Value* run = config.child("run")) config::bind<RunOptions>(*run, "run");
  if (const config::Value* seed = config.find("world.seed")) {
    config::fail_value(*seed, "world.seed", "a run takes it from world_seed; set that");
  }
  worlds().create(config.at("world"), "world");
  base_trainer_for(*models().create(config.at("model"), "model"), config.child("base"));
  trainers().create(config.at("trainer"), "trainer");
  if (const config::Value* order = config.child("batch_source")) {
    batch_sources().create(*order, "batch_source");
  }
  evaluators().create(config.at("evaluator"), "evaluator");
  read_proxy(config);
  if (const config::Value* model = config.find("proxy.model")) {
    base_trainer_for(*models().create(*model, "proxy.model"), config.child("base"));
  }
  std::vector<std::string> columns = utility_columns(config);
  const std::vector<std::string> judged = judge_columns(config);
  const ColumnSources reads = read_columns(config, methods);
  if (!judged.empty() && !reads.judge) {
    config::fail_value(config.at("judge"), "judge", "no method's selector reads a column of it");
  }
  if (config.child("utility") != nullptr && !reads.utility) {
    std::string known;
    for (const std::string& column : columns) known += " '" + column + "'";
    config::fail_value(config.at("utility"), "utility",
                       "no method's selector reads a column of it; they are:" + known);
  }
  columns.insert(columns.end(), judged.begin(), judged.end());
  const config::Value* measured_pool = config.child("measured_pool");
  if (measured_pool != nullptr && !select_from_files(methods)) {
    config::fail_value(*measured_pool, "measured_pool", "no method's selector reads its files");
  }
  if (reads.descriptors) {
    const auto pass = DescriptorPass::from_config(config.at("descriptors"), "descriptors");
    for (std::string& column : pass.columns()) columns.push_back(std::move(column));
  }
  for (const Method& method : methods) {
    for (const std::string& column : required_columns(config, method)) {
      if (std::find(columns.begin(), columns.end(), column) != columns.end()) continue;
      config::fail_value(method.selector_config, "methods." + method.name + ".selector",
                         "no descriptor, utility or judge of the config adds the column '" +
                             column + "'." + suggestion(column, columns));
    }
  }
}

ComparisonResults compare(const config::Value& config, StageCache& stages) {
  const std::vector<Method> methods = read_methods(config);
  const RunScale scale = read_scale(config);
  ComparisonResults results;
  results.benchmarks = scale.benchmarks;
  const auto worlds = static_cast<std::size_t>(scale.worlds);
  for (std::size_t i = 0; i < scale.seeds.size(); ++i) {
    results.replicates.push_back({static_cast<std::uint64_t>(scale.seeds[i]), i % worlds});
  }
  std::vector<std::unique_ptr<Pipeline>> pipelines;
  for (std::size_t w = 0; w < worlds; ++w) {
    pipelines.push_back(std::make_unique<Pipeline>(
        config, static_cast<std::uint64_t>(scale.world_seed) + w, stages));
    std::vector<std::uint64_t> seeds;
    for (const Replicate& replicate : results.replicates) {
      if (replicate.world == w) seeds.push_back(replicate.seed);
    }
    results.worlds.push_back(shared_stages(*pipelines.back(), config, methods, seeds));
  }
  for (const Method& method : methods) {
    results.methods.push_back({method.name, method.label, method.role,
                               std::vector<MethodRun>(results.replicates.size())});
  }
  run_methods(methods, pipelines, results);
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
    const ComparisonResults results = compare(request.config, stages);
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
