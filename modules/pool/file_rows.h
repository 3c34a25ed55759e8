#pragma once
// Rows of a pool's files: found in one pass over them, read again one by one.

#include <memory>
#include <mutex>
#include <vector>

#include "pool/pool.h"
#include "pool/reader.h"
#include "pool/row_reader.h"

namespace winnow {

class FileRows {
 public:
  // The files of all parts. Throws ConfigError, IoError.
  explicit FileRows(const std::vector<PoolOptions>& parts);

  // What the pass finds.
  struct Found {
    RowTable rows;                        // ids as they are written
    std::vector<std::uint64_t> portable;  // digests of the rows' content (row_ids.h)
    std::vector<BadRow> ledger;
    NoteLedger notes;
  };
  // Goes through the files once, all workers parsing. Throws IoError, DataError.
  Found scan();

  // A row by its number in the pass, with its id as written. Throws IoError, and DataError naming
  // file and line when its text is another one now. Safe from several threads at once.
  Sample sample(std::size_t row) const;

 private:
  struct File {
    PoolOptions options;  // those of its part, of which RowReader wants to know
    std::filesystem::path path, media_root;
    std::shared_ptr<const PoolReader> reader;
  };
  struct Address {
    RowAddress text;
    std::uint32_t file = 0;
    std::uint32_t check = 0;  // of the text
  };
  struct Batch;
  class Borrowed;

  void parse(Batch& batch, std::uint32_t file) const;
  void take(Batch& batch, std::uint32_t file, Found& found);

  std::vector<File> files_;
  std::filesystem::path common_root_;
  std::vector<Address> addresses_;
  // Parsers that nobody uses at the moment, by file.
  mutable std::mutex mutex_;
  mutable std::vector<std::vector<std::unique_ptr<RowReader>>> idle_;
};

}  // namespace winnow
