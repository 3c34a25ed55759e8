// One row a line; blank lines are no rows. A byte order mark, CRLF and a last line without a line
// break are taken as they come.

#include <algorithm>

#include "pool/reader.h"

namespace winnow {
namespace {

class JsonlReader : public PoolReader {
 public:
  void scan(const std::filesystem::path& file, const RowSink& sink) const override {
    BlockReader blocks(file);
    RowAddress line{blocks.start(), 0, 1};
    std::string begun;           // of a line that does not end in its piece
    std::uint64_t too_long = 0;  // bytes of a line that are passed over
    const auto end_line = [&](std::string_view text) {
      const std::uint64_t bytes = text.size() + too_long;
      if (bytes > kLongestRow) {
        sink.bad_row(line.line, "structure", "the line is longer than 1 GiB");
      } else if (text.find_first_not_of(" \t\r") != std::string_view::npos) {
        line.length = static_cast<std::uint32_t>(bytes);
        sink.row(text, line);
      }
      line.offset += bytes + 1;
      ++line.line;
      too_long = 0;
    };
    for (std::string_view piece = blocks.next(); !piece.empty(); piece = blocks.next()) {
      for (std::size_t end = piece.find('\n'); end != std::string_view::npos;
           end = piece.find('\n')) {
        if (begun.empty()) {
          end_line(piece.substr(0, end));
        } else {
          begun += piece.substr(0, end);
          end_line(begun);
          begun.clear();
        }
        piece.remove_prefix(end + 1);
      }
      begun += piece;
      if (begun.size() > kLongestRow) {
        too_long += begun.size();
        begun.clear();
      }
    }
    if (!begun.empty() || too_long > 0) end_line(begun);
  }
};

const bool registered = (pool_readers().add("jsonl", std::make_shared<JsonlReader>()), true);

}  // namespace
}  // namespace winnow
