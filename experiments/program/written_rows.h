#pragma once
// Rows of a pool, written by an exporter.

#include <boost/json.hpp>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "pool/exporter.h"
#include "pool/pool.h"

namespace winnow {

struct RowToWrite {
  std::size_t row = 0;
  std::optional<double> weight = {};
};

// A row that could not be written: its medium is not there any more, the format cannot hold it.
struct UnwrittenRow {
  std::string id, reason;
};

struct WrittenRows {
  ExportReport report;
  std::vector<UnwrittenRow> failed;
};

// Reads and writes one row after the other, in the order given. `folder` and `later`: as
// Exporter::begin has them. With `decode` the media of all rows are opened first; a row with one
// that cannot be is not written. `check_input` sees every file that a row comes from or names and
// may throw. Throws DataError when more than `maximum_failed_share` of the rows, or all of them,
// cannot be written, and what the exporter throws.
WrittenRows write_rows(const Pool& pool, const std::vector<RowToWrite>& rows, Exporter& exporter,
                       const std::filesystem::path& folder, const std::filesystem::path& later,
                       double maximum_failed_share, bool decode,
                       const std::function<void(const std::filesystem::path&)>& check_input);

// For report.json: rows, files, media, warnings with counts, and the rows that failed.
boost::json::object to_json(const WrittenRows& written);
// A line each, for the terminal.
std::vector<std::string> warnings_of(const WrittenRows& written);

}  // namespace winnow
