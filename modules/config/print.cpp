#include "config/print.h"

#include <fmt/format.h>

#include <algorithm>

#include "config/component.h"

namespace winnow::config {
namespace {

// Rows of cells in aligned columns; the last column is free.
std::string aligned(const std::vector<std::vector<std::string>>& rows, const std::string& indent) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i + 1 < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const auto& row : rows) {
    std::string line = indent;
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += i + 1 < row.size() ? fmt::format("{:<{}}  ", row[i], widths[i]) : row[i];
    }
    text += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  }
  return text;
}

}  // namespace

std::string print_config(const Value& config) { return config.to_toml(true); }

std::string print_options(const std::vector<OptionDescription>& options,
                          const std::string& indent) {
  if (options.empty()) return indent + "no options\n";
  std::vector<std::vector<std::string>> rows;
  for (const OptionDescription& option : options) {
    std::string help = option.help;
    if (option.range) help += " (" + option.range->text() + ")";
    rows.push_back({option.name, option.type,
                    option.default_value.empty() ? "" : "= " + option.default_value, help});
  }
  return aligned(rows, indent);
}

std::string print_component_list(const std::string& kind, const std::string& name) {
  std::vector<ComponentInfo> infos = list_components();
  std::vector<std::string> kinds, names;
  for (const ComponentInfo& info : infos) {
    if (kinds.empty() || kinds.back() != info.kind) kinds.push_back(info.kind);
    if (info.kind == kind) names.push_back(info.name);
  }
  if (!kind.empty() && names.empty()) {
    throw ConfigError("there is no kind of component named '" + kind + "'." +
                      suggestion(kind, kinds));
  }
  if (!name.empty()) {
    for (const ComponentInfo& info : infos) {
      if (info.kind == kind && info.name == name) {
        return fmt::format("{} {}: {}\n", kind, name, info.help) + print_options(info.options);
      }
    }
    throw ConfigError("there is no " + kind + " named '" + name + "'." + suggestion(name, names));
  }
  std::string text;
  for (const std::string& shown : kinds) {
    if (!kind.empty() && shown != kind) continue;
    std::vector<std::vector<std::string>> rows;
    for (const ComponentInfo& info : infos) {
      if (info.kind == shown) rows.push_back({info.name, info.help});
    }
    text += (text.empty() ? "" : "\n") + shown + "\n" + aligned(rows, "  ");
  }
  return text;
}

std::string print_component_tables(const std::string& kind) {
  print_component_list(kind);  // throws where there is no such kind
  std::string text, last;
  for (const ComponentInfo& info : list_components()) {
    if (!kind.empty() && info.kind != kind) continue;
    if (info.kind != last) {
      text += fmt::format("{}| {} | |\n| --- | --- |\n", text.empty() ? "" : "\n", info.kind);
      last = info.kind;
    }
    std::string help;
    for (const char character : info.help) {
      if (character == '|') help += '\\';
      help += character;
    }
    text += fmt::format("| `{}` | {} |\n", info.name, help);
  }
  return text;
}

std::string print_groups(const std::vector<std::filesystem::path>& directories,
                         const std::string& indent) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& [group, options] : list_groups(directories)) {
    rows.push_back({group, fmt::format("= {}", fmt::join(options, " | "))});
  }
  return aligned(rows, indent);
}

}  // namespace winnow::config
