#include "experiments/runs/run_removal.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>

#include "core/errors.h"

namespace winnow {
namespace fs = std::filesystem;
namespace {

constexpr const char* kStagesFolder = "stages";
constexpr const char* kResumeSuffix = ".work";  // stage.h

std::uint64_t size_of(const fs::path& place) {
  std::error_code error;
  if (!fs::is_directory(place, error)) return fs::file_size(place, error);
  std::uint64_t bytes = 0;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(place, error)) {
    if (entry.is_regular_file(error) && !entry.is_symlink(error)) bytes += entry.file_size(error);
  }
  return bytes;
}

std::vector<Run> all_runs(const fs::path& results) {
  std::vector<std::string> problems;
  std::vector<Run> runs = list_runs(results, problems);
  if (!problems.empty()) {
    throw ConfigError("a run cannot be read, so that nobody knows which stages it needs: " +
                      problems.front());
  }
  for (const Run& run : runs) {
    if (run.state != "running") continue;
    const bool elsewhere = !run.host.empty() && run.host != host_name();
    throw ConfigError(fmt::format(
        "{} is running{}; nothing is removed meanwhile", run.name,
        elsewhere ? fmt::format(" on {} (where it is not, delete its {})", run.host, kRunFile)
                  : ""));
  }
  return runs;
}

// A setting of a grid is computed by the grid's run, which names its stages.
bool is_part(const Run& run) { return run.name.find('/') != std::string::npos; }

// "<stage>/<address>"; nothing where the run does not say.
std::optional<std::set<std::string>> stages_of(const Run& run) {
  std::ifstream file(run.folder / kUsedStagesFile);
  if (!file) return std::nullopt;
  std::set<std::string> stages;
  for (std::string line; std::getline(file, line);) stages.insert(line);
  return stages;
}

std::set<std::string> named_by(const std::vector<Run>& runs, const std::string& but_for) {
  std::set<std::string> named;
  for (const Run& run : runs) {
    if (is_part(run) || run.name == but_for) continue;
    const auto stages = stages_of(run);
    if (!stages) {
      throw ConfigError(fmt::format(
          "{} does not say which stages it needs; run it again, which takes seconds when they are "
          "there, or remove it with --keep-stages",
          run.name));
    }
    named.insert(stages->begin(), stages->end());
  }
  return named;
}

// Every output and every unfinished one's state, by "<stage>/<address>".
std::vector<std::pair<std::string, fs::path>> stages_there(const fs::path& results) {
  std::vector<std::pair<std::string, fs::path>> found;
  std::error_code error;
  for (const fs::directory_entry& stage : fs::directory_iterator(results / kStagesFolder, error)) {
    if (!stage.is_directory()) continue;
    for (const fs::directory_entry& entry : fs::directory_iterator(stage.path(), error)) {
      if (!entry.is_directory()) continue;
      std::string address = entry.path().filename().string();
      if (address.starts_with(".")) {
        if (!address.ends_with(kResumeSuffix)) continue;
        address = address.substr(1, address.size() - 1 - std::string(kResumeSuffix).size());
      }
      found.emplace_back(stage.path().filename().string() + "/" + address, entry.path());
    }
  }
  std::sort(found.begin(), found.end());
  return found;
}

// The lock of stage.h, held while the output is taken away.
class StageLock {
 public:
  explicit StageLock(const fs::path& place) {
    std::string address = place.filename().string();
    if (address.starts_with(".")) {
      address = address.substr(1, address.size() - 1 - std::string(kResumeSuffix).size());
    }
    path_ = place.parent_path() / ("." + address + ".lock");
    file_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (file_ < 0) throw IoError(path_.string() + ": cannot be created: " + std::strerror(errno));
    held_ = ::flock(file_, LOCK_EX | LOCK_NB) == 0;
  }
  ~StageLock() {
    if (held_) ::unlink(path_.c_str());
    ::close(file_);
  }
  StageLock(const StageLock&) = delete;
  StageLock& operator=(const StageLock&) = delete;

  bool held() const { return held_; }

 private:
  fs::path path_;
  int file_ = -1;
  bool held_ = false;
};

// Gone at once under its name, then in fact: nobody finds half of it.
void remove_folder(const fs::path& folder) {
  std::error_code error;
  const fs::path aside = folder.parent_path() / ("." + folder.filename().string() + ".removed");
  fs::remove_all(aside, error);
  fs::rename(folder, aside, error);
  if (!error) fs::remove_all(aside, error);
  if (error) throw IoError(folder.string() + ": cannot be removed: " + error.message());
}

void add_sizes(RemovalPlan& plan) {
  for (const fs::path& place : plan.runs) plan.bytes += size_of(place);
  for (const fs::path& place : plan.stages) plan.bytes += size_of(place);
}

}  // namespace

RemovalPlan plan_removal(const fs::path& results, const std::string& name, bool keep_stages) {
  const std::vector<Run> runs = all_runs(results);
  const Run run = find_run(results, name);
  const auto same =
      std::find_if(runs.begin(), runs.end(), [&](const Run& one) { return one.name == run.name; });
  if (same == runs.end()) {
    throw ConfigError(fmt::format("{} is no run of {}; name its folder of results by --results",
                                  name, results.string()));
  }
  if (is_part(run)) {
    throw ConfigError(fmt::format("{} is a part of {}; remove that", run.name,
                                  run.name.substr(0, run.name.find('/'))));
  }
  RemovalPlan plan;
  plan.runs = {run.folder};
  if (!keep_stages) {
    const auto own = stages_of(run);
    if (!own) {
      throw ConfigError(fmt::format(
          "{} does not say which stages it needs; remove it with --keep-stages", run.name));
    }
    const std::set<std::string> others = named_by(runs, run.name);
    for (const auto& [stage, place] : stages_there(results)) {
      if (own->count(stage) > 0 && others.count(stage) == 0) plan.stages.push_back(place);
    }
  }
  add_sizes(plan);
  return plan;
}

RemovalPlan plan_collection(const fs::path& results) {
  const std::set<std::string> named = named_by(all_runs(results), "");
  RemovalPlan plan;
  for (const auto& [stage, place] : stages_there(results)) {
    if (named.count(stage) == 0) plan.stages.push_back(place);
  }
  add_sizes(plan);
  return plan;
}

std::vector<fs::path> carry_out(const RemovalPlan& plan) {
  std::vector<fs::path> kept;
  for (const fs::path& run : plan.runs) remove_folder(run);
  for (const fs::path& stage : plan.stages) {
    const StageLock lock(stage);
    if (!lock.held()) {
      kept.push_back(stage);
      continue;
    }
    remove_folder(stage);
  }
  return kept;
}

std::string size_text(std::uint64_t bytes) {
  double size = static_cast<double>(bytes);
  if (bytes < 1000) return fmt::format("{} B", bytes);
  for (const char* unit : {"kB", "MB", "GB"}) {
    size /= 1000.0;
    if (size < 1000.0) return fmt::format("{:.1f} {}", size, unit);
  }
  return fmt::format("{:.1f} TB", size / 1000.0);
}

}  // namespace winnow
