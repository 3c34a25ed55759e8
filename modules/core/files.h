#pragma once
// Files that appear whole or not at all: written aside, fsynced, renamed. Every failure is an
// IoError that names the path and the system's reason, and leaves nothing behind.

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

namespace winnow {

// Whole content of a file. Throws IoError.
std::string read_file(const std::filesystem::path& path);

// Replaces `path` with `content` atomically; creates parent folders.
void write_file(const std::filesystem::path& path, std::string_view content);

// For writers that want a path (OpenCV, torch::save, .npy): calls `write` with a temporary name in
// the same folder and the same extension, then fsyncs and renames it to `path`.
void write_file_with(const std::filesystem::path& path,
                     const std::function<void(const std::filesystem::path&)>& write);

void create_directories(const std::filesystem::path& path);

// A folder under construction: fill path(), then commit() renames it to its final name. Without
// commit the folder is removed. A leftover of a killed process is cleaned by the next one.
class PendingDirectory {
 public:
  explicit PendingDirectory(std::filesystem::path final_path);
  ~PendingDirectory();
  PendingDirectory(const PendingDirectory&) = delete;
  PendingDirectory& operator=(const PendingDirectory&) = delete;

  const std::filesystem::path& path() const { return pending_; }
  // Syncs its file system and renames the folder into place, where it replaces one that is there.
  void commit();

 private:
  std::filesystem::path final_, pending_;
  bool committed_ = false;
};

}  // namespace winnow
