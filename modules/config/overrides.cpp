#include "config/overrides.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <regex>

#include "config/bind_detail.h"
#include "config/component.h"
#include "config/read.h"

namespace winnow::config {
namespace {

const Origin command_line{"command line", 0};

struct SplitText {
  std::string sign, key;
  std::optional<std::string> value;
};

SplitText split_text(const std::string& text) {
  SplitText result;
  std::size_t start = 0;
  for (const char* sign : {"++", "+", "~"}) {
    if (text.starts_with(sign)) {
      result.sign = sign;
      start = result.sign.size();
      break;
    }
  }
  bool inside = false;
  std::size_t end = start;
  while (end < text.size() && (inside || text[end] != '=')) {
    if (text[end] == '"') inside = !inside;
    ++end;
  }
  result.key = text.substr(start, end - start);
  if (end < text.size()) result.value = text.substr(end + 1);
  return result;
}

std::optional<std::vector<std::string>> range_of(const std::string& text) {
  static const std::regex pattern(R"((-?\d{1,18})\.\.(-?\d{1,18}))");
  std::smatch match;
  if (!std::regex_match(text, match, pattern)) return std::nullopt;
  std::vector<std::string> numbers;
  const std::int64_t last = std::stoll(match[2]);
  for (std::int64_t i = std::stoll(match[1]); i <= last && numbers.size() <= 10000; ++i) {
    numbers.push_back(std::to_string(i));
  }
  return numbers;
}

std::vector<std::string> sweep_values(const std::string& text) {
  std::vector<std::string> values;
  for (const std::string& part : split_outside_brackets(text, ',')) {
    if (const auto range = range_of(part)) {
      values.insert(values.end(), range->begin(), range->end());
    } else {
      values.push_back(part);
    }
  }
  return values;
}

void add_names(const Value& table, std::vector<std::string>& names) {
  if (!table.is_table()) return;
  for (const auto& [name, value] : table.table()) names.push_back(name);
}

// Whether add_table's `pattern` declares the table at `path`.
bool declares(const std::string& pattern, const std::string& path) {
  if (pattern == ".") return path.empty();
  const std::vector<std::string> wanted = split_key(pattern), given = split_key(path);
  return std::equal(wanted.begin(), wanted.end(), given.begin(), given.end(),
                    [](const auto& left, const auto& right) {
                      return left == right || (left == "*" && !right.empty());
                    });
}

// The options of whatever component (be it only by name: which kind reads the table is known when
// it is created, and bind() then checks it again) or declared table stands at `path`; `table` is
// null when the config has nothing there.
std::vector<OptionDescription> options_at(const Value* table, const std::string& path) {
  const Value* type = table == nullptr ? nullptr : table->child("type");
  std::vector<OptionDescription> options;
  for (const ComponentInfo& info : list_components()) {
    const bool fits = info.kind == "table"
                          ? declares(info.name, path)
                          : type != nullptr && type->is_string() && info.name == type->string();
    if (fits) options.insert(options.end(), info.options.begin(), info.options.end());
  }
  return options;
}

// Whether `options` have one of this flattened name, or a map that would hold it.
bool has_option(const std::vector<OptionDescription>& options, const std::string& name) {
  return std::any_of(options.begin(), options.end(), [&](const OptionDescription& option) {
    return option.name == name ||
           (option.type.starts_with("table of ") && name.starts_with(option.name + "."));
  });
}

// The options that stand directly in the nested table `path` ("" for the outermost).
std::vector<std::string> names_below(const std::vector<OptionDescription>& options,
                                     const std::string& path) {
  std::vector<std::string> names;
  const std::string prefix = path.empty() ? "" : path + ".";
  for (const OptionDescription& option : options) {
    if (!option.name.starts_with(prefix)) continue;
    const std::string name = option.name.substr(prefix.size());
    if (name.find_first_of(".[") == std::string::npos) names.push_back(name);
  }
  return names;
}

struct Lookup {
  bool is_option = false;
  std::string parent;              // path of the deepest table on the way
  std::string missing;             // the first key that is not in it
  std::vector<std::string> names;  // what could stand there
};

// Walks to `key`, collecting what would have been possible where the way ends.
Lookup look_up(const Value& config, const std::string& key,
               const std::vector<std::string>& top_level_names) {
  Lookup lookup;
  const std::vector<std::string> segments = split_key(key);
  const Value* node = &config;
  std::vector<std::pair<std::size_t, std::vector<OptionDescription>>> owners;
  std::size_t depth = 0;
  for (; depth < segments.size(); ++depth) {
    if (!node->is_table()) {
      throw ConfigError(
          fmt::format("command line: {}: '{}' ({}, {}) is no table, it has no key '{}'", key,
                      lookup.parent, node->to_text(), node->origin().text(), segments[depth]));
    }
    owners.emplace_back(depth, options_at(node, lookup.parent));
    const Value* next = node->child(segments[depth]);
    if (next == nullptr) break;
    node = next;
    lookup.parent = join_key(lookup.parent, segments[depth]);
  }
  if (depth == segments.size()) return lookup;
  lookup.missing = segments[depth];
  add_names(*node, lookup.names);
  if (depth == 0) {
    lookup.names.insert(lookup.names.end(), top_level_names.begin(), top_level_names.end());
    for (const ComponentInfo& info : list_components()) {
      if (info.kind == "table" && info.name != ".") lookup.names.push_back(split_key(info.name)[0]);
    }
  }
  // A declared table need not be in any file.
  std::string path = lookup.parent;
  for (std::size_t start = depth + 1; start < segments.size(); ++start) {
    path = join_key(path, segments[start - 1]);
    std::vector<OptionDescription> options = options_at(nullptr, path);
    if (options.empty()) continue;
    lookup.parent = path;
    lookup.missing = segments[start];
    lookup.names.clear();
    depth = start;
    owners.emplace_back(start, std::move(options));
  }
  const auto joined = [&](std::size_t first, std::size_t last) {
    std::string text;
    for (std::size_t i = first; i < last; ++i) text += (i > first ? "." : "") + segments[i];
    return text;
  };
  for (bool descend = true; descend;) {
    descend = false;
    for (const auto& [start, options] : owners) {
      lookup.is_option |= has_option(options, joined(start, segments.size()));
      for (const std::string& name : names_below(options, joined(start, depth))) {
        lookup.names.push_back(name);
        descend |= name == lookup.missing && depth + 1 < segments.size();
      }
    }
    // A nested table of options that no file writes: the mistake, if any, is further down.
    if (descend) {
      lookup.parent = join_key(lookup.parent, segments[depth]);
      lookup.missing = segments[++depth];
      lookup.names.clear();
    }
  }
  std::sort(lookup.names.begin(), lookup.names.end());
  lookup.names.erase(std::unique(lookup.names.begin(), lookup.names.end()), lookup.names.end());
  return lookup;
}

std::string absent(const Lookup& lookup) {
  return "there is no key '" + join_key(lookup.parent, lookup.missing) + "'." +
         suggestion(lookup.missing, lookup.names);
}

}  // namespace

Override parse_override(const std::string& text) {
  const SplitText split = split_text(text);
  const auto wrong = [&](const std::string& problem) -> ConfigError {
    return ConfigError("command line: '" + text + "': " + problem);
  };
  Override result;
  result.key = split.key;
  if (split.key.empty() || split.key.find_first_of(" \t") != std::string::npos) {
    throw wrong("expected key=value, +key=value, ++key=value or ~key");
  }
  for (const std::string& segment : split_key(split.key)) {
    if (segment.empty()) throw wrong("the key '" + split.key + "' has an empty part");
  }
  if (split.sign == "~") {
    if (split.value) throw wrong("to delete a key write ~" + split.key + ", without a value");
    result.action = Override::Action::erase;
    return result;
  }
  if (!split.value) throw wrong("expected " + split.key + "=value");
  if (split_outside_brackets(*split.value, ',').size() > 1 || range_of(*split.value)) {
    throw wrong(
        "several values are a sweep and need -m; a list is written [1,2], and text in "
        "double quotes");
  }
  result.value = *split.value;
  result.action = split.sign == "++"  ? Override::Action::force
                  : split.sign == "+" ? Override::Action::add
                                      : Override::Action::set;
  return result;
}

void apply_override(Value& config, const Override& change,
                    const std::vector<std::string>& top_level_names) {
  const std::string& key = change.key;
  if (key.find_first_of("/@") != std::string::npos && key.find('"') == std::string::npos) {
    const std::string group = key.substr(0, key.find('@'));
    throw ConfigError("command line: " + key + ": there is no group '" + group + "'." +
                      suggestion(group, top_level_names));
  }
  const Lookup lookup = look_up(config, key, top_level_names);
  const bool exists = lookup.missing.empty();
  if (change.action == Override::Action::erase) {
    if (!exists) throw ConfigError("command line: ~" + key + ": " + absent(lookup));
    config.erase(key);
    return;
  }
  Value value = parse_value(change.value, key, command_line);
  if (change.action == Override::Action::add && exists) {
    const Value& old = config.at(key);
    fail_value(value, "+" + key,
               "the key is already there, as " + old.to_text() + " (" + old.origin().text() +
                   "); to change it write " + key + "=" + change.value);
  }
  if (change.action == Override::Action::set) {
    if (!exists && !lookup.is_option) {
      fail_value(value, key, absent(lookup) + " To add a key write +" + key + "=" + change.value);
    }
    if (exists && config.at(key).is_table() && !value.is_table()) {
      std::vector<std::string> names;
      add_names(config.at(key), names);
      fail_value(value, key,
                 "this is a table (" + config.at(key).origin().text() +
                     "); set one of its keys: " + fmt::format("{}", fmt::join(names, ", ")));
    }
  }
  config.set(key, std::move(value));
}

bool may_have_any_name(const std::string& path) {
  const std::vector<ComponentInfo> components = list_components();
  return std::any_of(components.begin(), components.end(), [&](const ComponentInfo& info) {
    return info.kind == "table" && info.name.ends_with(".*") && declares(info.name, path);
  });
}

std::vector<std::vector<std::string>> expand_sweep(const std::vector<std::string>& overrides) {
  constexpr std::size_t most_runs = 10000;
  std::vector<std::vector<std::string>> runs(1);
  for (const std::string& text : overrides) {
    const SplitText split = split_text(text);
    std::vector<std::string> values{split.value.value_or("")};
    if (split.value) values = sweep_values(*split.value);
    if (values.empty()) throw ConfigError("command line: '" + text + "': the range is empty");
    std::vector<std::string> sorted = values;
    std::sort(sorted.begin(), sorted.end());
    if (const auto twice = std::adjacent_find(sorted.begin(), sorted.end());
        twice != sorted.end()) {
      throw ConfigError("command line: '" + text + "': the value " + *twice + " is there twice");
    }
    if (runs.size() * values.size() > most_runs) {
      throw ConfigError(
          fmt::format("command line: '{}': the sweep has more than {} runs", text, most_runs));
    }
    std::vector<std::vector<std::string>> longer;
    for (const std::vector<std::string>& run : runs) {
      for (const std::string& value : values) {
        longer.push_back(run);
        longer.back().push_back(split.sign + split.key + (split.value ? "=" + value : ""));
      }
    }
    runs = std::move(longer);
  }
  return runs;
}

void check_known_keys(const Value& config, const std::vector<std::string>& known,
                      const std::string& path) {
  detail::check_keys(config, path, known, {});
}

}  // namespace winnow::config
