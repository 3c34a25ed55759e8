#include "experiments/comparison/comparison_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>

#include "config/component.h"
#include "config/left_out.h"
#include "experiments/comparison/measured_pool.h"
#include "experiments/comparison/selector_table.h"

namespace winnow {
namespace {

const bool scale_registered = config::add_table<RunScale>("", "the top of a comparison's config");
const bool world_registered =
    config::add_table<WorldSizes>("world", "sizes of generated pools and benchmarks");
const bool methods_registered =
    config::add_table<MethodOptions>("methods.*", "a method, beside its table `selector`");

// Tables of a comparison that are read elsewhere.
const std::vector<std::string> other_tables = {
    "recipe",        "run",          "world",        "pool",      "benchmarks",
    "held_out",      "screening",    "sampling",     "features",  "model",
    "base",          "proxy",        "methods",      "selector",  "utility",
    "anchors",       "utility_pass", "utility_rows", "judge",     "descriptors",
    "measured_pool", "trainer",      "batch_source", "published", "trackers"};

// `shared` is the selector at the top of the config, null without one.
Method read_method(const std::string& name, const config::Value& table, const std::string& path,
                   const config::Value* shared) {
  const auto options = config::bind<MethodOptions>(table, path, {"selector"});
  Method method;
  method.name = name;
  method.label = options.label.empty() ? name : options.label;
  method.role = options.role;
  const config::Value* selector = table.child("selector");
  if (method.role == Role::base) {
    if (selector != nullptr) {
      config::fail_value(*selector, path + ".selector", "a method of role base takes no rows");
    }
    return method;
  }
  method.selector_path = path + ".selector";
  if (selector == nullptr) {
    selector = shared;
    method.selector_path = "selector";
  }
  if (selector == nullptr) {
    config::fail_value(table, path,
                       "there is no table 'selector' that says which rows it takes, and none at "
                       "the top of the config");
  }
  method.selector_config = selector_table(*selector, ForeignOptions::of_the_same_files);
  method.selector = make_selector(method.selector_config, method.selector_path);
  for (const std::string& key : method.selector->decided_by_run()) {
    const config::Value* set = method.selector_config.child(key);
    const bool is_empty = set != nullptr && set->is_string() && set->string().empty();
    if (set == nullptr || is_empty) continue;
    config::fail_value(*set, config::join_key(method.selector_path, key),
                       "a run decides this; leave it out");
  }
  if (method.selector->reads_hidden_labels() != (method.role == Role::oracle)) {
    config::fail_value(*selector, method.selector_path,
                       method.role == Role::oracle
                           ? "this selector reads no hidden labels and is no oracle"
                           : "this selector reads hidden labels, so its role must be \"oracle\"");
  }
  return method;
}

// An oracle that this build has no selector for: it reads labels that such a build's pools lack.
bool is_left_out_oracle(const config::Value& method) {
  const config::Value* role = method.child("role");
  const config::Value* type = method.find("selector.type");
  return role != nullptr && role->is_string() && role->string() == "oracle" && type != nullptr &&
         type->is_string() && config::left_out_by("selector", type->string()) != nullptr;
}

}  // namespace

config::Help help(const MethodOptions&) {
  return {{"label", "name in tables; empty: the table's own"},
          {"role", "what it is in the comparison"}};
}

config::Help help(const WorldSizes&) {
  return {
      {"questions", "rows of a generated pool: ${world.questions}", config::at_least(1)},
      {"questions_per_benchmark", "questions of each generated benchmark", config::at_least(1)}};
}

config::Help help(const ComparisonOptions&) {
  return {{"title", "heading of the table"},
          {"confidence", "level of the intervals", config::between(0.5, 0.999)},
          {"bootstrap_draws", "resamples of questions and seeds", config::between(100, 100000)}};
}

config::Help help(const RunScale&) {
  return {
      {"seeds", "training seeds; each also drives the draws of a selector", config::at_least(0)},
      {"worlds",
       "generated pools that the seeds are spread over, each with a base where one is trained; 0: "
       "one for each seed, or a single one where the pool is one of files, which stays",
       config::at_least(0)},
      {"world_seed", "seed of the first generated pool and base; the next have the next seeds",
       config::at_least(0)},
      {"budget", "rows of a method: 1x", config::at_least(1)},
      {"reference_multiple", "rows of the reference for each one of a method: Uni-10x",
       config::at_least(1)},
      {"checkpoint_questions",
       "share of each benchmark's questions that checkpoints before the last one are asked: they "
       "are for the curves alone, and asking costs more than training",
       config::between(0.001, 1)},
      {"profiles", "rows of each goal at its own size, for experiments that compare those",
       config::at_least(1)}};
}

std::vector<Method> read_methods(const config::Value& config) {
  const config::Value& table = config.at("methods");
  if (!table.is_table() || table.table().empty()) {
    config::fail_value(table, "methods", "expected a table for each method");
  }
  std::vector<Method> methods;
  const config::Value* shared = config.child("selector");
  bool shared_is_used = false;
  for (const auto& [name, value] : table.table()) {
    const std::string path = config::join_key("methods", name);
    if (!value.is_table()) config::fail_value(value, path, "expected a table");
    if (is_left_out_oracle(value)) continue;
    methods.push_back(read_method(name, value, path, shared));
    shared_is_used =
        shared_is_used || (methods.back().takes_rows() && value.child("selector") == nullptr);
  }
  if (shared != nullptr && !shared_is_used) {
    config::fail_value(*shared, "selector", "every method has a selector of its own");
  }
  std::stable_sort(methods.begin(), methods.end(),
                   [](const Method& a, const Method& b) { return a.role < b.role; });
  const auto count = [&](Role role) {
    return std::count_if(methods.begin(), methods.end(),
                         [&](const Method& method) { return method.role == role; });
  };
  for (const Role role : {Role::base, Role::control, Role::oracle}) {
    if (count(role) <= 1) continue;
    config::fail_value(table, "methods",
                       "more than one method has the role of base, control or "
                       "oracle; each can be taken once");
  }
  if (count(Role::reference) != 1) {
    config::fail_value(table, "methods",
                       "exactly one method must have role = \"reference\"; there are " +
                           std::to_string(count(Role::reference)));
  }
  return methods;
}

std::string Method::name_unless_in_path() const {
  return selector_path == "selector" ? "methods." + name : "";
}

std::vector<std::string> required_columns(const config::Value& config, const Method& method) {
  if (!method.takes_rows()) return {};
  if (!method.reads_files()) return method.selector->required_columns();
  const config::Value* table = config.child("measured_pool");
  if (table == nullptr) {
    config::fail_value(method.selector_config, method.selector_path,
                       "this selector reads files, and there is no table 'measured_pool' that says "
                       "how a run writes them, as measured_pool/gdo_release.toml does");
  }
  return measured_pool_writers().create(*table, "measured_pool")->required_columns();
}

RunScale read_scale(const config::Value& config) {
  const auto scale = config::bind<RunScale>(config, "", other_tables);
  if (const config::Value* world = config.child("world")) {
    config::bind<WorldSizes>(*world, "world");
  }
  const config::Value* seeds = config.child("seeds");
  if (scale.seeds.empty()) config::fail_value(*seeds, "seeds", "expected at least one seed");
  if (std::set(scale.seeds.begin(), scale.seeds.end()).size() != scale.seeds.size()) {
    config::fail_value(*seeds, "seeds", "a seed appears twice");
  }
  if (scale.worlds > static_cast<std::int64_t>(scale.seeds.size())) {
    config::fail_value(
        config.at("worlds"), "worlds",
        "there are more worlds than seeds (" + std::to_string(scale.seeds.size()) + ")");
  }
  return scale;
}

namespace {

// Rows that a selector is told to take; nothing where it takes a share.
std::optional<std::int64_t> rows_of(const config::Value& selector) {
  const config::Value* budget = selector.child("budget");
  if (budget == nullptr || !budget->is_integer() || budget->integer() <= 0) return std::nullopt;
  const config::Value* multiple = selector.child("multiple");
  return budget->integer() *
         (multiple != nullptr && multiple->is_integer() ? multiple->integer() : 1);
}

}  // namespace

void check_budgets(const std::vector<Method>& methods, std::size_t pool_rows) {
  const auto fail = [](const Method& method, const std::string& problem) {
    const config::Value* budget = method.selector_config.child("budget");
    const std::string name = method.name_unless_in_path();
    config::fail_value(*budget, method.selector_path + ".budget",
                       name.empty() ? problem : name + ": " + problem);
  };
  std::optional<std::int64_t> reference;
  for (const Method& method : methods) {
    if (method.takes_rows() && method.role == Role::reference) {
      reference = rows_of(method.selector_config);
    }
  }
  for (const Method& method : methods) {
    if (!method.takes_rows()) continue;
    const auto rows = rows_of(method.selector_config);
    if (!rows) continue;
    if (pool_rows > 0 && *rows > static_cast<std::int64_t>(pool_rows)) {
      fail(method, fmt::format("{} rows are wanted{}, and the pool has {}", *rows,
                               method.role == Role::reference
                                   ? " for the reference (budget times reference_multiple)"
                                   : "",
                               pool_rows));
    }
    if (reference && method.role == Role::control && *rows > *reference) {
      fail(method, fmt::format("the control takes {} rows, more than the reference's {}", *rows,
                               *reference));
    }
  }
}

}  // namespace winnow
