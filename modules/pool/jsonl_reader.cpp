#include <cerrno>
#include <cstring>
#include <fstream>
#include <system_error>

#include "core/errors.h"
#include "pool/reader.h"
#include "pool/row_reader.h"

namespace winnow {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

// One row a line; blank lines are no rows. A byte order mark, CRLF and a last line without a line
// break are taken as they come.
void read_jsonl(const fs::path& file, const fs::path& media_root, const PoolOptions& options,
                const PoolSink& sink) {
  // Opening a folder succeeds on Linux and then reads as an empty file.
  std::error_code error;
  if (fs::is_directory(file, error))
    throw IoError(file.string() + ": is a folder, not a JSONL file");
  errno = 0;
  std::ifstream stream(file, std::ios::binary);
  if (!stream) {
    throw IoError(file.string() + ": cannot be opened for reading: " + std::strerror(errno));
  }
  RowReader reader(file, media_root, options);
  std::string line;
  for (std::int64_t number = 1; std::getline(stream, line); ++number) {
    if (number == 1 && line.starts_with(kByteOrderMark)) line.erase(0, kByteOrderMark.size());
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    std::variant<Sample, BadRow> row = reader.read(line, number);
    if (auto* sample = std::get_if<Sample>(&row)) {
      sink.sample(std::move(*sample));
    } else {
      sink.bad_row(std::get<BadRow>(std::move(row)));
    }
  }
  if (stream.bad()) throw IoError(file.string() + ": reading failed: " + std::strerror(errno));
}

}  // namespace

Registry<PoolReader>& pool_readers() {
  static Registry<PoolReader> readers = [] {
    Registry<PoolReader> registry("pool reader");
    registry.add("jsonl", read_jsonl);
    return registry;
  }();
  return readers;
}

}  // namespace winnow
