#include "experiments/stages/utility_stage.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/errors.h"
#include "core/files.h"
#include "core/random.h"
#include "experiments/stages/failed_rows.h"
#include "experiments/stages/utility_folds.h"

namespace winnow {
namespace json = boost::json;
namespace {

// Raised when the stage computes or writes something else.
constexpr int kUtilityFormat = 5;

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
  options.make_pass();
  return options;
}

std::vector<std::string> UtilityOptions::columns() const {
  const UtilityPass pass = make_pass();
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

config::Value UtilityOptions::estimators() const {
  config::Value result = with_defaults(table_, "utility");
  if (table_.child("type") != nullptr) return result;
  for (auto& [name, estimator] : result.table()) {
    if (estimator.is_table()) estimator = with_defaults(estimator, "utility");
  }
  return result;
}

void prepare_anchors(const UtilityOptions& options, SettingOptions& setting) {
  if (!options.uses_anchors()) return;
  options.anchors().check(*setting.benchmarks);
  setting.set_aside_share = options.anchors().pool_share();
}

StageOutput UtilityStage::run() const {
  const UtilityPass pass = options.make_pass();
  const bool needs_anchors = pass.uses_anchors();
  const AnchorsTable& anchors = options.anchors().options();
  // What an estimator draws beside its anchors goes with them.
  const std::uint64_t draw = needs_anchors && anchors.per_seed ? seed : setting.seed();
  Stage stage;
  stage.name = "utility";
  stage.format_version = kUtilityFormat;
  // Whether a pass ends, not what it finds.
  config::Value pass_config = config::to_value(options.pass());
  pass_config.erase("maximum_failed_share");
  pass_config.erase("retry_failed");
  stage.config.set("utility", options.estimators());
  stage.config.set("utility_pass", pass_config);
  stage.config.set("rows", value_of(static_cast<std::uint64_t>(options.rows())));
  stage.config.set("sampling", config::to_value(setting.options().sampling));
  stage.config.set("model", identity_of(setting.options().model.value()));
  stage.config.set("seed", value_of(draw));
  if (needs_anchors) stage.config.set("anchors", options.anchors().identity(setting));
  stage.inputs = setting.inputs();
  stage.inputs["proxy"] = proxy.digest;
  stage.title = fmt::format("utility of pool {}, seed {}", setting.seed(), seed);
  const auto compute = [&](StageWork& work) {
    const Pool& pool = setting.pool();
    const auto model = setting.load(proxy);
    AnchorSource::Drawn drawn;
    if (needs_anchors) {
      drawn = options.anchors().draw(setting, draw, *model);
      write_file(work.output / "anchors.json", json::serialize(drawn.ids) + "\n");
    }
    AnchorParts parts;
    parts.folds = static_cast<std::size_t>(anchors.folds);
    if (needs_anchors && anchors.contrast > 0) {
      const auto count = static_cast<std::size_t>(anchors.contrast);
      if (count > pool.size()) {
        throw ConstraintError(
            fmt::format("anchors.contrast = {}: the pool has only {} samples", count, pool.size()));
      }
      const torch::NoGradGuard no_gradients;
      RandomStream stream(draw, "utility/contrast");
      for (const std::size_t i : stream.sample_indices(pool.size(), count)) {
        const Sample sample = pool.sample(i);
        parts.contrast.push_back(model->input(sample, setting.visual(sample, *model)));
      }
    }
    const std::vector<std::size_t> rows =
        measured_rows(pool.size(), options.rows(), setting.seed());
    const std::vector<AnchorSet> measured_against = measured_sets(drawn.sets, parts);
    const UtilityPassResult result = pass.run({pool,
                                               *model,
                                               [&](const Sample& sample, VisionLanguageModel& own) {
                                                 return setting.visual(sample, own);
                                               },
                                               measured_against,
                                               draw,
                                               work.resume / "journal",
                                               {},
                                               rows});
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
  };
  StageOutput output =
      setting.stages().run(stage, compute, retry_failed_rows(options.pass().retry_failed));
  check_failed_share(output, options.pass().maximum_failed_share, "utility_pass");
  return output;
}

}  // namespace winnow
