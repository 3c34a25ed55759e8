#include "config/component.h"

#include <map>

#include "config/left_out.h"

namespace winnow::config {
namespace {

// Keyed by kind, then name: sorted, and there before any registering static needs it.
std::map<std::pair<std::string, std::string>, ComponentInfo>& catalog() {
  static std::map<std::pair<std::string, std::string>, ComponentInfo> entries;
  return entries;
}

}  // namespace

std::vector<ComponentInfo> list_components() {
  std::vector<ComponentInfo> result;
  for (const auto& [key, info] : catalog()) result.push_back(info);
  return result;
}

namespace detail {

void add_to_catalog(ComponentInfo info) {
  std::pair<std::string, std::string> key{info.kind, info.name};
  if (!catalog().emplace(key, std::move(info)).second) {
    throw std::logic_error("two entries are registered as " + key.first + " '" + key.second + "'");
  }
}

std::string component_type(const Value& table, const std::string& path, const std::string& kind,
                           const std::vector<std::string>& known) {
  if (!table.is_table()) fail_type(table, path, "a table with the " + kind + "'s type and options");
  const Value* type = table.child("type");
  if (type == nullptr) {
    fail_value(table, path,
               "there is no key 'type' that names the " + kind + "." + suggestion("", known));
  }
  const std::string type_path = join_key(path, "type");
  if (!type->is_string()) fail_type(*type, type_path, "the name of a " + kind);
  for (const std::string& name : known) {
    if (name == type->string()) return name;
  }
  if (const std::string* option = left_out_by(kind, type->string())) {
    fail_value(*type, type_path,
               "this build leaves that " + kind + " out; configure it with -D" + *option + "=ON");
  }
  fail_value(*type, type_path,
             "there is no " + kind + " of that name." + suggestion(type->string(), known));
}

}  // namespace detail
}  // namespace winnow::config
