#pragma once
// What a walk has finished so far, on disk: a killed one goes on from here.

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "measuring/column_maker.h"

namespace winnow {

struct JournalChunk {
  std::uint64_t index = 0;  // in the plan
  double cpu_seconds = 0.0;
  MeasuredChunk measured;
};

// An append-only file of chunks, each with its length and checksum, after a first record that says
// whose they are. Opening it takes every record up to the first that is torn or damaged and cuts
// the file there, so that what was lost is measured again; chunks are read one at a time. Held by
// one process at a time.
class RowJournal {
 public:
  // What is known of a chunk before it is read.
  struct Entry {
    std::uint64_t index = 0;
    double cpu_seconds = 0.0;
    bool has_failure = false;  // a sample of it has a failed cell
    std::uint64_t position = 0, size = 0;
  };

  // Opens or creates the file. A journal of another identity is emptied, with a warning that names
  // what differs. Throws DataError when the file is no journal at all, which leaves it alone, and
  // IoError when it cannot be read or is in use.
  RowJournal(std::filesystem::path path, const Identity& identity);
  ~RowJournal();
  RowJournal(const RowJournal&) = delete;
  RowJournal& operator=(const RowJournal&) = delete;

  // Of the chunks that were there when it was opened, in file order. A chunk that was measured
  // again is there again.
  const std::vector<Entry>& entries() const { return entries_; }
  JournalChunk read(const Entry& entry) const;
  // Not thread-safe. Throws IoError (disk full), after which the file is as before.
  void append(const JournalChunk& chunk);

 private:
  void take_entries(const Identity& identity);
  bool next_payload(std::uint64_t position, std::string& payload) const;
  std::string read_bytes(std::uint64_t position, std::uint64_t size) const;
  void append_record(std::string_view payload);
  void write_bytes(std::string_view bytes);

  std::filesystem::path path_;
  int file_ = -1;
  std::uint64_t size_ = 0;  // what counts of the file
  std::vector<Entry> entries_;
};

}  // namespace winnow
