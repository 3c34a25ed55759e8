#pragma once
// The folder that a command leaves for its user: whole or not at all, and nothing of his is lost.

#include <filesystem>
#include <memory>
#include <string>

#include "core/files.h"

namespace winnow {

// Fill path(), then commit(). A folder that is there is replaced when all that lies in it is what
// an earlier command wrote: made_by.json in it names those files with sizes and digests. One
// process at a time works on a folder.
class OutputFolder {
 public:
  // `named`: as the user says it under the key `output`; a link to a folder is that folder. Throws
  // ConfigError for a folder that must not be replaced, naming the file, for one that the process
  // stands in, and while another process works on it; IoError where nothing can be written.
  explicit OutputFolder(const std::string& named);
  ~OutputFolder();
  OutputFolder(const OutputFolder&) = delete;
  OutputFolder& operator=(const OutputFolder&) = delete;

  const std::filesystem::path& path() const { return pending_->path(); }
  // Where it will lie: absolute, without links.
  const std::filesystem::path& place() const { return place_; }
  // Throws ConfigError when `file`, which is read, lies in the folder that is replaced. `key` says
  // what it is.
  void check_input(const std::string& key, const std::filesystem::path& file) const;
  // Writes made_by.json into `part`, a folder below path() or path() itself, about all that lies in
  // it.
  void sign(const std::filesystem::path& part) const;
  // Throws as the constructor does, when something was put into the folder meanwhile.
  void commit();

 private:
  class Lock;

  std::string named_;
  std::filesystem::path place_;
  std::unique_ptr<Lock> lock_;
  std::unique_ptr<PendingDirectory> pending_;
  bool replaces_ = false;
};

}  // namespace winnow
