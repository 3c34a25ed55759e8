#pragma once
// What `winnow config`, `winnow list` and --help print, made from the composed config and from the
// option structs alone.

#include <string>
#include <vector>

#include "config/compose.h"
#include "config/options.h"
#include "config/value.h"

namespace winnow::config {

// TOML that can be read again, with "# file:line" (or "# command line") behind each value.
std::string print_config(const Value& config);

// Without arguments every kind with its components; with a kind those of the kind; with a name also
// its options (type, default, range, help). Throws ConfigError with the nearest name.
std::string print_component_list(const std::string& kind = "", const std::string& name = "");

// The same kinds as Markdown tables of names and what they are.
std::string print_component_tables(const std::string& kind = "");

// One line per option: name, type, default, range, help; each line starts with `indent`.
std::string print_options(const std::vector<OptionDescription>& options,
                          const std::string& indent = "  ");

// One line per group: "goal = diverse | minloss | temp".
std::string print_groups(const std::vector<std::filesystem::path>& directories,
                         const std::string& indent = "  ");

}  // namespace winnow::config
