#pragma once
// Columns from a file of scores, whoever computed them: JSON lines, or a table with a head line.
//
//   {"id": "row-1", "quality": 0.7, "loss": 1.2}          .jsonl
//   id,quality,loss                                       .csv, .tsv
//
// Every other key than the id whose values are numbers is a column. An empty field, null, NaN
// and infinities are no value. A key with text or lists (a source, a comment) is none and is named
// in `ignored`.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "pool/sample_table.h"

namespace winnow {

struct ScoreFile {
  std::vector<Column> columns;       // by the rows of the table
  std::vector<std::string> ignored;  // keys that are no numbers
  std::int64_t rows = 0;             // of the file
  std::int64_t without_sample = 0;   // rows of the file whose id the table does not have
  std::int64_t without_scores = 0;   // rows of the table that the file has nothing for
  std::string example;               // an id of `without_sample`
};

// In one of score_formats(), or as above; `id`: the key of the samples' ids. Throws IoError, and
// DataError naming file and line: a line that is no object or has another number of fields than the
// head, a row without the id, an id that occurs twice with other values, a column that the table
// cannot hold by its name, a file without a row or without a column of numbers.
ScoreFile read_scores(const std::filesystem::path& file, const RowTable& rows,
                      const std::string& id = "id");

// A format in which rows name their samples in another way than by a key: JSON lines that it
// recognises by the first of them. Whoever knows one adds it.
struct ScoreFormat {
  std::function<bool(std::string_view first_line)> recognises;
  std::function<ScoreFile(const std::filesystem::path&, const RowTable&)> read;
};
std::vector<ScoreFormat>& score_formats();

// What a file of scores has to give. Throws DataError where none of its rows is a sample of the
// table, and where more than `maximum_missing_share` of the table's rows have no scores.
void check_scores(const ScoreFile& scores, const std::filesystem::path& file, std::size_t rows,
                  double maximum_missing_share);

}  // namespace winnow
