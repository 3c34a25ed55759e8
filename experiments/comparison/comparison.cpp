// The recipe `comparison`: every method chooses its rows, the same training runs on each choice,
// and the same evaluation asks each checkpoint. Table 1 of GDO is one of its experiments.

#include "experiments/comparison/comparison.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <numeric>
#include <optional>
#include <set>

#include "config/overrides.h"
#include "core/errors.h"
#include "core/files.h"
#include "core/logging.h"
#include "core/parallel.h"
#include "core/progress.h"
#include "experiments/comparison/comparison_options.h"
#include "experiments/comparison/comparison_report.h"
#include "experiments/comparison/comparison_results.h"
#include "experiments/comparison/composition.h"
#include "experiments/comparison/diagnosis_stage.h"
#include "experiments/comparison/measured_pool_stage.h"
#include "experiments/comparison/published.h"
#include "experiments/comparison/selector_table.h"
#include "experiments/stages/evaluation_stage.h"
#include "experiments/stages/measurements.h"
#include "experiments/stages/recipe.h"
#include "experiments/stages/selection_stage.h"
#include "experiments/stages/training_stage.h"

namespace winnow {
namespace json = boost::json;
namespace {

bool select_from_files(const std::vector<Method>& methods) {
  return std::any_of(methods.begin(), methods.end(),
                     [](const Method& method) { return method.reads_files(); });
}

// The columns that the methods' selectors read.
std::vector<std::string> columns_of(const config::Value& config,
                                    const std::vector<Method>& methods) {
  std::set<std::string> columns;
  for (const Method& method : methods) {
    for (std::string& column : required_columns(config, method)) columns.insert(std::move(column));
  }
  return {columns.begin(), columns.end()};
}

// Everything that a comparison's config says, bound.
struct Plan {
  SettingOptions setting;
  std::optional<SettingOptions> measuring;  // where the table `proxy` has a model of its own
  MeasuringOptions columns;
  TrainingOptions training;
  std::vector<Method> methods;
  RunScale scale;
  std::optional<config::Value> measured_pool;
};

Plan plan_of(const config::Value& config) {
  Plan plan{SettingOptions::from(config),
            std::nullopt,
            MeasuringOptions::from(config),
            TrainingOptions::from(config),
            read_methods(config),
            read_scale(config),
            std::nullopt};
  plan.setting.require_all();
  if (const config::Value* model = config.find("proxy.model")) {
    config::Value measuring = config;
    measuring.set("model", *model);
    plan.measuring = SettingOptions::from(measuring);
  }
  if (const config::Value* table = config.child("measured_pool")) plan.measured_pool = *table;
  // A pool without hidden labels has no oracle.
  if (!plan.setting.pool->make()->labels({})) {
    std::erase_if(plan.methods, [](const Method& method) { return method.role == Role::oracle; });
  }
  if (plan.columns.reads_utility(columns_of(config, plan.methods))) {
    prepare_anchors(*plan.columns.utility(), plan.setting);
    if (plan.measuring) plan.measuring->set_aside_share = plan.setting.set_aside_share;
  }
  return plan;
}

// What the methods of one seed of pool and base share.
class World {
 public:
  World(const Plan& plan, std::uint64_t seed, StageCache& stages)
      : plan_(plan), setting_(plan.setting, seed, stages) {
    if (plan.measuring) measuring_.emplace(*plan.measuring, seed, stages);
    measurements_.emplace(plan.columns, measuring_ ? *measuring_ : setting_, &plan.training);
  }

  Setting& setting() { return setting_; }
  // Of the model that measures.
  Setting& measuring() { return measuring_ ? *measuring_ : setting_; }
  Measurements& measurements() { return *measurements_; }
  // Samples that one of the runs could not measure; no run's method takes them. Set once all
  // columns are there.
  void set_unusable(UnusableSamples unusable) { unusable_ = std::move(unusable); }
  const UnusableSamples& unusable() const { return unusable_; }
  const StageOutput& measured_pool() {
    if (!measured_pool_) {
      measured_pool_ =
          MeasuredPoolStage{plan_.measured_pool.value(), measuring(), measurements(), unusable_}
              .run();
    }
    return *measured_pool_;
  }

 private:
  const Plan& plan_;
  Setting setting_;
  std::optional<Setting> measuring_;
  std::optional<Measurements> measurements_;
  UnusableSamples unusable_;
  std::optional<StageOutput> measured_pool_;
};

std::vector<std::vector<QuestionKind>> question_kinds(Setting& setting) {
  std::vector<std::vector<QuestionKind>> result;
  for (std::size_t b = 0; b < setting.options().benchmarks->size(); ++b) {
    auto& kinds = result.emplace_back();
    for (const Question& question : setting.questions(b).asked) {
      std::optional<double> chance;
      if (const std::size_t count = question.candidates.size()) {
        chance = 1.0 / static_cast<double>(count);
      }
      kinds.push_back({question.id, question.subtask, chance});
    }
  }
  return result;
}

// Before anything is measured of them.
void check_rows(const std::vector<Method>& methods, const std::shared_ptr<const RowTable>& rows) {
  const SampleTable table(rows);
  for (const Method& method : methods) {
    if (!method.takes_rows() || method.reads_files()) continue;
    SelectionInput input{table};
    input.place = method.selector_path;
    input.method = method.name_unless_in_path();
    method.selector->check_rows(input);
  }
}

// `seeds`: of the runs in this world.
WorldResult shared_stages(World& world, const Plan& plan, const config::Value& config,
                          const std::vector<std::uint64_t>& seeds) {
  Setting& setting = world.setting();
  Measurements& measurements = world.measurements();
  const std::vector<std::string> columns = columns_of(config, plan.methods);
  setting.pool_stage();
  check_budgets(plan.methods, setting.screening().facts.at("pool").to_number<std::size_t>());
  check_rows(plan.methods, setting.whole_pool().shared_rows());
  setting.prepare();
  if (&world.measuring() != &setting) world.measuring().prepare();
  WorldResult result;
  result.seed = setting.seed();
  result.world_digest = setting.pool_stage().digest;
  result.screening = setting.screening().facts;
  result.screening_folder = setting.screening().folder;
  if (plan.setting.set_aside_share > 0.0) {
    result.set_aside = static_cast<std::int64_t>(setting.set_aside().size());
  }
  result.questions = question_kinds(setting);
  result.base_digest = setting.base().digest;
  const bool judges = plan.columns.reads_judge(columns);
  if (judges) result.judge = measurements.judge().facts;
  for (const auto& [name, output] : setting.outputs()) {
    result.shared_cpu_seconds.emplace_back(name, output.cpu_seconds);
  }
  if (judges) result.shared_cpu_seconds.emplace_back("judge", measurements.judge().cpu_seconds);
  const std::vector<std::string> descriptors = plan.columns.descriptors_of(columns);
  std::vector<std::string> descriptor_columns;
  for (const std::string& name : descriptors) {
    const auto& own = plan.columns.descriptors().columns().at(name);
    descriptor_columns.insert(descriptor_columns.end(), own.begin(), own.end());
  }
  const auto spent = [&](const std::vector<std::string>& names) {
    return measurements.cost(names, seeds).cpu_seconds;
  };
  if (!descriptors.empty()) {
    for (const MeasuredColumns& measured : measurements.descriptors(descriptors)) {
      for (const auto& [name, areas] : diagnose(world.measuring(), measured).facts) {
        result.detection[name] = areas;
      }
    }
    result.shared_cpu_seconds.emplace_back("warm-up and descriptors", spent(descriptor_columns));
  }
  if (plan.columns.reads_utility(columns)) {
    std::vector<json::object> areas;  // by seed
    for (const std::uint64_t seed : seeds) {
      areas.push_back(diagnose(world.measuring(), {"utility", measurements.utility(seed)}).facts);
    }
    std::vector<std::string> both = plan.columns.utility()->columns();
    both.insert(both.end(), descriptor_columns.begin(), descriptor_columns.end());
    result.shared_cpu_seconds.emplace_back("warm-ups and utility, all seeds",
                                           spent(both) - spent(descriptor_columns));
    for (const auto& [name, mean] : mean_areas(areas)) result.detection[name] = mean;
    const StageOutput toxic =
        find_toxic(world.measuring(), measurements.utility(seeds.front()), seeds.front());
    if (!toxic.facts.empty()) {
      result.toxic = toxic.facts;
      result.toxic_seed = seeds.front();
      result.toxic_folder = toxic.folder;
    }
  }
  UnusableSamples unusable;
  for (const std::uint64_t seed : seeds) {
    unusable.merge(unusable_samples(measurements.columns(columns, seed)));
  }
  for (const auto& [id, why] : unusable) {
    result.unusable.push_back({{"id", id}, {"reason", why.reason}, {"detail", why.detail}});
  }
  world.set_unusable(std::move(unusable));
  if (select_from_files(plan.methods)) {
    result.shared_cpu_seconds.emplace_back("measured pool as files",
                                           world.measured_pool().cpu_seconds);
  }
  return result;
}

void add_areas(const json::object& columns, json::value& to) {
  json::object& areas = to.is_object() ? to.as_object() : to.emplace_object();
  for (const auto& [column, area] : columns) areas[column] = area;
}

// What the columns that the methods read see of each hidden label.
void add_labels(World& world, const Plan& plan, const std::vector<std::string>& columns,
                const std::vector<std::uint64_t>& seeds, WorldResult& result) {
  result.pool = composition_of(*world.setting().rows(), world.setting().labels());
  const std::vector<std::string> descriptors = plan.columns.descriptors_of(columns);
  if (!descriptors.empty()) {
    for (const MeasuredColumns& measured : world.measurements().descriptors(descriptors)) {
      for (const auto& [label, areas] : diagnose_labels(world.measuring(), measured).facts) {
        add_areas(areas.as_object(), result.label_areas[label]);
      }
    }
  }
  if (!plan.columns.reads_utility(columns)) return;
  std::map<std::string, std::vector<json::object>> by_seed;  // by label
  for (const std::uint64_t seed : seeds) {
    const MeasuredColumns utility{"utility", world.measurements().utility(seed)};
    for (const auto& [label, areas] : diagnose_labels(world.measuring(), utility).facts) {
      by_seed[label].push_back(areas.as_object());
    }
  }
  for (const auto& [label, measured] : by_seed) {
    add_areas(mean_areas(measured), result.label_areas[label]);
  }
}

// One method with one seed, somewhere between selection and scores.
struct Job {
  std::size_t method = 0, replicate = 0;
  StageOutput selection, training;
  std::vector<std::string> reads;  // columns
  std::string title;
  std::int64_t rows() const { return selection.facts.at("rows").to_number<std::int64_t>(); }
};

using Worlds = std::vector<std::unique_ptr<World>>;

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

StageOutput select(const Plan& plan, const Method& method, World& world,
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

void run_methods(const Plan& plan, const config::Value& config, const Worlds& worlds,
                 StageCache& stages, const Extent& extent, ComparisonResults& results) {
  const auto world_of = [&](const Job& job) -> World& {
    return *worlds[results.replicates[job.replicate].world];
  };
  const auto seed_of = [&](const Job& job) { return results.replicates[job.replicate].seed; };
  std::vector<Job> jobs;
  for (std::size_t m = 0; m < plan.methods.size(); ++m) {
    for (std::size_t r = 0; r < results.replicates.size(); ++r) {
      const Method& method = plan.methods[m];
      if (!method.takes_rows()) continue;
      Job job{m,  r,  {},
              {}, {}, fmt::format("{}, seed {}", method.name, results.replicates[r].seed)};
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
    job.training = TrainingStage{world_of(job).setting(), plan.training, job.selection,
                                 seed_of(job), "training " + job.title}
                       .run(stages);
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
}

}  // namespace

void check_comparison(const config::Value& config) {
  const Plan plan = plan_of(config);
  read_published(config);
  if (const config::Value* run = config.child("run")) config::bind<RunOptions>(*run, "run");
  const std::vector<std::string> wanted = columns_of(config, plan.methods);
  std::vector<std::string> columns = plan.columns.columns();
  if (plan.columns.judge() && !plan.columns.reads_judge(wanted)) {
    config::fail_value(config.at("judge"), "judge", "no method's selector reads a column of it");
  }
  if (plan.columns.utility() && !plan.columns.reads_utility(wanted)) {
    std::string known;
    for (const std::string& column : plan.columns.utility()->columns())
      known += " '" + column + "'";
    config::fail_value(config.at("utility"), "utility",
                       "no method's selector reads a column of it; they are:" + known);
  }
  if (plan.measured_pool && !select_from_files(plan.methods)) {
    config::fail_value(*plan.measured_pool, "measured_pool",
                       "no method's selector reads its files");
  }
  for (const Method& method : plan.methods) {
    for (const std::string& column : required_columns(config, method)) {
      if (std::find(columns.begin(), columns.end(), column) != columns.end()) continue;
      fail_column(method.selector_config, method.selector_path, column,
                  method.name_unless_in_path(),
                  "no descriptor, utility or judge of the config adds the column '" + column +
                      "'." + suggestion(column, columns));
    }
  }
  check_budgets(plan.methods, 0);
  check_files(plan.setting);
  if (plan.measuring) check_files(*plan.measuring);
}

ComparisonResults compare(const config::Value& config, StageCache& stages, const Extent& extent) {
  const Plan plan = plan_of(config);
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
    worlds.push_back(
        std::make_unique<World>(plan, static_cast<std::uint64_t>(scale.world_seed) + w, stages));
    std::vector<std::uint64_t> seeds;
    for (const Replicate& replicate : results.replicates) {
      if (replicate.world == w) seeds.push_back(replicate.seed);
    }
    results.worlds.push_back(shared_stages(*worlds.back(), plan, config, seeds));
    if (extent.all_labels) {
      add_labels(*worlds.back(), plan, columns_of(config, plan.methods), seeds,
                 results.worlds.back());
    }
  }
  results.has_labels = worlds.front()->setting().labels_file().has_value();
  for (const Method& method : plan.methods) {
    results.methods.push_back({method.name, method.label, method.role,
                               std::vector<MethodRun>(results.replicates.size())});
  }
  run_methods(plan, config, worlds, stages, extent, results);
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
