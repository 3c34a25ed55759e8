#include "config/search_path.h"

#include <set>

#include "config/read.h"

namespace winnow::config {
namespace fs = std::filesystem;

SearchPath::SearchPath(std::vector<fs::path> directories) : directories_(std::move(directories)) {
  for (const fs::path& directory : directories_) {
    if (!fs::is_directory(directory)) {
      throw ConfigError(directory.string() + ": this config folder does not exist");
    }
  }
}

std::optional<fs::path> SearchPath::find(const std::string& name) const {
  for (const fs::path& directory : directories_) {
    if (fs::path path = directory / (name + ".toml"); fs::is_regular_file(path)) return path;
  }
  return std::nullopt;
}

bool SearchPath::has_file(const std::string& name) const { return find(name).has_value(); }

bool SearchPath::has_group(const std::string& group) const {
  if (group.empty() || group.front() == '/') return false;
  for (const fs::path& directory : directories_) {
    if (fs::is_directory(directory / group)) return true;
  }
  return false;
}

const Value& SearchPath::load(const std::string& name) {
  const auto found = loaded_.find(name);
  if (found != loaded_.end()) return found->second;
  return loaded_.emplace(name, read_toml(find(name).value())).first->second;
}

std::vector<std::string> SearchPath::options(const std::string& group) const {
  std::set<std::string> names;
  for (const fs::path& directory : directories_) {
    if (!fs::is_directory(directory / group)) continue;
    for (const auto& entry : fs::directory_iterator(directory / group)) {
      if (entry.path().extension() == ".toml") names.insert(entry.path().stem().string());
    }
  }
  return {names.begin(), names.end()};
}

std::vector<std::string> SearchPath::groups() const {
  std::set<std::string> names;
  for (const fs::path& directory : directories_) {
    for (const auto& entry : fs::recursive_directory_iterator(directory)) {
      const fs::path& path = entry.path();
      if (path.extension() == ".toml" && path.parent_path() != directory) {
        names.insert(fs::relative(path.parent_path(), directory).generic_string());
      }
    }
  }
  return {names.begin(), names.end()};
}

std::string SearchPath::text() const {
  std::string result;
  for (const fs::path& directory : directories_) {
    result += (result.empty() ? "" : ", ") + directory.string();
  }
  return result;
}

}  // namespace winnow::config
