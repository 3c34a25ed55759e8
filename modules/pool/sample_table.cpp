#include "pool/sample_table.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cmath>
#include <limits>
#include <sstream>
#include <stdexcept>
#include <xtensor/xnpy.hpp>

#include "core/errors.h"
#include "core/files.h"
#include "pool/text.h"

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

boost::json::object to_json(const RowFacts& row) {
  return {{"id", row.id},
          {"source", row.source},
          {"modality", to_string(row.modality)},
          {"question_type", row.question_type},
          {"content_digest", row.content_digest},
          {"answer_words", row.answer_words}};
}

RowFacts from_json(const boost::json::object& object) {
  const auto text = [&](const char* key) { return std::string(object.at(key).as_string()); };
  const auto modality = parse_modality(text("modality"));
  if (!modality) throw std::invalid_argument("unknown modality '" + text("modality") + "'");
  return {text("id"),
          text("source"),
          *modality,
          text("question_type"),
          text("content_digest"),
          object.at("answer_words").to_number<std::int64_t>()};
}

template <class T, std::size_t Dimensions = 1>
xt::xtensor<T, Dimensions> load_array(const fs::path& path, std::size_t rows) {
  std::istringstream stream(read_file(path));
  xt::xarray<T> loaded;
  const auto unlike = [&](const std::string& reason) {
    throw DataError(path.string() + ": not a " + (Dimensions == 1 ? "one" : "two") +
                    "-dimensional .npy array of the expected type: " + reason);
  };
  try {
    loaded = xt::load_npy<T>(stream);
  } catch (const std::exception& error) {
    unlike(error.what());
  }
  // xtensor itself copies any number of extents into the array of `Dimensions`.
  if (loaded.dimension() != Dimensions) {
    unlike("it has " + std::to_string(loaded.dimension()) + " dimensions");
  }
  if (loaded.shape(0) != rows) {
    throw DataError(path.string() + ": " + std::to_string(loaded.shape(0)) +
                    " values for a table of " + std::to_string(rows) + " rows");
  }
  std::array<std::size_t, Dimensions> shape;
  std::copy_n(loaded.shape().begin(), Dimensions, shape.begin());
  auto array = xt::xtensor<T, Dimensions>::from_shape(shape);
  std::copy(loaded.begin(), loaded.end(), array.begin());
  return array;
}

void check_states(const Column& column, const fs::path& path) {
  for (std::size_t row = 0; row < column.states.size(); ++row) {
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
  Column column;
  column.name = std::move(name);
  column.values = xt::xtensor<double, 1>::from_shape({rows});
  column.values.fill(kNotANumber);
  column.states = xt::xtensor<std::uint8_t, 1>::from_shape({rows});
  column.states.fill(static_cast<std::uint8_t>(CellState::missing));
  return column;
}

void Column::set(std::size_t row, double value) {
  if (!std::isfinite(value)) return set(row, CellState::failed);
  values(row) = value;
  states(row) = static_cast<std::uint8_t>(CellState::valid);
}

void Column::set(std::size_t row, CellState state) {
  if (state == CellState::valid) throw std::logic_error("a valid cell needs its value");
  values(row) = kNotANumber;
  states(row) = static_cast<std::uint8_t>(state);
}

SampleTable::SampleTable(std::vector<RowFacts> rows) : rows_(std::move(rows)) {}

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
  std::string lines;
  for (const RowFacts& row : rows_) lines += boost::json::serialize(to_json(row)) + "\n";
  write_file(pending.path() / kRowsFile, lines);
  for (const auto& [name, column] : columns_) {
    write_file(pending.path() / (name + kValuesEnding), xt::dump_npy(column.values));
    write_file(pending.path() / (name + kStatesEnding), xt::dump_npy(column.states));
    if (column.vectors.size() == 0) continue;
    write_file(pending.path() / (name + kVectorsEnding), xt::dump_npy(column.vectors));
  }
  pending.commit();
}

SampleTable SampleTable::load(const fs::path& folder) {
  const fs::path rows_path = folder / kRowsFile;
  std::vector<RowFacts> rows;
  std::istringstream lines(read_file(rows_path));
  for (std::string line; std::getline(lines, line);) {
    try {
      rows.push_back(from_json(boost::json::parse(line).as_object()));
    } catch (const std::exception& error) {
      throw DataError(rows_path.string() + ":" + std::to_string(rows.size() + 1) +
                      ": not a row of a sample table: " + error.what());
    }
  }
  SampleTable table(std::move(rows));
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
    Column column{name, load_array<double>(values, table.size()),
                  load_array<std::uint8_t>(folder / (name + kStatesEnding), table.size())};
    check_states(column, values);
    const fs::path vectors = folder / (name + kVectorsEnding);
    if (fs::exists(vectors)) column.vectors = load_array<float, 2>(vectors, table.size());
    table.add(std::move(column));
  }
  return table;
}

std::vector<RowFacts> facts_of(const std::vector<Sample>& samples) {
  std::vector<RowFacts> facts;
  facts.reserve(samples.size());
  for (const Sample& sample : samples) {
    facts.push_back({sample.id, sample.source, sample.modality(), question_type(sample.question()),
                     sample.content_digest(), count_words(sample.answer())});
  }
  return facts;
}

}  // namespace winnow
