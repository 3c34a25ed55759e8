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

// Copies a file's bytes to a place where there is none yet.
void copy_file(const std::filesystem::path& from, const std::filesystem::path& to);

// Copies a folder with everything in it to a place where there is none yet. Tells the system's own
// reason where it fails: std::filesystem::copy calls a full disk an input/output error.
void copy_folder(const std::filesystem::path& from, const std::filesystem::path& to);

// A folder under construction: fill path(), then commit() puts it at its final name. Without commit
// the folder is removed; what a killed process left is cleaned up by the next one. Several
// processes may fill folders for one name at once: the last commit stays, whole.
class PendingDirectory {
 public:
  explicit PendingDirectory(std::filesystem::path final_path);
  ~PendingDirectory();
  PendingDirectory(const PendingDirectory&) = delete;
  PendingDirectory& operator=(const PendingDirectory&) = delete;

  const std::filesystem::path& path() const { return pending_; }
  // Syncs its file system and moves the folder into place, where it replaces one that is there at
  // once. Throws IoError where somebody has removed the folder meanwhile: what was written since
  // lies in another one of its name, which is not whole.
  void commit();

 private:
  std::filesystem::path final_, pending_;
  int folder_ = -1;  // open and locked while it is being filled
};

}  // namespace winnow
