#include "experiments/comparison/selector_table.h"

#include <algorithm>
#include <set>
#include <string>

#include "config/component.h"
#include "config/left_out.h"
#include "selectors/selector.h"

namespace winnow {
namespace {

// Calls `visit` with the origin of every value in a table.
template <class Visit>
void each_origin(const config::Value& value, const Visit& visit) {
  if (!value.is_table()) return visit(value.origin());
  for (const auto& [key, inner] : value.table()) each_origin(inner, visit);
}

std::set<std::string> files_of(const config::Value& value) {
  std::set<std::string> files;
  each_origin(value, [&](const config::Origin& origin) { files.insert(origin.file); });
  return files;
}

// The keys of the selector of that name, or of all but that; of nested options only the outermost.
std::set<std::string> options_of_selector(const std::string& name, bool all_but) {
  std::set<std::string> keys;
  for (const config::ComponentInfo& info : config::list_components()) {
    if (info.kind != "selector" || (info.name == name) == all_but) continue;
    for (const auto& option : info.options) {
      keys.insert(option.name.substr(0, option.name.find('.')));
    }
  }
  return keys;
}

bool is_selector(const std::string& name) {
  const std::vector<std::string> known = selectors().names();
  return std::find(known.begin(), known.end(), name) != known.end() ||
         config::left_out_by("selector", name) != nullptr;
}

}  // namespace

config::Value selector_table(const config::Value& given, ForeignOptions foreign) {
  const config::Value* type = given.child("type");
  if (type == nullptr || !type->is_string()) return given;
  // An option may be called as its selector is (temporal_share); a word to a selector is a table.
  const config::Value* for_it = given.child(type->string());
  if (for_it != nullptr && !for_it->is_table()) for_it = nullptr;
  if (foreign == ForeignOptions::of_the_same_files && for_it == nullptr) return given;
  const std::set<std::string> own = options_of_selector(type->string(), false);
  const std::set<std::string> others = options_of_selector(type->string(), true);
  const std::set<std::string> speaking = for_it ? files_of(*for_it) : std::set<std::string>{};
  const auto allowed = [&](const config::Value& value) {
    const std::set<std::string> files = files_of(value);
    if (foreign == ForeignOptions::any) return !files.contains("command line");
    return std::includes(speaking.begin(), speaking.end(), files.begin(), files.end());
  };
  config::Value table = for_it != nullptr ? *for_it : config::Value();
  for (const auto& [key, value] : given.table()) {
    const bool is_foreign = !own.contains(key) && others.contains(key) && allowed(value);
    const bool is_sub_table_of_another = value.is_table() && is_selector(key);
    const bool is_word_to_it = for_it != nullptr && key == type->string();
    if (!is_word_to_it && !is_foreign && !is_sub_table_of_another) {
      table.set(config::join_key("", key), value);
    }
  }
  table.set_origin(given.origin());
  return table;
}

void fail_column(const config::Value& selector, const std::string& path, const std::string& column,
                 const std::string& method, const std::string& problem) {
  const std::string key = key_naming(selector, column);
  const config::Value* value = key.empty() ? nullptr : selector.find(key);
  config::fail_value(value == nullptr ? selector : *value, key.empty() ? path : path + "." + key,
                     method.empty() ? problem : method + ": " + problem);
}

}  // namespace winnow
