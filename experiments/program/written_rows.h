#pragma once
// Rows of a pool, written by an exporter.

#include <boost/json.hpp>
#include <functional>
#include <optional>
#include <set>
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
  std::size_t row = 0;
  std::string id, reason;
};

// Opens the media of rows, those of each row once.
class RowChecker {
 public:
  // With `decode` off every row passes.
  RowChecker(const Pool& pool, bool decode) : pool_(pool), decode_(decode) {}
  // Of the rows that were not asked about before: those with a medium that cannot be opened.
  std::vector<UnwrittenRow> undecodable(const std::vector<RowToWrite>& rows);

 private:
  const Pool& pool_;
  bool decode_;
  std::set<std::size_t> checked_;
};

// Throws DataError when `failed` are more than this share of `rows`.
void check_failed_share(const std::vector<UnwrittenRow>& failed, std::size_t rows,
                        double maximum_failed_share);

struct WrittenRows {
  ExportReport report;
  std::vector<UnwrittenRow> failed;
};

// Reads and writes one row after the other, in the order given. `folder` and `later`: as
// Exporter::begin has them. Rows of `damaged` are not written. `check_input` sees every file that a
// row comes from or names and may throw. Throws DataError when more than `maximum_failed_share` of
// the rows, or all of them, cannot be written, and what the exporter throws.
WrittenRows write_rows(const Pool& pool, const std::vector<RowToWrite>& rows, Exporter& exporter,
                       const std::filesystem::path& folder, const std::filesystem::path& later,
                       double maximum_failed_share,
                       const std::function<void(const std::filesystem::path&)>& check_input,
                       const std::vector<UnwrittenRow>& damaged = {});

// For report.json: rows, files, media, warnings with counts, and the rows that failed.
boost::json::object to_json(const WrittenRows& written);
// A line each, for the terminal.
std::vector<std::string> warnings_of(const WrittenRows& written);

}  // namespace winnow
