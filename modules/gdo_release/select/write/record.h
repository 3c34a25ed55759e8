#pragma once
// Pairs as rows in the release's output format, read again from the pool's files.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "gdo_release/select/scan/pair.h"

namespace winnow::gdo_release {

// Where a pair stands, as scan() showed it.
struct PairPlace {
  bool video = false;
  std::int64_t offset = 0, line = 0, turn = 0;
};

// The output rows of the release, read again from both files, which stay open. Rows asked for in
// the order of the files cost least.
class RecordReader {
 public:
  explicit RecordReader(const ScanOptions& options);
  ~RecordReader();
  RecordReader(const RecordReader&) = delete;
  RecordReader& operator=(const RecordReader&) = delete;

  // Writes the pair's row at the end of `out`, without the newline and without the fields that the
  // selection adds at the end of "meta" (so it ends in "}}"): JSON as Python's json.dumps writes
  // it. `form` and `temporal` are the pair's, from the scan. Throws DataError where the release
  // cannot write the row (half a surrogate pair) or where the file has changed since.
  void append(const PairPlace& place, std::string_view form, std::string_view temporal,
              std::string& out);
  // Fetches a row into the cache that will be asked for soon.
  void prefetch(bool video, std::int64_t offset) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// An output row with its frames sampled evenly to `target_frames`, as the release's second program
// does it: "images" and "n_frames" change, the placeholders in the message do not. Throws DataError
// for a row that is not an object and ConfigError for a target of 1, both of which stop the
// release.
std::string resample_frames(std::string_view record, std::int64_t target_frames);

}  // namespace winnow::gdo_release
