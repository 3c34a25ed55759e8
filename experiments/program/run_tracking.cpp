#include "experiments/program/run_tracking.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <set>

#include "core/hash.h"
#include "experiments/stages/provenance.h"
#include "trackers/tracker.h"

namespace winnow {
namespace fs = std::filesystem;
namespace {

// Tables that change no result.
const std::set<std::string> kOwnTables = {"run", "trackers"};
constexpr std::uintmax_t kLargestFile = std::uintmax_t{32} << 20;

void add_settings(const config::Value& value, const std::string& path, const TrackedRun& run) {
  if (!value.is_table()) {
    run.setting(path, value.is_string() ? value.string() : value.to_text());
    return;
  }
  for (const auto& [key, child] : value.table()) {
    if (path.empty() && kOwnTables.contains(key)) continue;
    add_settings(child, path.empty() ? key : config::join_key(path, key), run);
  }
}

std::vector<fs::path> files_below(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code error;
  for (auto entry = fs::recursive_directory_iterator(folder, error);
       entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    if (error) break;
    const bool is_ours = entry->path().filename().string().starts_with("tracking");
    if (entry->is_directory() && is_ours) entry.disable_recursion_pending();
    if (entry->is_regular_file()) files.push_back(entry->path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

bool is_of_trackers(const std::string& override_text) {
  const std::size_t begin = override_text.find_first_not_of("+~");
  const std::string key = begin == std::string::npos
                              ? ""
                              : override_text.substr(begin, override_text.find('=') - begin);
  return key == "trackers" || key.starts_with("trackers.") || key.starts_with("tracker@trackers");
}

void check_trackers(const config::Value& config) {
  if (const config::Value* table = config.child("trackers")) make_trackers(*table);
}

std::string tracked_identity(const config::Value& config) {
  config::Value own = config;
  for (const std::string& table : kOwnTables) own.erase(table);
  return digest_of(own.to_json());
}

void track_origin(const TrackedRun& run, const config::Value& config,
                  const std::vector<std::string>& overrides) {
  if (!run.is_told()) return;
  for (const std::string& text : overrides) {
    const std::size_t equals = text.find('=');
    if (is_of_trackers(text) || text.starts_with("run.")) continue;
    if (equals == std::string::npos) {
      run.parameter(text, "true");
    } else {
      run.parameter(text.substr(0, equals), text.substr(equals + 1));
    }
  }
  add_settings(config, "", run);
  for (const auto& [key, value] : provenance()) {
    if (key == "time" || value.is_null()) continue;
    run.tag(std::string(key),
            value.is_string() ? std::string(value.as_string()) : boost::json::serialize(value));
  }
  run.text("config", 0, "```toml\n" + config.to_toml() + "```\n");
}

void track_files(const TrackedRun& run, const fs::path& folder) {
  if (!run.is_told()) return;
  for (const fs::path& file : files_below(folder)) {
    const std::string name = file.lexically_relative(folder).generic_string();
    std::error_code error;
    if (fs::file_size(file, error) > kLargestFile) {
      spdlog::warn("no tracker gets {}: it is larger than {} MiB", file.string(),
                   kLargestFile >> 20);
    } else if (file.extension() == ".png") {
      run.image("figures/" + name.substr(0, name.size() - 4), 0, file);
    } else {
      run.artifact(name, file);
    }
  }
}

}  // namespace winnow
