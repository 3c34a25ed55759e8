#include "pool/column_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "core/errors.h"
#include "pool/score_file.h"

namespace winnow {
namespace fs = std::filesystem;
namespace {

constexpr const char* kRowsFile = "rows.jsonl";
constexpr const char* kValuesEnding = ".values.npy";

// The saved table in a folder: itself, or its `table`, where stages keep theirs. Empty without one.
fs::path table_in(const fs::path& place) {
  std::error_code error;
  for (const fs::path& folder : {place, place / "table"}) {
    if (fs::is_regular_file(folder / kRowsFile, error)) return folder;
  }
  return {};
}

// Where each row of `rows` stands in `measured`; kNone where it does not.
constexpr std::uint32_t kNone = 0xffffffff;

std::vector<std::uint32_t> places_of(const RowTable& rows, const RowTable& measured,
                                     ColumnSource& source) {
  std::vector<std::uint32_t> places(rows.size(), kNone);
  std::vector<bool> used(measured.size(), false);
  for (std::size_t row = 0; row < rows.size(); ++row) {
    const bool in_place = row < measured.size() && measured.id(row) == rows.id(row);
    const std::optional<std::size_t> found =
        in_place ? std::optional<std::size_t>(row) : measured.find(rows.id(row));
    if (found) used[*found] = true;
    if (found && measured.content(*found) == rows.content(row)) {
      places[row] = static_cast<std::uint32_t>(*found);
      continue;
    }
    ++source.without_scores;
    if (found && source.changed++ == 0) source.first_changed = rows.id(row);
  }
  source.rows = static_cast<std::int64_t>(measured.size());
  source.without_sample = std::count(used.begin(), used.end(), false);
  return places;
}

Column column_at(const Column& from, const std::vector<std::uint32_t>& places) {
  Column column = Column::missing(from.name, places.size());
  for (std::size_t row = 0; row < places.size(); ++row) {
    if (places[row] != kNone) column.copy(row, from, places[row]);
  }
  if (from.vectors.size() == 0) return column;
  const std::size_t dimensions = from.vectors.shape(1);
  xt::xtensor<float, 2> vectors = xt::zeros<float>({places.size(), dimensions});
  for (std::size_t row = 0; row < places.size(); ++row) {
    if (places[row] == kNone) continue;
    std::copy_n(from.vectors.data() + places[row] * dimensions, dimensions,
                vectors.data() + row * dimensions);
  }
  column.vectors = std::move(vectors);
  return column;
}

void check_share(const ColumnSource& source, std::size_t rows, const ColumnOptions& options) {
  if (source.without_sample == source.rows) {
    throw DataError(fmt::format(
        "{}: none of its {} rows is a sample of the pool. Was this table measured of another pool?",
        source.place.string(), source.rows));
  }
  const double share = static_cast<double>(source.without_scores) / static_cast<double>(rows);
  if (share <= options.maximum_missing_share) return;
  const std::string changed =
      source.changed == 0
          ? ""
          : fmt::format("; {} of them were measured with another content, the first is '{}'",
                        source.changed, source.first_changed);
  throw DataError(
      fmt::format("{}: {} of {} samples of the pool have no scores in it ({:.1f} %){}, more than "
                  "maximum_missing_share = {} allows",
                  source.place.string(), source.without_scores, rows, 100 * share, changed,
                  options.maximum_missing_share));
}

std::vector<Column> read_table(const ColumnOptions& options, const RowTable& rows,
                               ColumnSource& source) {
  const SampleTable measured = SampleTable::load(table_in(source.place));
  const std::vector<std::uint32_t> places = places_of(rows, measured.rows(), source);
  check_share(source, rows.size(), options);
  const bool same_rows = source.without_scores == 0 && measured.size() == rows.size() &&
                         std::adjacent_find(places.begin(), places.end(), [](auto a, auto b) {
                           return b != a + 1;
                         }) == places.end();
  std::vector<Column> columns;
  for (const std::string& name : measured.column_names()) {
    const Column& column = measured.column(name);
    columns.push_back(same_rows ? column : column_at(column, places));
  }
  return columns;
}

std::vector<Column> read_score_file(const ColumnOptions& options, const RowTable& rows,
                                    ColumnSource& source) {
  ScoreFile scores = read_scores(source.place, rows, options.id);
  check_scores(scores, source.place, rows.size(), options.maximum_missing_share);
  source.ignored = scores.ignored;
  source.rows = scores.rows;
  source.without_sample = scores.without_sample;
  source.without_scores = scores.without_scores;
  return std::move(scores.columns);
}

}  // namespace

config::Help help(const ColumnOptions&) {
  return {
      {"columns",
       "folders of measured tables and files of scores (.jsonl, .csv, .tsv), joined by the "
       "samples' ids"},
      {"id", "key of the samples' ids in files of scores"},
      {"maximum_missing_share",
       "share of the pool's rows that each of them may have nothing for, and each column that is "
       "read no value",
       config::between(0, 1)}};
}

void check_column_places(const ColumnOptions& options) {
  std::set<fs::path> seen;
  for (const fs::path& place : options.columns) {
    std::error_code error;
    if (!fs::exists(place, error)) {
      throw IoError(fmt::format("columns: there is no file or folder {}", place.string()));
    }
    if (fs::is_directory(place, error) && table_in(place).empty()) {
      throw ConfigError(
          fmt::format("columns: {} is a folder, but no measured table: there is no {} in it",
                      place.string(), kRowsFile));
    }
    if (!seen.insert(fs::weakly_canonical(place, error)).second) {
      throw ConfigError(fmt::format("columns: {} is named twice", place.string()));
    }
  }
}

std::optional<std::vector<std::string>> known_columns(const ColumnOptions& options) {
  std::set<std::string> names;
  for (const fs::path& place : options.columns) {
    const fs::path folder = table_in(place);
    if (folder.empty()) return std::nullopt;
    std::error_code error;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
      const std::string file = entry.path().filename().string();
      const std::size_t ending = file.rfind(kValuesEnding);
      if (file.ends_with(kValuesEnding)) names.insert(file.substr(0, ending));
    }
    if (error) throw IoError(place.string() + ": cannot be listed: " + error.message());
  }
  return std::vector<std::string>(names.begin(), names.end());
}

std::vector<ColumnSource> add_columns(const ColumnOptions& options, SampleTable& table) {
  std::vector<ColumnSource> sources;
  std::map<std::string, fs::path> origin;  // of each column
  for (const fs::path& place : options.columns) {
    ColumnSource source;
    source.place = place;
    std::vector<Column> columns = table_in(place).empty()
                                      ? read_score_file(options, table.rows(), source)
                                      : read_table(options, table.rows(), source);
    for (Column& column : columns) {
      const auto [known, is_new] = origin.emplace(column.name, place);
      if (!is_new) {
        throw DataError(fmt::format("columns: {} and {} both have a column '{}'; name one of them",
                                    known->second.string(), place.string(), column.name));
      }
      source.columns.push_back(column.name);
      table.add(std::move(column));
    }
    sources.push_back(std::move(source));
  }
  return sources;
}

std::vector<std::string> remarks_on(const ColumnSource& source) {
  std::vector<std::string> remarks;
  const auto say = [&](const std::string& text) {
    remarks.push_back(source.place.string() + ": " + text);
  };
  if (source.without_scores > source.changed) {
    say(fmt::format("{} samples of the pool have no scores in it",
                    source.without_scores - source.changed));
  }
  if (source.changed > 0) {
    say(fmt::format(
        "{} samples had another content when they were measured, their scores are not used; the "
        "first is '{}'",
        source.changed, source.first_changed));
  }
  if (source.without_sample > 0) {
    say(fmt::format("{} of its {} rows are no samples of the pool", source.without_sample,
                    source.rows));
  }
  if (!source.ignored.empty()) {
    say(fmt::format("no columns of numbers: {}", fmt::join(source.ignored, ", ")));
  }
  return remarks;
}

}  // namespace winnow
