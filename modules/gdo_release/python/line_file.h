#pragma once
// A text file line by line as Python reads it: UTF-8, where a line ends at LF, CR LF or a CR alone.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace winnow::gdo_release::python {

class LineFile {
 public:
  // Throws IoError when the file cannot be opened or is a folder.
  explicit LineFile(std::filesystem::path path);
  ~LineFile();
  LineFile(const LineFile&) = delete;
  LineFile& operator=(const LineFile&) = delete;

  struct Line {
    const char* begin;  // without the line break, where a NUL stands, with 64 readable bytes behind
    const char* end;
    std::int64_t number;  // from 1
    std::int64_t offset;  // of its first byte in the file
    std::string_view text() const { return {begin, static_cast<std::size_t>(end - begin)}; }
  };
  // Calls `take(line)` for the lines from the file's start, at most `maximum` of them (0: all). A
  // line lives until `take` returns. Throws IoError, and DataError at bytes that are not UTF-8.
  void each_line(std::int64_t maximum, const std::function<void(const Line&)>& take);

 private:
  std::size_t read_some(char* buffer, std::size_t size, std::int64_t offset) const;
  std::filesystem::path path_;
  int descriptor_ = -1;
};

// Single lines of a file by their offsets. Lines asked for in the order of the file cost least: it
// is mapped piece by piece, and a piece is dropped when the next one is needed.
class LinesByOffset {
 public:
  // Throws IoError.
  explicit LinesByOffset(std::filesystem::path path);
  ~LinesByOffset();
  LinesByOffset(const LinesByOffset&) = delete;
  LinesByOffset& operator=(const LinesByOffset&) = delete;

  // The line that begins at `offset`, without its break; empty behind the end of the file. Valid
  // until the next call, and as long as nobody shortens the file.
  std::string_view line_at(std::int64_t offset);
  // Fetches the beginning of a line into the cache that will be asked for soon.
  void prefetch(std::int64_t offset) const;

 private:
  void map(std::int64_t offset, std::int64_t size);
  void unmap();
  std::filesystem::path path_;
  int descriptor_ = -1;
  std::int64_t file_size_ = 0;
  char* window_ = nullptr;
  std::int64_t window_offset_ = 0, window_size_ = 0;
};

}  // namespace winnow::gdo_release::python
