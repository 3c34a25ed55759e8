#pragma once
// How a file format plugs in: a reader finds the rows of a file, each the text of one JSON object,
// and reads one of them again. What such an object means is the same for all formats
// (row_reader.h). `jsonl` and `json_array` are built in; another format is a new source file that
// registers itself:
//
//   const bool registered = (pool_readers().add("parquet", std::make_shared<ParquetReader>()),
//   true);

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "core/registry.h"

namespace winnow {

// Where a row's text stands in its file.
struct RowAddress {
  std::uint64_t offset = 0;  // of its first byte, or what else the reader finds it by
  std::uint32_t length = 0;  // bytes of the text
  std::uint32_t line = 0;    // of its first byte, from 1: for a person
};

// Where a reader puts what it finds, in file order.
struct RowSink {
  // The view is valid during the call.
  std::function<void(std::string_view text, const RowAddress& address)> row;
  // What stands for a row and is none, and why: kinds as in BadRow (pool.h).
  std::function<void(std::int64_t line, const std::string& kind, const std::string& reason)>
      bad_row;
};

// Longer rows are bad rows: nothing that a person made is as long, and a text is held whole.
inline constexpr std::uint32_t kLongestRow = std::uint32_t{1} << 30;

class PoolReader {
 public:
  virtual ~PoolReader() = default;
  // Whether a file that begins like this is of the format; its first bytes, at most 4096. This is
  // what format = "auto" asks; what no reader knows is read as JSON lines.
  virtual bool recognises(std::string_view beginning) const {
    (void)beginning;
    return false;
  }
  // Goes through the file once, in memory that does not grow with it. Throws IoError, and DataError
  // for what makes the rest of the file unreadable: a row that is lost is counted, or nothing is
  // read.
  virtual void scan(const std::filesystem::path& file, const RowSink& sink) const = 0;
  // The text of a row that scan() found; by default the bytes at its address. Shorter when the file
  // has become shorter. Throws IoError. Called from several threads.
  virtual std::string read(const std::filesystem::path& file, const RowAddress& address) const;
};

Registry<std::shared_ptr<const PoolReader>>& pool_readers();

// The reader of that name, or with "auto" the one that recognises the file. Throws ConfigError
// naming the nearest name, IoError for a file that cannot be read or is none whose rows could be
// read again (a folder, a pipe).
std::shared_ptr<const PoolReader> reader_of(const std::string& format,
                                            const std::filesystem::path& file);

// A file's bytes in pieces, for scan().
class BlockReader {
 public:
  // Throws IoError.
  explicit BlockReader(const std::filesystem::path& file);
  ~BlockReader();
  BlockReader(const BlockReader&) = delete;
  BlockReader& operator=(const BlockReader&) = delete;

  // The next piece, valid until the next call; empty at the end. Throws IoError.
  std::string_view next();
  // Behind the byte order mark, if there is one, from which the first piece begins.
  std::uint64_t start() const { return start_; }

 private:
  std::filesystem::path file_;
  int descriptor_;
  std::uint64_t start_ = 0;
  std::size_t held_ = 0;  // bytes of buffer_ that next() has not handed out
  std::string buffer_;
};

}  // namespace winnow
