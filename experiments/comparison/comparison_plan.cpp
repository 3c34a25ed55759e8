#include "experiments/comparison/comparison_plan.h"

#include <algorithm>
#include <set>

#include "core/errors.h"
#include "experiments/comparison/comparison.h"
#include "experiments/comparison/published.h"
#include "experiments/comparison/selector_table.h"
#include "experiments/stages/recipe.h"

namespace winnow {

bool ComparisonPlan::selects_from_files() const {
  return std::any_of(methods.begin(), methods.end(),
                     [](const Method& method) { return method.reads_files(); });
}

std::vector<std::string> ComparisonPlan::columns_of_methods(const config::Value& config) const {
  std::set<std::string> read;
  for (const Method& method : methods) {
    for (std::string& column : required_columns(config, method)) read.insert(std::move(column));
  }
  return {read.begin(), read.end()};
}

ComparisonPlan plan_of(const config::Value& config) {
  ComparisonPlan plan{SettingOptions::from(config),
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
  const auto pool = plan.setting.pool->make();
  if (plan.scale.worlds == 0) {
    plan.scale.worlds =
        pool->is_generated() ? static_cast<std::int64_t>(plan.scale.seeds.size()) : 1;
  }
  // A pool without hidden labels has no oracle.
  if (!pool->labels({})) {
    std::erase_if(plan.methods, [](const Method& method) { return method.role == Role::oracle; });
  }
  if (plan.columns.reads_utility(plan.columns_of_methods(config))) {
    prepare_anchors(*plan.columns.utility(), plan.setting);
    if (plan.measuring) plan.measuring->set_aside_share = plan.setting.set_aside_share;
  }
  return plan;
}

void check_comparison(const config::Value& config) {
  const ComparisonPlan plan = plan_of(config);
  read_published(config);
  if (const config::Value* run = config.child("run")) config::bind<RunOptions>(*run, "run");
  const std::vector<std::string> wanted = plan.columns_of_methods(config);
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
  if (plan.measured_pool && !plan.selects_from_files()) {
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

}  // namespace winnow
