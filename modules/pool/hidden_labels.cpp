#include "pool/hidden_labels.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <fstream>
#include <optional>

#include "core/errors.h"

namespace winnow {
namespace {

namespace json = boost::json;

constexpr const char* kId = "id";
constexpr std::size_t kMostLabels = 64;

// Whether a value says that the row has the label of this key; nothing for one that is no label.
std::optional<bool> label_of(std::string_view key, const json::value& value) {
  if (value.is_bool()) return value.as_bool();
  if (key == kWrongLabel && value.is_string()) return !value.as_string().empty();
  return std::nullopt;
}

}  // namespace

HiddenLabels::HiddenLabels(const std::filesystem::path& file) : file_(file) {
  std::ifstream lines(file);
  if (!lines) throw IoError(file.string() + ": cannot be opened for reading");
  std::int64_t number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    const auto fail = [&](const std::string& problem) {
      return DataError(
          fmt::format("{}:{}: not a row of hidden labels: {}", file.string(), number, problem));
    };
    json::object row;
    try {
      row = json::parse(line).as_object();
    } catch (const std::exception&) {
      throw fail("expected a JSON object");
    }
    const json::value* id = row.if_contains(kId);
    if (id == nullptr || !id->is_string()) throw fail("there is no text `id`");
    std::uint64_t bits = 0;
    std::size_t found = 0;
    for (const auto& [key, value] : row) {
      const std::optional<bool> holds = label_of(key, value);
      if (!holds) continue;
      if (rows_.empty()) names_.emplace_back(key);
      const auto place = std::find(names_.begin(), names_.end(), key);
      if (place == names_.end()) continue;
      ++found;
      if (*holds) bits |= std::uint64_t{1} << (place - names_.begin());
    }
    if (names_.size() > kMostLabels) throw fail("more than 64 labels");
    if (found != names_.size()) throw fail("a label of the first row is missing");
    if (!rows_.emplace(id->as_string().c_str(), bits).second) {
      throw fail("the id '" + std::string(id->as_string()) + "' occurs twice");
    }
  }
}

bool HiddenLabels::contains(const std::string& label) const {
  return std::find(names_.begin(), names_.end(), label) != names_.end();
}

bool HiddenLabels::has(std::string_view id, const std::string& label) const {
  const auto row = rows_.find(std::string(id));
  if (row == rows_.end()) {
    throw DataError(
        fmt::format("{}: there is no hidden label for the sample '{}'", file_.string(), id));
  }
  const auto place = std::find(names_.begin(), names_.end(), label);
  return place != names_.end() && (row->second >> (place - names_.begin()) & 1U) != 0;
}

}  // namespace winnow
