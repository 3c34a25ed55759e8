#pragma once
// A pool: every readable row of its files, and a ledger of the rows that were not.

#include <filesystem>
#include <string>
#include <vector>

#include "pool/sample.h"

namespace winnow {

// A row that could not become a sample.
struct BadRow {
  std::string file;
  std::int64_t line = 0;
  std::string kind;    // "json", "encoding", "missing_media", "no_answer", "structure", ...
  std::string reason;  // one line, for a person
};

struct PoolOptions {
  // JSONL files, read in this order. Relative paths are taken from the working directory.
  std::vector<std::filesystem::path> files;
  // Folder that relative media paths start from; empty: the folder of each file.
  std::filesystem::path media_root;
  // The share of bad rows above which reading stops with a DataError.
  double maximum_bad_share = 0.01;
  // Whether every media path is checked to exist while reading.
  bool check_media = true;
};

class Pool {
 public:
  // Reads both JSONL families (`messages` with role/content, `conversations` with from/value),
  // told apart row by row. Throws IoError for an unreadable file and DataError when the share of
  // bad rows exceeds the limit; the message gives counts by kind and the first rows of each.
  static Pool read(const PoolOptions& options);

  const std::vector<Sample>& samples() const { return samples_; }
  const std::vector<BadRow>& ledger() const { return ledger_; }
  // Index of a sample by id; throws DataError naming the nearest id.
  std::size_t index_of(const std::string& id) const;
  // Digest of all samples' content and ids in order.
  std::string digest() const;

 private:
  std::vector<Sample> samples_;
  std::vector<BadRow> ledger_;
};

}  // namespace winnow
