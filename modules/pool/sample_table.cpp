#include "pool/sample_table.h"

#include <algorithm>
#include <boost/json.hpp>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <fstream>
#include <limits>
#include <stdexcept>

#include "core/errors.h"
#include "core/files.h"
#include "pool/npy.h"

namespace winnow {
namespace fs = std::filesystem;
namespace {

constexpr const char* kRowsFile = "rows.jsonl";
constexpr const char* kValuesEnding = ".values.npy";
constexpr const char* kStatesEnding = ".states.npy";
constexpr const char* kVectorsEnding = ".vectors.npy";
constexpr double kNotANumber = std::numeric_limits<double>::quiet_NaN();

bool is_file_name(const std::string& name) {
  return !name.empty() && name.front() != '.' &&
         std::all_of(name.begin(), name.end(), [](unsigned char c) {
           return std::isalnum(c) || c == '_' || c == '-' || c == '.';
         });
}

std::string json_line(const RowTable& rows, std::size_t row) {
  return boost::json::serialize(boost::json::object{{"id", rows.id(row)},
                                                    {"source", rows.source(row)},
                                                    {"modality", to_string(rows.modality(row))},
                                                    {"question_type", rows.question_type(row)},
                                                    {"content_digest", rows.content_digest(row)},
                                                    {"answer_words", rows.answer_words(row)}}) +
         "\n";
}

RowFacts from_json(const boost::json::object& object) {
  const auto text = [&](const char* key) { return std::string(object.at(key).as_string()); };
  const auto modality = parse_modality(text("modality"));
  if (!modality) throw std::invalid_argument("unknown modality '" + text("modality") + "'");
  if (!ContentDigest::parse(text("content_digest"))) {
    throw std::invalid_argument("'" + text("content_digest") +
                                "' is no digest of 32 hexadecimal characters");
  }
  return {text("id"),
          text("source"),
          *modality,
          text("question_type"),
          text("content_digest"),
          object.at("answer_words").to_number<std::int64_t>()};
}

void write_rows(const RowTable& rows, const fs::path& path) {
  write_file_with(path, [&](const fs::path& temporary) {
    std::ofstream file(temporary, std::ios::binary);
    for (std::size_t row = 0; row < rows.size(); ++row) file << json_line(rows, row);
    if (!file.flush()) throw IoError(path.string() + ": writing failed: " + std::strerror(errno));
  });
}

RowTable read_rows(const fs::path& path) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    throw IoError(path.string() + ": cannot be opened for reading: " + std::strerror(errno));
  }
  RowTable rows;
  for (std::string line; std::getline(file, line);) {
    try {
      rows.append(from_json(boost::json::parse(line).as_object()));
    } catch (const std::exception& error) {
      throw DataError(path.string() + ":" + std::to_string(rows.size() + 1) +
                      ": not a row of a sample table: " + error.what());
    }
  }
  if (file.bad()) throw IoError(path.string() + ": reading failed: " + std::strerror(errno));
  return rows;
}

void check_states(const Column& column, const fs::path& path) {
  for (std::size_t row = 0; row < column.size(); ++row) {
    if (column.states(row) > static_cast<std::uint8_t>(CellState::not_applicable) ||
        column.valid(row) != std::isfinite(column.values(row))) {
      throw DataError(path.string() + ": row " + std::to_string(row) + ": state " +
                      std::to_string(column.states(row)) + " does not fit the value " +
                      std::to_string(column.values(row)));
    }
  }
}

}  // namespace

Column Column::missing(std::string name, std::size_t rows) {
  const std::array<std::size_t, 1> shape = {rows};
  return {std::move(name), xt::xtensor<double, 1>(shape, kNotANumber),
          xt::xtensor<std::uint8_t, 1>(shape, static_cast<std::uint8_t>(CellState::missing))};
}

void Column::set(std::size_t row, double value) {
  if (!std::isfinite(value)) return set(row, CellState::failed);
  values.edit()[row] = value;
  states.edit()[row] = static_cast<std::uint8_t>(CellState::valid);
}

void Column::set(std::size_t row, CellState state) {
  if (state == CellState::valid) throw std::logic_error("a valid cell needs its value");
  values.edit()[row] = kNotANumber;
  states.edit()[row] = static_cast<std::uint8_t>(state);
}

void Column::copy(std::size_t row, const Column& from, std::size_t from_row) {
  values.edit()[row] = from.values(from_row);
  states.edit()[row] = from.states(from_row);
}

SampleTable::SampleTable(const std::vector<RowFacts>& rows) : SampleTable(RowTable(rows)) {}
SampleTable::SampleTable(RowTable rows)
    : rows_(std::make_shared<const RowTable>(std::move(rows))) {}
SampleTable::SampleTable(std::shared_ptr<const RowTable> rows) : rows_(std::move(rows)) {}

void SampleTable::add(Column column) {
  if (column.values.size() != size() || column.states.size() != size()) {
    throw std::logic_error("column '" + column.name + "' has " +
                           std::to_string(column.values.size()) + " values and " +
                           std::to_string(column.states.size()) + " states for " +
                           std::to_string(size()) + " rows");
  }
  if (column.vectors.size() > 0 && column.vectors.shape(0) != size()) {
    throw std::logic_error("column '" + column.name + "' has " +
                           std::to_string(column.vectors.shape(0)) + " vectors for " +
                           std::to_string(size()) + " rows");
  }
  if (!is_file_name(column.name)) {
    throw std::logic_error("column name '" + column.name +
                           "' must be made of letters, digits, '_', '-' and '.'");
  }
  columns_.insert_or_assign(column.name, std::move(column));
}

const Column& SampleTable::column(const std::string& name) const {
  const auto found = columns_.find(name);
  if (found == columns_.end()) {
    throw ConfigError("the sample table has no column '" + name + "'." +
                      suggestion(name, column_names()));
  }
  return found->second;
}

std::vector<std::string> SampleTable::column_names() const {
  std::vector<std::string> names;
  for (const auto& [name, column] : columns_) names.push_back(name);
  return names;
}

void SampleTable::save(const fs::path& folder) const {
  PendingDirectory pending(folder);
  write_rows(*rows_, pending.path() / kRowsFile);
  for (const auto& [name, column] : columns_) {
    write_npy(pending.path() / (name + kValuesEnding), column.values);
    write_npy(pending.path() / (name + kStatesEnding), column.states);
    if (column.vectors.size() == 0) continue;
    write_npy(pending.path() / (name + kVectorsEnding), column.vectors);
  }
  pending.commit();
}

SampleTable SampleTable::load(const fs::path& folder) {
  SampleTable table(read_rows(folder / kRowsFile));
  std::vector<std::string> names;
  std::error_code failure;
  const fs::directory_iterator entries(folder, failure);
  if (failure) throw IoError(folder.string() + ": cannot be listed: " + failure.message());
  for (const auto& entry : entries) {
    const std::string file = entry.path().filename().string();
    const std::string ending = kValuesEnding;
    if (file.size() > ending.size() && file.ends_with(ending)) {
      names.push_back(file.substr(0, file.size() - ending.size()));
    }
  }
  for (const std::string& name : names) {
    const fs::path values = folder / (name + kValuesEnding);
    Column column{name, map_npy<double, 1>(values, table.size()),
                  map_npy<std::uint8_t, 1>(folder / (name + kStatesEnding), table.size())};
    check_states(column, values);
    const fs::path vectors = folder / (name + kVectorsEnding);
    if (fs::exists(vectors)) column.vectors = map_npy<float, 2>(vectors, table.size());
    table.add(std::move(column));
  }
  return table;
}

}  // namespace winnow
