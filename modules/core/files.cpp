#include "core/files.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>

#include "core/errors.h"

namespace winnow {
namespace fs = std::filesystem;
namespace {

[[noreturn]] void fail(const fs::path& path, std::string_view action, int error) {
  throw IoError(path.string() + ": " + std::string(action) + ": " + std::strerror(error));
}

class FileDescriptor {
 public:
  FileDescriptor(const fs::path& path, int flags, mode_t mode = 0644)
      : value_(::open(path.c_str(), flags | O_CLOEXEC, mode)) {}
  ~FileDescriptor() {
    if (value_ >= 0) ::close(value_);
  }
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  int value() const { return value_; }
  // Closes and reports what close says: a full disk may only show here.
  int close() {
    const int result = ::close(value_);
    value_ = -1;
    return result;
  }

 private:
  int value_;
};

void sync_path(const fs::path& path, int flags) {
  FileDescriptor file(path, flags);
  if (file.value() < 0) fail(path, "cannot be opened to sync", errno);
  if (::fsync(file.value()) != 0 && errno != EINVAL) fail(path, "sync failed", errno);
}

// Unique within this machine, so that two processes never share a temporary name.
fs::path aside(const fs::path& path) {
  static std::atomic<unsigned> counter{0};
  const std::string tag =
      ".pending-" + std::to_string(::getpid()) + "-" + std::to_string(counter.fetch_add(1));
  return path.parent_path() / ("." + path.stem().string() + tag + path.extension().string());
}

fs::path parent_of(const fs::path& path) {
  return path.has_parent_path() ? path.parent_path() : fs::path(".");
}

void rename_into_place(const fs::path& from, const fs::path& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) fail(to, "cannot be renamed into place", errno);
  sync_path(parent_of(to), O_RDONLY | O_DIRECTORY);
}

void write_bytes(int file, std::string_view bytes, const fs::path& path) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(file, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail(path, "writing failed", errno);
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
}

// Hands the content on in pieces.
template <class Take>
void read_bytes(int file, const fs::path& path, const Take& take) {
  char buffer[1 << 16];
  while (true) {
    const ssize_t count = ::read(file, buffer, sizeof buffer);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail(path, "reading failed", errno);
    if (count == 0) return;
    take(std::string_view(buffer, static_cast<std::size_t>(count)));
  }
}

void remove_leftovers(const fs::path& parent, const std::string& prefix) {
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(parent, error)) {
    if (!entry.path().filename().string().starts_with(prefix)) continue;
    const FileDescriptor folder(entry.path(), O_RDONLY | O_DIRECTORY);
    // Whoever fills it holds the lock as long as he lives.
    if (folder.value() < 0 || ::flock(folder.value(), LOCK_EX | LOCK_NB) != 0) continue;
    fs::remove_all(entry.path(), error);
    if (error) fail(entry.path(), "leftover of an earlier run cannot be removed", error.value());
  }
}

}  // namespace

std::string read_file(const fs::path& path) {
  FileDescriptor file(path, O_RDONLY);
  if (file.value() < 0) fail(path, "cannot be opened for reading", errno);
  std::string content;
  struct stat status {};
  if (::fstat(file.value(), &status) == 0 && status.st_size > 0) {
    content.reserve(static_cast<std::size_t>(status.st_size));
  }
  read_bytes(file.value(), path, [&](std::string_view bytes) { content += bytes; });
  return content;
}

void create_directories(const fs::path& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error) fail(path, "folder cannot be created", error.value());
}

void write_file(const fs::path& path, std::string_view content) {
  write_file_with(path, [&](const fs::path& temporary) {
    FileDescriptor file(temporary, O_WRONLY | O_CREAT | O_TRUNC);
    if (file.value() < 0) fail(path, "cannot be opened for writing", errno);
    write_bytes(file.value(), content, path);
    if (file.close() != 0) fail(path, "writing failed", errno);
  });
}

void write_file_with(const fs::path& path, const std::function<void(const fs::path&)>& write) {
  winnow::create_directories(parent_of(path));
  const fs::path temporary = aside(path);
  try {
    write(temporary);
    sync_path(temporary, O_RDONLY);
    rename_into_place(temporary, path);
  } catch (...) {
    std::error_code ignored;
    fs::remove(temporary, ignored);
    throw;
  }
}

void copy_file(const fs::path& from, const fs::path& to) {
  const FileDescriptor source(from, O_RDONLY);
  if (source.value() < 0) fail(from, "cannot be opened for reading", errno);
  FileDescriptor target(to, O_WRONLY | O_CREAT | O_TRUNC);
  if (target.value() < 0) fail(to, "cannot be opened for writing", errno);
  read_bytes(source.value(), from,
             [&](std::string_view bytes) { write_bytes(target.value(), bytes, to); });
  if (target.close() != 0) fail(to, "writing failed", errno);
}

void copy_folder(const fs::path& from, const fs::path& to) {
  winnow::create_directories(to);
  std::error_code error;
  for (auto entry = fs::recursive_directory_iterator(from, error);
       entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    if (error) break;
    const fs::path place = to / entry->path().lexically_relative(from);
    if (entry->is_directory()) {
      winnow::create_directories(place);
    } else {
      winnow::copy_file(entry->path(), place);
    }
  }
  if (error) fail(from, "cannot be copied", error.value());
}

PendingDirectory::PendingDirectory(fs::path final_path) : final_(std::move(final_path)) {
  const fs::path parent = parent_of(final_);
  const std::string prefix = "." + final_.filename().string() + ".pending";
  winnow::create_directories(parent);
  remove_leftovers(parent, prefix);
  static std::atomic<unsigned> counter{0};
  while (folder_ < 0) {
    pending_ = parent / (prefix + "-" + std::to_string(::getpid()) + "-" +
                         std::to_string(counter.fetch_add(1)));
    winnow::create_directories(pending_);
    folder_ = ::open(pending_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder_ < 0 && errno != ENOENT) fail(pending_, "cannot be opened", errno);
    if (folder_ < 0 || ::flock(folder_, LOCK_EX | LOCK_NB) == 0) continue;
    // Another process takes it for a leftover before it is locked: another name.
    const bool taken = errno == EWOULDBLOCK;
    const bool can_lock = errno != EOPNOTSUPP && errno != ENOLCK;
    if (!can_lock) break;
    const int error = errno;
    ::close(folder_);
    folder_ = -1;
    if (!taken) fail(pending_, "cannot be locked", error);
  }
}

PendingDirectory::~PendingDirectory() {
  std::error_code ignored;
  // Once in place the name is free, or that of the folder that was replaced.
  fs::remove_all(pending_, ignored);
  ::close(folder_);
}

void PendingDirectory::commit() {
  struct stat held {};
  struct stat there {};
  if (::fstat(folder_, &held) != 0 || ::stat(pending_.c_str(), &there) != 0 ||
      held.st_ino != there.st_ino || held.st_dev != there.st_dev) {
    throw IoError(pending_.string() + ": this folder was removed while it was being filled");
  }
  // One sync of the file system: file by file, a folder of 22,000 small files took 96 s.
  if (::syncfs(folder_) != 0) fail(pending_, "sync failed", errno);
  // Exchanged with what is there, which the destructor removes under the other name. A folder that
  // comes or goes meanwhile is another process's: look again.
  while (true) {
    if (::renameat2(AT_FDCWD, pending_.c_str(), AT_FDCWD, final_.c_str(), RENAME_EXCHANGE) == 0) {
      break;
    }
    if (errno == EINVAL || errno == ENOSYS) {  // a file system that cannot exchange
      std::error_code error;
      fs::remove_all(final_, error);
      if (error) fail(final_, "cannot be replaced", error.value());
    } else if (errno != ENOENT) {
      fail(final_, "cannot be replaced", errno);
    }
    if (::renameat2(AT_FDCWD, pending_.c_str(), AT_FDCWD, final_.c_str(), RENAME_NOREPLACE) == 0) {
      break;
    }
    if (errno == EINVAL || errno == ENOSYS) {
      rename_into_place(pending_, final_);
      return;
    }
    if (errno != EEXIST) fail(final_, "cannot be renamed into place", errno);
  }
  sync_path(parent_of(final_), O_RDONLY | O_DIRECTORY);
}

}  // namespace winnow
