#pragma once
// What the maker of a pool knows of its rows and no method may see: which answers are wrong, which
// questions give their answer away. A file of one JSON object a row:
//
//   {"id": "row-1", "wrong": true, "blind": false, "type": "colour"}
//
// A key with true or false is a label. So is `wrong` with a text, which says how it is wrong and is
// empty where it is not. Other keys are details for whoever wrote them.

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace winnow {

// The label of a row whose answer is wrong.
inline constexpr const char* kWrongLabel = "wrong";

class HiddenLabels {
 public:
  HiddenLabels() = default;
  // Throws IoError, and DataError naming file and line for a line that is no such object, an id
  // that occurs twice, and a row that lacks a label of the first one.
  explicit HiddenLabels(const std::filesystem::path& file);

  // Names of the labels, in the order of the first row; at most 64.
  const std::vector<std::string>& names() const { return names_; }
  bool contains(const std::string& label) const;
  // Whether the row has it. Throws DataError for a row without an entry.
  bool has(std::string_view id, const std::string& label) const;
  std::size_t size() const { return rows_.size(); }

 private:
  std::filesystem::path file_;
  std::vector<std::string> names_;
  std::unordered_map<std::string, std::uint64_t> rows_;  // id -> a bit for each label
};

}  // namespace winnow
