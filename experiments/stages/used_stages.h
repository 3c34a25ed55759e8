#pragma once
// Which stages a run asks for, kept in a file of the run while it goes on, so that it is known of a
// run that was killed, too: nobody takes away what a run would go on from.

#include <filesystem>
#include <fstream>
#include <mutex>
#include <set>
#include <string>

namespace winnow {

// While it lives, every stage that a StageCache of this process is asked for is written to `file`,
// one line "<stage>/<address>" for each, in the order of the first request. One at a time in a
// process. Throws IoError where the file cannot be written.
class UsedStages {
 public:
  explicit UsedStages(const std::filesystem::path& file);
  ~UsedStages();
  UsedStages(const UsedStages&) = delete;
  UsedStages& operator=(const UsedStages&) = delete;

  // Of any thread.
  void add(const std::string& stage);

 private:
  std::filesystem::path path_;
  std::mutex mutex_;
  std::set<std::string> known_;
  std::ofstream file_;
};

// Tells the UsedStages that is there, if there is one.
void note_used_stage(const std::string& name, const std::string& address);

}  // namespace winnow
