#pragma once
// A pool in the release's formats as a sample table: one row for every question-answer pair, with
// the merged metrics as columns.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "gdo_release/select/write/record.h"
#include "pool/sample_table.h"

namespace winnow::gdo_release {

struct PairTable {
  SampleTable table;
  ScanOptions files;
  // Of each row of the table, where it stands and what its output row shows of it.
  struct Place {
    std::uint64_t offset = 0;
    std::uint32_t line = 0, turn = 0;
    std::uint8_t video = 0, form = 0, temporal = 0;  // numbers in the lists below
  };
  std::vector<Place> places;
  std::vector<std::string> forms, temporals;
  std::vector<std::string> warnings;  // counts of what was skipped or is missing

  // The row as the release writes it, ending in a line feed, with `meta` (", \"key\": value"...)
  // at the end of its "meta".
  void append_row(RecordReader& reader, std::size_t row, const std::string& meta,
                  std::string& out) const;
};

// Names of all columns that read_pair_table() makes of a metrics table.
std::vector<std::string> pair_table_columns();

// Reads the pool, and the metrics unless `metrics` is empty. An id that occurs once is the pair's
// uid; pairs that share one, and those of rows without an id, get "<uid>#<digest of their
// content>", have no metrics (whose they are cannot be told), and count once when they are equal
// throughout. Equal content is equal texts and media. The table does not depend on the order of the
// lines but for the order of its rows. Throws IoError, and DataError for a file that is not UTF-8
// and for a pool without a pair.
PairTable read_pair_table(const std::filesystem::path& onevision,
                          const std::filesystem::path& video, const std::filesystem::path& metrics);

}  // namespace winnow::gdo_release
