// One JSON array of rows, on one line or printed over many, as LLaVA's files are. Only the array's
// own brackets and commas are looked at here; what stands between two commas is a row's text,
// whether right or wrong.

#include <fmt/format.h>

#include "core/errors.h"
#include "pool/reader.h"

namespace winnow {
namespace {

bool is_space(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

// Goes through a file's bytes one by one.
class ArrayScan {
 public:
  ArrayScan(const std::filesystem::path& file, const RowSink& sink) : file_(file), sink_(sink) {}

  void run() {
    BlockReader blocks(file_);
    offset_ = blocks.start();
    for (std::string_view piece = blocks.next(); !piece.empty(); piece = blocks.next()) {
      take(piece);
    }
    if (place_ == Place::before_array) fail("there is no JSON array in it");
    if (place_ != Place::behind_array) {
      fail(
          "the file ends before its array does, in the row that begins here or behind it; was it "
          "cut off on its way?",
          row_.line);
    }
  }

 private:
  enum class Place { before_array, before_row, in_row, behind_row, behind_array };
  // What a byte is to the row that it stands in or behind.
  enum class Part { inside, last, behind };

  void take(std::string_view piece) {
    std::size_t begin = 0;  // of the row's bytes in this piece
    for (std::size_t i = 0; i < piece.size(); ++i) {
      const char c = piece[i];
      if (c == '\n') ++line_;
      if (place_ == Place::in_row) {
        const Part part = part_of_row(c);
        if (part == Part::inside) continue;
        end_row(piece.substr(begin, i + (part == Part::last ? 1 : 0) - begin));
        if (part == Part::last) continue;
      }
      if (is_space(c)) continue;
      if (place_ == Place::before_row && c != ']' && c != ',') {
        begin = i;
        begin_row(c, offset_ + i);
      } else {
        punctuation(c);
      }
    }
    offset_ += piece.size();
    if (place_ != Place::in_row) return;
    begun_ += piece.substr(begin);
    if (begun_.size() > kLongestRow) {
      fail(
          "the row that begins here is longer than 1 GiB; is a quotation mark or a bracket missing "
          "in it?",
          row_.line);
    }
  }

  void begin_row(char c, std::uint64_t offset) {
    place_ = Place::in_row;
    row_ = {offset, 0, line_};
    depth_ = c == '{' || c == '[' ? 1 : 0;
    in_string_ = c == '"';
  }

  Part part_of_row(char c) {
    if (in_string_) {
      if (escaped_) {
        escaped_ = false;
      } else if (c == '\\') {
        escaped_ = true;
      } else if (c == '"') {
        in_string_ = false;
        if (depth_ == 0) return Part::last;
      }
      return Part::inside;
    }
    if (depth_ == 0) return c == ',' || c == ']' || is_space(c) ? Part::behind : Part::inside;
    if (c == '"') in_string_ = true;
    if (c == '{' || c == '[') ++depth_;
    if (c == '}' || c == ']') --depth_;
    return depth_ == 0 ? Part::last : Part::inside;
  }

  void end_row(std::string_view rest) {
    place_ = Place::behind_row;
    if (!begun_.empty()) rest = begun_ += rest;
    row_.length = static_cast<std::uint32_t>(rest.size());
    sink_.row(rest, row_);
    begun_.clear();
  }

  // What is neither a row nor white space.
  void punctuation(char c) {
    if (place_ == Place::before_array && c == '[') {
      place_ = Place::before_row;
    } else if (place_ == Place::behind_row && c == ',') {
      place_ = Place::before_row;
    } else if ((place_ == Place::behind_row || place_ == Place::before_row) && c == ']') {
      place_ = Place::behind_array;
    } else if (place_ == Place::before_array) {
      fail("it does not begin with '[', as a JSON array does");
    } else if (place_ == Place::behind_array) {
      fail(
          "something follows the array; where every line is a row of its own, say format = "
          "\"jsonl\"",
          line_);
    } else if (place_ == Place::before_row) {
      fail("the array has a comma without a row before it", line_);
    } else {
      fail(fmt::format("the array is broken behind the row that begins in line {}: expected ',' or "
                       "']'",
                       row_.line),
           line_);
    }
  }

  // `line`: 0 where the file as a whole is meant.
  [[noreturn]] void fail(const std::string& reason, std::uint32_t line = 0) const {
    throw DataError(
        fmt::format("{}{}: {}", file_.string(), line > 0 ? fmt::format(":{}", line) : "", reason));
  }

  const std::filesystem::path& file_;
  const RowSink& sink_;
  Place place_ = Place::before_array;
  std::uint64_t offset_ = 0;  // of the piece
  std::uint32_t line_ = 1;
  RowAddress row_;
  std::string begun_;  // of a row that does not end in its piece
  std::int64_t depth_ = 0;
  bool in_string_ = false, escaped_ = false;
};

class JsonArrayReader : public PoolReader {
 public:
  bool recognises(std::string_view beginning) const override {
    const std::size_t at = beginning.find_first_not_of(" \t\r\n");
    return at != std::string_view::npos && beginning[at] == '[';
  }
  void scan(const std::filesystem::path& file, const RowSink& sink) const override {
    ArrayScan(file, sink).run();
  }
};

const bool registered =
    (pool_readers().add("json_array", std::make_shared<JsonArrayReader>()), true);

}  // namespace
}  // namespace winnow
