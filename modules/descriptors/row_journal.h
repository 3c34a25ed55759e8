#pragma once
// What a long pass has finished so far, on disk: a killed pass goes on from here.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "descriptors/descriptor.h"

namespace winnow {

// Everything measured of one sample.
struct MeasuredRow {
  std::uint64_t row = 0;    // index in the pool
  std::vector<Cell> cells;  // one per column of the pass
  std::vector<float> prompt_features;
  std::vector<float> question_features;
};

struct MeasuredChunk {
  std::uint64_t index = 0;  // of the chunk in the pass
  double cpu_seconds = 0.0;
  std::vector<MeasuredRow> rows;
};

// Whether a sample of the chunk has a failed cell. A retry measures all of the chunk, since values
// depend on the batch they are computed in to the last bit.
bool has_failure(const MeasuredChunk& chunk);

// An append-only file of chunks, each with its length and checksum, after a first record that says
// which pass they belong to. The reader takes every record up to the first that is torn or damaged
// and cuts the file there, so that what was lost is measured again. Held by one process at a time.
class RowJournal {
 public:
  // Opens or creates the file. Throws DataError when it belongs to another pass (other samples,
  // descriptors, model, seed or build), IoError when it cannot be read or is in use.
  RowJournal(std::filesystem::path path, const std::string& identity);
  ~RowJournal();
  RowJournal(const RowJournal&) = delete;
  RowJournal& operator=(const RowJournal&) = delete;

  // The chunks that were there when it was opened, in file order; gives them away.
  std::vector<MeasuredChunk> take_chunks() { return std::move(chunks_); }
  // Not thread-safe. Throws IoError (disk full), after which the file is as before.
  void append(const MeasuredChunk& chunk);

 private:
  void append_record(const std::string& payload);
  void write_bytes(const std::string& bytes);

  std::filesystem::path path_;
  int file_ = -1;
  std::uint64_t size_ = 0;
  std::vector<MeasuredChunk> chunks_;
};

}  // namespace winnow
