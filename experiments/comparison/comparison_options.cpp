#include "experiments/comparison/comparison_options.h"

#include <algorithm>
#include <set>

#include "config/component.h"
#include "experiments/comparison/measured_pool.h"
#include "experiments/comparison/selector_table.h"

namespace winnow {
namespace {

const bool scale_registered = config::add_table<RunScale>("", "the top of a comparison's config");
const bool sampling_registered =
    config::add_table<SamplingOptions>("sampling", "frames that model and descriptors see");
const bool proxy_registered =
    config::add_table<ProxyOptions>("proxy", "the model that measures the pool");
const bool methods_registered =
    config::add_table<MethodOptions>("methods.*", "a method, beside its table `selector`");

// Tables of a comparison that are read elsewhere.
const std::vector<std::string> other_tables = {
    "recipe",       "run",          "world",    "screening",   "sampling",      "model",
    "base",         "proxy",        "methods",  "selector",    "utility",       "anchors",
    "utility_pass", "utility_rows", "judge",    "descriptors", "measured_pool", "trainer",
    "batch_source", "evaluator",    "published"};

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
  std::string selector_path = path + ".selector";
  if (selector == nullptr) {
    selector = shared;
    selector_path = "selector";
  }
  if (selector == nullptr) {
    config::fail_value(table, path,
                       "there is no table 'selector' that says which rows it takes, and none at "
                       "the top of the config");
  }
  check_selector_type(*selector, selector_path);
  if (names_pool_selector(*selector)) {
    method.selector_config = selector_table(*selector, ForeignOptions::of_the_same_files);
    method.pool_selector = pool_selectors().create(method.selector_config, selector_path);
  } else {
    method.selector_config = *selector;
    method.selector = selectors().create(*selector, selector_path);
  }
  if ((method.selector && method.selector->reads_hidden_labels()) !=
      (method.role == Role::oracle)) {
    config::fail_value(*selector, selector_path,
                       method.role == Role::oracle
                           ? "this selector reads no hidden labels and is no oracle"
                           : "this selector reads hidden labels, so its role must be \"oracle\"");
  }
  return method;
}

}  // namespace

config::Help help(const MethodOptions&) {
  return {{"label", "name in tables; empty: the table's own"},
          {"role", "what it is in the comparison"}};
}

config::Help help(const ProxyOptions&) {
  return {{"warm_up_share",
           "share of the pool, drawn uniformly, that the base is trained on before it measures; a "
           "table proxy.model beside it makes the measuring model another one than the target",
           config::between(0, 1)},
          {"per_seed",
           "utility: whether the proxy is warmed up anew for each seed, so that what its draw is "
           "worth is in the spread; false: once for a world, as it is for descriptors"}};
}

config::Help help(const ComparisonOptions&) {
  return {{"title", "heading of the table"},
          {"confidence", "level of the intervals", config::between(0.5, 0.999)},
          {"bootstrap_draws", "resamples of questions and seeds", config::between(100, 100000)},
          {"maximum_failed_media_share",
           "share of pool media that may be undecodable; their samples are left out and listed",
           config::between(0, 1)}};
}

config::Help help(const RunScale&) {
  return {
      {"seeds", "training seeds; each also drives the draws of a selector", config::at_least(0)},
      {"worlds", "worlds (with a base model each) that the seeds are spread over",
       config::at_least(1)},
      {"world_seed", "seed of the first world and its base; the next have the next seeds",
       config::at_least(0)},
      {"budget", "rows of a method: 1x", config::at_least(1)},
      {"reference_budget", "rows of the reference: 10x", config::at_least(1)},
      {"profiles", "rows of each goal at its own size, for experiments that compare those",
       config::at_least(1)},
      {"benchmarks", "benchmarks of the world, in the order of the table's columns"}};
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
    methods.push_back(read_method(name, value, path, shared));
    shared_is_used =
        shared_is_used || (methods.back().selector && value.child("selector") == nullptr);
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

std::vector<std::string> required_columns(const config::Value& config, const Method& method) {
  if (method.selector) return method.selector->required_columns();
  if (!method.pool_selector) return {};
  const std::string path = "methods." + method.name + ".selector";
  const config::Value* table = config.child("measured_pool");
  if (table == nullptr) {
    config::fail_value(method.selector_config, path,
                       "this selector reads files, and there is no table 'measured_pool' that says "
                       "how a run writes them, as measured_pool/gdo_release.toml does");
  }
  const auto writer = measured_pool_writers().create(*table, "measured_pool");
  const config::Value decided = writer->selector_keys({}, 0);
  for (const auto& [key, value] : decided.table()) {
    const config::Value* set = method.selector_config.child(key);
    const bool empty = set != nullptr && set->is_string() && set->string().empty();
    if (set == nullptr || empty) continue;
    config::fail_value(*set, config::join_key(path, key), "a run decides this; leave it out");
  }
  return writer->required_columns();
}

RunScale read_scale(const config::Value& config) {
  const auto scale = config::bind<RunScale>(config, "", other_tables);
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

ProxyOptions read_proxy(const config::Value& config) {
  const config::Value* table = config.child("proxy");
  return table == nullptr ? ProxyOptions{} : config::bind<ProxyOptions>(*table, "proxy", {"model"});
}

SamplingOptions read_sampling(const config::Value& config, const SamplingOptions& unsaid) {
  const config::Value* table = config.child("sampling");
  return table == nullptr ? unsaid : config::bind_over(unsaid, *table, "sampling");
}

}  // namespace winnow
