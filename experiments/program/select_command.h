#pragma once
// `winnow select`: rows of a pool's files, as files.

#include <filesystem>
#include <functional>
#include <iosfwd>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "config/value.h"
#include "selectors/pool_selector.h"

namespace winnow {

// What makes a selector of tables (selectors/selector.h) choose from a pool's files: it takes the
// config's table `selector` and throws ConfigError where that cannot work.
using TableSelectorOnPool =
    std::function<std::unique_ptr<PoolSelector>(const config::Value& selector)>;
// By the type of the pool; each registers itself.
std::map<std::string, TableSelectorOnPool>& table_selectors_on_pools();

struct SelectRequest {
  std::vector<std::string> overrides;
  bool sweep = false;
  std::vector<std::filesystem::path> directories;  // of configs
  // Called with the first composed config before any data is read.
  std::function<void(const config::Value&)> prepare;
};

// Composes configs/select.toml with the overrides, selects, and leaves the folder that `output`
// names: the selector's files and config.toml; with a sweep a sub-folder for each run, named after
// what sets it apart. All runs of a sweep share what they can of reading the pool. Prints a line
// for each and its warnings, and returns 0. The folder appears whole or not at all; one that is
// there is replaced only when it holds nothing but an earlier selection. Throws ConfigError for
// options and paths that cannot work, and what the selector throws.
int select_command(const SelectRequest& request, std::ostream& out);

// Whether a folder is what `winnow select` left, and why its selection took a sample, or did not:
// by the config there, the pool read again.
bool is_selected_folder(const std::filesystem::path& folder);
std::string explain_selected(const std::filesystem::path& folder, const std::string& sample);

}  // namespace winnow
