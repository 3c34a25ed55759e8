#include "selectors/selector.h"

#include <algorithm>

#include "selectors/explanation.h"
#include "selectors/manifest.h"

namespace winnow {

config::ComponentKind<Selector>& selectors() {
  static config::ComponentKind<Selector> kind("selector");
  return kind;
}

std::string SelectionInput::key(const std::string& option) const {
  return place + "." + option + (method.empty() ? "" : " (of " + method + ")");
}

std::string Selector::explain(const SelectionInput& input, const std::string& sample) const {
  return explain_selection(find_selection(input.folder), sample);
}

OptionError::OptionError(std::string option, const std::string& problem)
    : ConfigError("selector." + option + ": " + problem),
      option_(std::move(option)),
      problem_(problem) {}

std::unique_ptr<Selector> make_selector(const config::Value& table, const std::string& path) {
  try {
    return selectors().create(table, path);
  } catch (const OptionError& error) {
    const std::string key = path + "." + error.option();
    if (const config::Value* value = table.find(error.option())) {
      config::fail_value(*value, key, error.problem());
    }
    throw ConfigError(key + ": " + error.problem());
  }
}

std::string key_naming(const config::Value& table, const std::string& column) {
  if (!table.is_table()) return "";
  const auto is_it = [&](const config::Value& value) {
    return value.is_string() && value.string() == column;
  };
  for (const auto& [key, value] : table.table()) {
    const std::string name = config::join_key("", key);
    if (key == "type") continue;
    if (is_it(value)) return name;
    if (value.is_array() && std::any_of(value.array().begin(), value.array().end(), is_it)) {
      return name;
    }
    if (key == column && !value.is_table()) return name;
    const std::string inner = key_naming(value, column);
    if (!inner.empty()) return name + "." + inner;
  }
  return "";
}

}  // namespace winnow
