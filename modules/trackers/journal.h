#pragma once
// The record of a run on disk, journal.jsonl: every record once, in order, with its time. Trackers
// read it, each from its own place; so it is the spool of those that cannot be reached.

#include <atomic>
#include <filesystem>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "trackers/record.h"

namespace winnow {

class Journal {
 public:
  // Goes on behind the last whole line of the file, which need not be there. One process at a time.
  // Throws IoError and DataError.
  explicit Journal(std::filesystem::path file);
  ~Journal();
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  // Adds what is not known yet: values whose step is above the last one of their key, words that
  // are new. A run that had ended is resumed before. On disk for other processes when it returns;
  // when it throws IoError nothing was added. One thread at a time.
  void append(const std::vector<Record>& records);
  // The path of a child: `name`, or "name.2" and so on where the journal has it with another
  // identity. From any thread.
  std::string child(const std::string& parent, const std::string& name,
                    const std::string& identity);
  // -1 where there is none.
  std::int64_t last_step(const std::string& run, const std::string& key) const;
  // Paths of runs that began and did not end, children first.
  std::vector<std::string> unfinished() const;
  // The latest time of a record; 0 where there is none.
  double last_time() const { return last_time_; }
  // Bytes that are there, whole lines. From any thread.
  std::uint64_t size() const { return size_; }

 private:
  void read();
  bool remember(Record& record);
  void resume(const std::string& run, double time, std::string& lines);

  std::filesystem::path file_;
  int descriptor_ = -1;
  double last_time_ = 0.0;
  std::atomic<std::uint64_t> size_{0};
  std::map<std::string, std::int64_t> steps_;    // by run and key
  std::map<std::string, std::string> words_;     // by run, kind and key
  std::map<std::string, std::string> statuses_;  // by run; empty: goes on
  std::mutex children_mutex_;
  std::map<std::string, std::string> children_;  // identity by path
};

struct JournalPart {
  std::vector<Record> records;
  std::uint64_t end = 0;  // where the next part begins
};
// Whole lines from `begin` to `end`, at most `most` of them. Throws IoError, and DataError naming
// the file and the byte.
JournalPart read_journal(const std::filesystem::path& file, std::uint64_t begin, std::uint64_t end,
                         std::size_t most);

}  // namespace winnow
