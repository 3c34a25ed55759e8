#include "experiments/program/output_folder.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <cerrno>
#include <cstring>
#include <map>
#include <optional>

#include "core/errors.h"
#include "core/hash.h"
#include "experiments/stages/provenance.h"

namespace winnow {
namespace fs = std::filesystem;
namespace json = boost::json;
namespace {

constexpr const char* kSignature = "made_by.json";
// Copies of a user's files may be large: they are known by their size.
constexpr const char* kMediaFolder = "media";

struct FileFacts {
  std::uint64_t size = 0;
  std::string digest;  // empty: not taken
  bool operator==(const FileFacts&) const = default;
};

bool is_medium(const fs::path& relative) {
  for (const fs::path& part : relative) {
    if (part == kMediaFolder) return true;
  }
  return false;
}

FileFacts facts_of(const fs::path& file, const fs::path& relative) {
  if (fs::is_symlink(file)) return {0, digest_of(fs::read_symlink(file).native())};
  FileFacts facts{fs::file_size(file), ""};
  if (!is_medium(relative)) facts.digest = digest_of_content(file);
  return facts;
}

// Everything in a folder but folders, by its path below it.
std::map<std::string, fs::path> files_in(const fs::path& folder) {
  std::map<std::string, fs::path> files;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_directory() && !entry.is_symlink()) continue;
    files.emplace(entry.path().lexically_relative(folder).generic_string(), entry.path());
  }
  return files;
}

std::optional<std::map<std::string, FileFacts>> signed_files(const fs::path& folder) {
  std::error_code error;
  if (!fs::is_regular_file(folder / kSignature, error)) return std::nullopt;
  try {
    std::map<std::string, FileFacts> files;
    const json::value content = json::parse(read_file(folder / kSignature));
    for (const auto& [name, facts] : content.at("files").as_object()) {
      files[name] = {facts.at("size").to_number<std::uint64_t>(),
                     std::string(facts.at("digest").as_string())};
    }
    return files;
  } catch (const std::exception&) {
    return std::nullopt;  // of somebody else
  }
}

// The first thing in a folder that is not what a command wrote there; empty when there is none.
fs::path foreign_in(const fs::path& folder) {
  const auto known = signed_files(folder);
  if (known) {
    for (const auto& [name, file] : files_in(folder)) {
      if (name == kSignature) continue;
      const auto found = known->find(name);
      if (found == known->end() || !(facts_of(file, name) == found->second)) return file;
    }
    return {};
  }
  // Several of them side by side.
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    if (!entry.is_directory() || entry.is_symlink()) return entry.path();
    if (!signed_files(entry.path())) {
      const auto files = files_in(entry.path());
      return files.empty() ? entry.path() : files.begin()->second;
    }
    if (const fs::path foreign = foreign_in(entry.path()); !foreign.empty()) return foreign;
  }
  return {};
}

// Whether `path` is `folder` or lies in it.
bool lies_in(const fs::path& path, const fs::path& folder) {
  const fs::path relative = path.lexically_relative(folder);
  return !relative.empty() && *relative.begin() != "..";
}

fs::path real_path(const fs::path& path) {
  fs::path real = fs::weakly_canonical(fs::absolute(path)).lexically_normal();
  return real.has_filename() ? real : real.parent_path();
}

void check_replaceable(const std::string& named, const fs::path& place) {
  const auto refuse = [&](const std::string& why) {
    throw ConfigError(fmt::format("output = {}: {}", named, why));
  };
  const fs::file_status status = fs::symlink_status(place);
  if (!fs::exists(status)) return;
  if (fs::is_symlink(status)) refuse("is a link to nothing; name a folder");
  if (!fs::is_directory(status)) refuse("is a file; name a folder");
  if (const fs::path foreign = foreign_in(place); !foreign.empty()) {
    refuse(fmt::format(
        "holds {}, which no earlier command left there as it is; name a folder that is not there "
        "yet",
        foreign.string()));
  }
}

}  // namespace

// A file beside the folder, there while a process works on it.
class OutputFolder::Lock {
 public:
  Lock(const std::string& named, const fs::path& place)
      : named_(named), path_(place.parent_path() / ("." + place.filename().string() + ".lock")) {
    while (true) {
      file_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
      if (file_ < 0) fail(errno);
      if (::flock(file_, LOCK_EX | LOCK_NB) != 0) {
        const int error = errno;
        ::close(file_);
        if (error != EWOULDBLOCK) fail(error);
        throw ConfigError(
            fmt::format("output = {}: another process is writing to it at this moment", named));
      }
      // Whoever held it before has removed the file: a lock on that one is a lock on nothing.
      struct stat held {};
      struct stat there {};
      if (::fstat(file_, &held) == 0 && ::stat(path_.c_str(), &there) == 0 &&
          held.st_ino == there.st_ino) {
        return;
      }
      ::close(file_);
    }
  }
  ~Lock() {
    ::unlink(path_.c_str());
    ::close(file_);
  }
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;

 private:
  [[noreturn]] void fail(int error) const {
    throw IoError(fmt::format("output = {}: nothing can be written in {}: {}", named_,
                              path_.parent_path().string(), std::strerror(error)));
  }

  std::string named_;
  fs::path path_;
  int file_ = -1;
};

OutputFolder::OutputFolder(const std::string& named) : named_(named) {
  try {
    place_ = real_path(named);
    if (lies_in(real_path(fs::current_path()), place_)) {
      throw ConfigError(fmt::format(
          "output = {}: is the folder that this command runs in, or one above it; name a folder "
          "of its own",
          named));
    }
    check_replaceable(named_, place_);
    winnow::create_directories(place_.parent_path());
    lock_ = std::make_unique<Lock>(named_, place_);
    check_replaceable(named_, place_);  // by whoever had the lock
    replaces_ = fs::exists(place_);
  } catch (const fs::filesystem_error& error) {
    throw IoError(
        fmt::format("output = {}: {}: {}", named, error.path1().string(), error.code().message()));
  }
  pending_ = std::make_unique<PendingDirectory>(place_);
}

OutputFolder::~OutputFolder() = default;

void OutputFolder::check_input(const std::string& key, const fs::path& file) const {
  if (!replaces_) return;
  std::error_code error;
  const fs::path real = fs::weakly_canonical(fs::absolute(file), error);
  if (!lies_in(real, place_)) return;
  throw ConfigError(fmt::format("output = {}: {} {} lies in it; name another folder", named_, key,
                                file.string()));
}

void OutputFolder::sign(const fs::path& part) const {
  json::object files;
  for (const auto& [name, file] : files_in(part)) {
    const FileFacts facts = facts_of(file, name);
    files[name] = json::object{{"size", facts.size}, {"digest", facts.digest}};
  }
  write_file(part / kSignature,
             json::serialize(json::object{{"made_by", provenance()}, {"files", files}}) + "\n");
}

void OutputFolder::commit() {
  check_replaceable(named_, place_);
  pending_->commit();
}

}  // namespace winnow
