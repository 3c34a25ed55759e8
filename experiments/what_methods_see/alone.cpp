#include "experiments/what_methods_see/alone.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <cmath>

#include "core/errors.h"
#include "experiments/comparison/comparison.h"

namespace winnow {
namespace {

constexpr const char* kProperties = "pool.properties";

// The control's table, by its name; empty where there is none.
std::pair<std::string, config::Value> control_of(const config::Value& config) {
  for (const auto& [name, method] : config.at("methods").table()) {
    const config::Value* role = method.child("role");
    if (role != nullptr && role->is_string() && role->string() == "control") {
      return {name, method};
    }
  }
  return {};
}

}  // namespace

config::Value alone_config(const config::Value& config, const std::string& property) {
  config::Value own = config;
  // What a uniform draw does not read.
  for (const char* table : {"selector", "utility", "utility_pass", "utility_rows", "anchors",
                            "judge", "measured_pool", "published", kProperties, "methods"}) {
    if (own.find(table) != nullptr) own.erase(table);
  }
  if (!property.empty()) {
    const std::string place = config::join_key(kProperties, property);
    own.set(place, config.at(kProperties).at(property));
  }
  auto [name, control] = control_of(config);
  control.set("role", config::Value(std::string("reference"), {}));
  own.set(config::join_key("methods", name), control);
  return own;
}

std::vector<std::string> planted_properties(const config::Value& config) {
  const config::Value* planted = config.find(kProperties);
  if (planted == nullptr || !planted->is_table() || planted->table().empty()) {
    throw ConfigError(
        "recipe.alone: the pool's config has no table 'properties' with what to plant alone, as "
        "mixture@pool=planted has it");
  }
  if (control_of(config).first.empty()) {
    throw ConfigError(
        "recipe.alone: no method has role = \"control\", the draw that is trained on each pool");
  }
  std::vector<std::string> names;
  for (const auto& [name, table] : planted->table()) names.push_back(name);
  return names;
}

NumbersAlone numbers_alone(const config::Value& config, const ComparisonOptions& options,
                           StageCache& stages) {
  spdlog::info("nothing planted");
  ComparisonResults all = compare(alone_config(config, ""), stages);
  all.methods.front().label = "none";
  bool same_base = true;
  for (const std::string& property : planted_properties(config)) {
    spdlog::info("{} alone", property);
    const ComparisonResults own = compare(alone_config(config, property), stages);
    for (std::size_t world = 0; world < all.worlds.size(); ++world) {
      same_base = same_base && own.worlds[world].base_digest == all.worlds[world].base_digest;
    }
    MethodResult method = own.methods.front();
    method.name = method.label = property;
    method.role = Role::method;
    all.methods.push_back(std::move(method));
  }
  return {numbers_of(all, options), same_base};
}

Table alone_table(const NumbersAlone& alone, const config::Value& config,
                  const ComparisonOptions& options) {
  const ComparisonNumbers& numbers = alone.numbers;
  Table table;
  table.title = "Each property alone: accuracy of a uniform draw";
  table.columns = {{"Property"}, {"Share, %"}, {"Accuracy"}, {"SD"}, {"To none"}};
  for (const MethodNumbers& method : numbers.methods) {
    const NumberFormat points{1, false, ""};
    TableCell share = TableCell::Missing{"nothing is planted"};
    if (method.role != Role::reference) {
      const config::Value& wanted =
          config.at(config::join_key(config::join_key(kProperties, method.name), "share"));
      share = TableCell::Number{100 * wanted.number(), points};
    }
    TableCell spread = TableCell::Missing{"one seed"};
    if (!std::isnan(method.average.spread)) {
      spread = TableCell::Number{method.average.spread, points};
    }
    TableCell difference = TableCell::Missing{"the pool that the others are measured against"};
    if (method.difference) {
      difference = TableCell::Measured{method.difference->interval, {1, true, ""}};
    }
    table.rows.push_back(
        {{method.label, std::move(share), TableCell::Number{method.average.mean, points},
          std::move(spread), std::move(difference)}});
  }
  table.notes.push_back(fmt::format(
      "Each row is a pool with this property and nothing else; the same rows are drawn from all of "
      "them and trained on alike. Differences in points with {:g} % intervals over questions and "
      "seeds, paired.",
      100 * options.confidence));
  if (!alone.same_base) {
    table.notes.emplace_back(
        "Each pool has a base of its own, whose tokenizer has learnt the pool's words: a part of a "
        "difference is the bases'.");
  }
  return table;
}

}  // namespace winnow
