#include "experiments/stages/stage.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <ctime>
#include <optional>
#include <vector>

#include "core/files.h"
#include "core/hash.h"
#include "core/logging.h"
#include "experiments/stages/provenance.h"
#include "experiments/stages/stage_manifest.h"
#include "experiments/stages/used_stages.h"

namespace winnow {
namespace fs = std::filesystem;
namespace json = boost::json;
namespace {

// Exclusive lock between processes and, since every object opens the file anew, between threads.
class FileLock {
 public:
  FileLock(fs::path path, const std::string& title) : path_(std::move(path)) {
    // The holder removes the file, so what was locked may no longer be what lies there.
    while (!lock(title)) ::close(descriptor_);
  }
  ~FileLock() {
    ::unlink(path_.c_str());
    ::close(descriptor_);
  }
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

 private:
  bool lock(const std::string& title) {
    descriptor_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (descriptor_ < 0) {
      throw IoError(path_.string() + ": cannot be created: " + std::strerror(errno));
    }
    if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
      if (errno == EWOULDBLOCK) spdlog::info("{}: waiting for another process", title);
      while (::flock(descriptor_, LOCK_EX) != 0) {
        if (errno == EINTR) continue;
        const int error = errno;
        ::close(descriptor_);
        throw IoError(path_.string() + ": cannot be locked: " + std::strerror(error));
      }
    }
    struct stat held {};
    struct stat there {};
    return ::fstat(descriptor_, &held) == 0 && ::stat(path_.c_str(), &there) == 0 &&
           held.st_ino == there.st_ino && held.st_dev == there.st_dev;
  }

  fs::path path_;
  int descriptor_ = -1;
};

double cpu_now(bool one_thread) {
  timespec time{};
  ::clock_gettime(one_thread ? CLOCK_THREAD_CPUTIME_ID : CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

json::object key_of(const Stage& stage) {
  json::object inputs;
  for (const auto& [role, digest] : stage.inputs) inputs[role] = digest;
  return {{"config", json::parse(stage.config.to_json())},
          {"format", stage.format_version},
          {"inputs", std::move(inputs)},
          {"name", stage.name}};
}

StageOutput output_of(const StageManifest& manifest, const fs::path& folder) {
  return {
      folder,          manifest.digest, manifest.facts, manifest.wall_seconds, manifest.cpu_seconds,
      manifest.made_by};
}

StageOutput compute_stage(const Stage& stage, const fs::path& place, const fs::path& resume,
                          const std::function<void(StageWork&)>& compute) {
  winnow::create_directories(resume);
  PendingDirectory pending(place);
  StageWork work;
  work.output = pending.path();
  work.resume = resume;
  const std::string started = utc_now();
  const auto start = std::chrono::steady_clock::now();
  const double cpu_start = cpu_now(stage.one_thread);
  compute(work);

  StageManifest manifest;
  manifest.key = key_of(stage);
  manifest.files = list_stage_files(pending.path());
  manifest.digest = work.digest.empty() ? digest_of_files(manifest.files) : work.digest;
  manifest.facts = std::move(work.facts);
  manifest.cpu_seconds = cpu_now(stage.one_thread) - cpu_start + work.earlier_cpu_seconds;
  manifest.wall_seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  manifest.made_by = provenance();
  manifest.made_by["started"] = started;
  manifest.made_by["ended"] = utc_now();
  write_manifest_file(manifest, pending.path());
  // A copy: a process that is killed here goes on from what it had.
  if (work.keep_resume) winnow::copy_folder(resume, pending.path() / kKeptResume);
  pending.commit();
  std::error_code ignored;
  fs::remove_all(resume, ignored);
  // As every later run reads it: JSON does not keep the last bit of a number.
  std::string damage;
  const auto written = read_manifest_file(place, manifest.key, damage);
  if (!written) {
    throw IoError(place.string() + ": " + damage + " right after it was written; does another " +
                  "program change the folder of results?");
  }
  return output_of(*written, place);
}

}  // namespace

std::string Stage::address() const {
  // Boost.JSON keeps insertion order, key_of() inserts in one order and to_json() sorts.
  return digest_of(json::serialize(key_of(*this)));
}

StageCache::StageCache(fs::path root, bool fresh) : root_(std::move(root)), fresh_(fresh) {}

bool StageCache::is_done(const std::string& place) const {
  const std::lock_guard lock(mutex_);
  return done_.count(place) > 0;
}

bool StageCache::is_first_warning(const std::string& place) {
  const std::lock_guard lock(mutex_);
  return warned_.insert(place).second;
}

std::optional<StageOutput> StageCache::find(
    const Stage& stage, const fs::path& place,
    const std::function<bool(const StageOutput&)>& recompute_if) {
  const bool done = is_done(place.string());
  if (fresh_ && !done) return std::nullopt;
  std::optional<StageOutput> output;
  {
    const std::lock_guard lock(mutex_);
    const auto known = verified_.find(place.string());
    if (known != verified_.end()) output = known->second;
  }
  if (!output) {
    std::string damage;
    const auto manifest = read_manifest_file(place, key_of(stage), damage);
    if (!damage.empty() && is_first_warning(place.string())) {
      spdlog::warn("{}: {} in {}; it is computed again",
                   stage.title.empty() ? stage.name : stage.title, damage, place.string());
    }
    if (!manifest) return std::nullopt;
    output = output_of(*manifest, place);
  }
  if (recompute_if && !done && recompute_if(*output)) return std::nullopt;
  const std::lock_guard lock(mutex_);
  verified_.emplace(place.string(), *output);
  if (done_.count(place.string()) == 0) found_.insert(place.string());
  return output;
}

std::optional<StageOutput> StageCache::find(const Stage& stage) {
  const std::string address = stage.address();
  std::optional<StageOutput> output = find(stage, root_ / stage.name / address, {});
  if (output) note_used_stage(stage.name, address);
  return output;
}

StageOutput StageCache::run(const Stage& stage, const std::function<void(StageWork&)>& compute,
                            const std::function<bool(const StageOutput&)>& recompute_if) {
  const std::string address = stage.address();
  note_used_stage(stage.name, address);
  const fs::path parent = root_ / stage.name;
  const fs::path place = parent / address;
  const auto found = [&] { return find(stage, place, recompute_if); };
  const std::string& title = stage.title.empty() ? stage.name : stage.title;
  const fs::path lock_file = parent / ("." + address + ".lock");
  const fs::path resume = parent / ("." + address + ".work");
  std::error_code ignored;
  if (std::optional<StageOutput> output = found()) {
    // A process killed right after it put the output in place leaves its lock and resume state.
    if (!fs::exists(lock_file, ignored)) return *output;
    const FileLock lock(lock_file, title);
    fs::remove_all(resume, ignored);
    return found().value_or(*output);
  }

  winnow::create_directories(parent);
  const FileLock lock(lock_file, title);
  // Whoever held the lock before may have done the work.
  if (std::optional<StageOutput> output = found()) {
    fs::remove_all(resume, ignored);
    return *output;
  }
  if (fresh_) {
    std::error_code error;
    fs::remove_all(resume, error);
    if (error) throw IoError(resume.string() + ": cannot be removed: " + error.message());
  } else if (fs::exists(place / kKeptResume) && !fs::exists(resume)) {
    winnow::copy_folder(place / kKeptResume, resume);
  }
  StageOutput output = compute_stage(stage, place, resume, compute);
  // Runs have hundreds of short stages, which nobody wants to read of.
  spdlog::log(output.wall_seconds < 1.0 ? spdlog::level::debug : spdlog::level::info,
              "{}: done in {}", title, format_seconds(output.wall_seconds));
  const std::lock_guard guard(mutex_);
  done_.insert(place.string());
  found_.erase(place.string());
  verified_.insert_or_assign(place.string(), output);
  return output;
}

std::size_t StageCache::computed() const {
  const std::lock_guard lock(mutex_);
  return done_.size();
}

std::size_t StageCache::reused() const {
  const std::lock_guard lock(mutex_);
  return found_.size();
}

std::map<std::string, std::size_t> StageCache::commits() const {
  const std::lock_guard lock(mutex_);
  std::map<std::string, std::size_t> counts;
  for (const auto& [place, output] : verified_) {
    const json::value* commit = output.made_by.if_contains("commit");
    const json::value* modified = output.made_by.if_contains("modified");
    std::string name = "unknown";
    if (commit != nullptr && commit->is_string()) {
      name = commit->as_string().c_str();
      if (modified != nullptr && modified->is_bool() && modified->as_bool()) name += ", modified";
    }
    ++counts[name];
  }
  return counts;
}

}  // namespace winnow
