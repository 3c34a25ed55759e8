#include "config/compose.h"

#include <algorithm>

#include "config/defaults.h"
#include "config/interpolate.h"
#include "config/read.h"
#include "config/search_path.h"

namespace winnow::config {
namespace {

// Tables merge key by key; anything else replaces what was there.
void merge(Value& base, const Value& layer) {
  if (!base.is_table() || !layer.is_table()) {
    base = layer;
    return;
  }
  for (const auto& [key, value] : layer.table()) {
    if (Value* existing = base.child(key)) {
      merge(*existing, value);
    } else {
      base.table().emplace_back(key, value);
    }
  }
  base.set_origin(layer.origin());
}

// Of two values for one key neither can be what the user means.
void check_given_once(const std::vector<std::string>& overrides) {
  std::map<std::string, std::string> given;  // key -> override
  for (const std::string& text : overrides) {
    const auto [other, is_new] = given.emplace(parse_override(text).key, text);
    if (is_new) continue;
    throw ConfigError("command line: '" + other->first + "' is given twice, as '" + other->second +
                      "' and as '" + text + "'; leave one of them out");
  }
}

bool is_group_choice(const Override& change, const SearchPath& files) {
  if (change.action == Override::Action::erase) return false;
  if (!files.has_group(change.key.substr(0, change.key.find('@')))) return false;
  return change.value.empty() ||
         std::string_view("[{\"'").find(change.value.front()) == std::string_view::npos;
}

}  // namespace

Value compose(const ComposeRequest& request) {
  check_given_once(request.overrides);
  SearchPath files(request.directories);
  std::vector<Override> choices, changes;
  for (const std::string& text : request.overrides) {
    Override change = parse_override(text);
    (is_group_choice(change, files) ? choices : changes).push_back(std::move(change));
  }
  Value config;
  for (const Layer& layer : resolve_defaults(files, request.root, choices)) {
    if (layer.place.empty()) {
      merge(config, layer.content);
      continue;
    }
    if (config.find(layer.place) == nullptr) {
      config.set(layer.place, Value(Value::Table{}, layer.content.origin()));
    }
    merge(*config.find(layer.place), layer.content);
  }
  for (const Override& change : changes) apply_override(config, change, files.groups());
  return interpolate(config);
}

std::map<std::string, std::vector<std::string>> list_groups(
    const std::vector<std::filesystem::path>& directories) {
  const SearchPath files(directories);
  std::map<std::string, std::vector<std::string>> result;
  for (const std::string& group : files.groups()) result[group] = files.options(group);
  return result;
}

}  // namespace winnow::config
