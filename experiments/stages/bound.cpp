#include "experiments/stages/bound.h"

#include "config/read.h"

namespace winnow {

config::Value with_defaults(const config::Value& table, const std::string& kind) {
  config::Value result = table;
  const config::Value* type = table.child("type");
  for (const config::ComponentInfo& component : config::list_components()) {
    if (component.kind != kind || type == nullptr || component.name != type->string()) continue;
    for (const config::OptionDescription& option : component.options) {
      const bool element = option.name.find("[].") != std::string::npos ||
                           option.name.find(".*.") != std::string::npos;
      if (element || option.default_value.empty() || result.find(option.name) != nullptr) continue;
      result.set(option.name, config::parse_value(option.default_value, option.name, {}));
    }
  }
  return result;
}

}  // namespace winnow
