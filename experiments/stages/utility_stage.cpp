#include "experiments/stages/utility_stage.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "core/errors.h"
#include "core/files.h"
#include "core/random.h"
#include "experiments/stages/failed_rows.h"
#include "experiments/stages/shared_walk.h"
#include "experiments/stages/utility_folds.h"

namespace winnow {
namespace json = boost::json;
namespace {

// Raised when a stage computes or writes something else.
constexpr int kEstimatorFormat = 1;
constexpr int kWalkFormat = 1;
constexpr int kUtilityFormat = 6;

constexpr const char* kAnchorsFile = "anchors.json";

const bool rows_registered =
    config::add_table<UtilityRows>("utility_rows", "how much of the pool a utility is measured on");

// Rows that are measured, ascending.
std::vector<std::size_t> measured_rows(std::size_t pool, std::int64_t count, std::uint64_t seed) {
  std::vector<std::size_t> rows;
  const auto wanted = static_cast<std::size_t>(count);
  if (wanted == 0 || wanted >= pool) {
    for (std::size_t i = 0; i < pool; ++i) rows.push_back(i);
  } else {
    rows = RandomStream(seed, "utility/rows").sample_indices(pool, wanted);
    std::sort(rows.begin(), rows.end());
  }
  return rows;
}

}  // namespace

config::Help help(const UtilityRows&) {
  return {{"count",
           "samples of the pool that are measured, drawn uniformly; the others have no value. 0: "
           "all",
           config::at_least(0)}};
}

std::optional<UtilityOptions> UtilityOptions::from(const config::Value& config) {
  const config::Value* table = config.child("utility");
  if (table == nullptr) {
    for (const char* name : {"anchors", "utility_pass", "utility_rows"}) {
      if (const config::Value* found = config.child(name)) {
        config::fail_value(*found, name, "there is no table 'utility' that it could be for");
      }
    }
    return std::nullopt;
  }
  UtilityOptions options;
  options.table_ = *table;
  options.anchors_ = AnchorSource::from(config);
  if (const config::Value* rows = config.child("utility_rows")) {
    options.rows_ = config::bind<UtilityRows>(*rows, "utility_rows");
  }
  if (const config::Value* pass = config.child("utility_pass")) {
    options.pass_ = config::bind<UtilityPassOptions>(*pass, "utility_pass");
  }
  if (options.is_single()) {
    options.names_ = {"utility"};
  } else if (table->is_table()) {
    for (const auto& [name, own] : table->table()) options.names_.push_back(name);
  }
  UtilityPass::from_config(*table, "utility", options.pass_);
  return options;
}

UtilityPass UtilityOptions::pass_of(const std::vector<std::string>& names) const {
  if (is_single()) return UtilityPass::from_config(table_, "utility", pass_);
  config::Value some;
  for (const std::string& name : names) {
    const std::string key = config::join_key("", name);
    some.set(key, table_.at(key));
  }
  return UtilityPass::from_config(some, "utility", pass_);
}

std::vector<std::string> UtilityOptions::columns_of(const std::vector<std::string>& names) const {
  const UtilityPass pass = pass_of(names);
  const std::vector<std::string> sets = anchors_.set_names();
  std::vector<std::string> columns = pass.columns(sets);
  if (anchors_.options().folds > 1) {
    const std::vector<std::string> probe = pass.columns({"a", "b"});
    for (const std::string& column : pass.columns(sets)) {
      const std::string estimator = column.substr(0, column.find('.'));
      const bool anchored = std::find(probe.begin(), probe.end(), estimator + ".a") != probe.end();
      if (anchored) columns.push_back(column + ".error");
    }
  }
  return columns;
}

config::Value UtilityOptions::estimator(const std::string& name) const {
  return with_defaults(is_single() ? table_ : table_.at(config::join_key("", name)), "utility");
}

void prepare_anchors(const UtilityOptions& options, SettingOptions& setting) {
  if (!options.uses_anchors()) return;
  options.anchors().check(*setting.benchmarks);
  setting.set_aside_share = options.anchors().pool_share();
}

// What an estimator draws beside its anchors goes with them, and with those of its neighbours.
std::uint64_t UtilityStage::draw() const {
  return options.uses_anchors() && options.anchors().options().per_seed ? seed : setting.seed();
}

Stage UtilityStage::estimator_stage(const std::string& name) const {
  Stage stage;
  stage.name = "estimator";
  stage.format_version = kEstimatorFormat;
  // Whether a pass ends, not what it finds.
  config::Value pass = config::to_value(options.pass());
  pass.erase("maximum_failed_share");
  pass.erase("retry_failed");
  stage.config.set("name", value_of(name));
  stage.config.set("estimator", options.estimator(name));
  stage.config.set("utility_pass", pass);
  stage.config.set("rows", value_of(static_cast<std::uint64_t>(options.rows())));
  stage.config.set("sampling", config::to_value(setting.options().sampling));
  stage.config.set("model", identity_of(setting.options().model.value()));
  stage.config.set("seed", value_of(draw()));
  if (options.pass_of({name}).uses_anchors()) {
    stage.config.set("anchors", options.anchors().identity(setting));
  }
  stage.inputs = setting.inputs();
  stage.inputs["proxy"] = proxy.digest;
  stage.title = fmt::format("utility {} of pool {}, seed {}", name, setting.seed(), seed);
  return stage;
}

StageOutput UtilityStage::walk(const std::vector<std::string>& names) const {
  Stage stage;
  stage.name = "utility_walk";
  stage.format_version = kWalkFormat;
  for (const std::string& name : names) {
    const Stage own = estimator_stage(name);
    stage.config.set(config::join_key("", name), own.config);
    stage.inputs = own.inputs;  // the same for all
  }
  stage.title = fmt::format("utility of pool {}, seed {}", setting.seed(), seed);
  return setting.stages().run(
      stage, [&](StageWork& work) { measure(names, work); },
      retry_failed_rows(options.pass().retry_failed));
}

void UtilityStage::measure(const std::vector<std::string>& names, StageWork& work) const {
  const UtilityPass pass = options.pass_of(names);
  const AnchorsTable& anchors = options.anchors().options();
  const Pool& pool = setting.pool();
  const auto model = setting.load(proxy);
  AnchorSource::Drawn drawn;
  AnchorParts parts;
  parts.folds = static_cast<std::size_t>(anchors.folds);
  if (pass.uses_anchors()) {
    drawn = options.anchors().draw(setting, draw(), *model);
    write_file(work.output / kAnchorsFile, json::serialize(drawn.ids) + "\n");
  }
  if (pass.uses_anchors() && anchors.contrast > 0) {
    const auto count = static_cast<std::size_t>(anchors.contrast);
    if (count > pool.size()) {
      throw ConstraintError(
          fmt::format("anchors.contrast = {}: the pool has only {} samples", count, pool.size()));
    }
    const torch::NoGradGuard no_gradients;
    RandomStream stream(draw(), "utility/contrast");
    for (const std::size_t i : stream.sample_indices(pool.size(), count)) {
      const Sample sample = pool.sample(i);
      parts.contrast.push_back(model->input(sample, setting.visual(sample, *model)));
    }
  }
  const std::vector<std::size_t> rows = measured_rows(pool.size(), options.rows(), setting.seed());
  const std::vector<AnchorSet> measured_against = measured_sets(drawn.sets, parts);
  const auto visual = [&](const Sample& sample, VisionLanguageModel& own) {
    return setting.visual(sample, own);
  };
  const UtilityPassResult result =
      pass.run({pool, *model, visual, measured_against, draw(), work.resume / "journal", {}, rows});
  std::vector<std::string> estimators;
  for (const auto& [name, cost] : result.costs) estimators.push_back(name);
  join_parts(result.table, estimators, drawn.sets, parts).save(work.output / "table");
  work.earlier_cpu_seconds = result.earlier_cpu_seconds;
  keep_failures(result.failures, rows.size(), work);
  for (const auto& [name, cost] : result.costs) {
    work.facts[name] = {{"prepare_cpu_seconds", cost.prepare_cpu_seconds},
                        {"cpu_seconds", cost.cpu_seconds},
                        {"flops", cost.flops}};
  }
}

StageOutput UtilityStage::join(const std::vector<StageOutput>& estimators) const {
  Stage stage;
  stage.name = "utility";
  stage.format_version = kUtilityFormat;
  for (std::size_t i = 0; i < estimators.size(); ++i) {
    stage.inputs[options.names()[i]] = estimators[i].digest;
  }
  stage.title = fmt::format("utilities of pool {}, seed {}", setting.seed(), seed);
  return setting.stages().run(stage, [&](StageWork& work) {
    std::optional<SampleTable> joined;
    std::map<std::string, std::string> reasons;
    json::object walks;
    for (std::size_t i = 0; i < estimators.size(); ++i) {
      const std::string& name = options.names()[i];
      const StageOutput& estimator = estimators[i];
      const SampleTable own = SampleTable::load(estimator.folder / "table");
      if (!joined) joined.emplace(own.shared_rows());
      for (const std::string& column : own.column_names()) joined->add(own.column(column));
      reasons.merge(read_failures(estimator));
      const json::object& facts = estimator.facts;
      walks[facts.at("walk").as_string()] = facts.at("walk_cpu_seconds");
      work.facts[name] = facts.at(name);
      const std::filesystem::path anchors = estimator.folder / kAnchorsFile;
      if (std::filesystem::exists(anchors)) {
        write_file(work.output / kAnchorsFile, read_file(anchors));
      }
    }
    joined->save(work.output / "table");
    std::vector<FailedRow> failures;
    for (std::size_t row = 0; row < joined->size(); ++row) {
      const auto failed = reasons.find(std::string(joined->rows().id(row)));
      if (failed != reasons.end()) failures.push_back({row, failed->first, failed->second});
    }
    const auto rows = static_cast<std::size_t>(estimators.front().facts.at("rows").as_int64());
    keep_failures(failures, rows, work);
    work.keep_resume = false;  // the walk has it
    work.facts["walks"] = std::move(walks);
  });
}

StageOutput UtilityStage::run() const {
  const SharedWalk shared{setting.stages(),
                          {options.names().begin(), options.names().end()},
                          [&](const std::string& name) { return estimator_stage(name); },
                          [&](const std::string& name) { return options.columns_of({name}); },
                          [&](const std::vector<std::string>& names) { return walk(names); },
                          options.pass().retry_failed,
                          options.pass().maximum_failed_share,
                          "utility_pass",
                          [&](const std::string& name, const StageOutput& walked, StageWork& work) {
                            work.facts[name] = walked.facts.at(name);
                            if (options.pass_of({name}).uses_anchors()) {
                              write_file(work.output / kAnchorsFile,
                                         read_file(walked.folder / kAnchorsFile));
                            }
                          }};
  return join(shared.run(options.names()));
}

}  // namespace winnow
