#pragma once
// What an options struct says of itself. A component's options are a plain described struct plus a
// help() function found by argument-dependent lookup:
//
//   struct UniformOptions {
//     std::int64_t budget = 1000;
//   };
//   BOOST_DESCRIBE_STRUCT(UniformOptions, (), (budget))
//   inline config::Help help(const UniformOptions&) {
//     return {{"budget", "number of rows to take", config::at_least(1)}};
//   }
//
// Members may be bool, integers, double, std::string, std::filesystem::path, a described enum (by
// its enumerator's name), std::optional of those (an absent key is nullopt), std::vector of those,
// std::map<std::string, T> of those, or another such struct (a nested table). Inherited described
// members count as the struct's own. An enumerator that C++ reserves takes a trailing underscore
// (auto_), which the config does not see. An absent key keeps the member's default.

#include <boost/describe.hpp>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace winnow::config {

// A numeric range; both ends included unless said otherwise. Applies to each element of a list.
struct Range {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
  bool low_open = false;

  // "at least 1", "above 0 and at most 1", ...
  std::string text() const;
};
inline Range at_least(double low) { return {low, std::numeric_limits<double>::infinity(), false}; }
inline Range above(double low) { return {low, std::numeric_limits<double>::infinity(), true}; }
inline Range between(double low, double high) { return {low, high, false}; }

struct FieldHelp {
  std::string name;
  std::string text;  // one line
  std::optional<Range> range = std::nullopt;
};
// One entry for every member, in any order; a missing or surplus entry is a std::logic_error.
using Help = std::vector<FieldHelp>;

// One option as `winnow list` and --help print it. Nested structs appear flattened, after an entry
// of type "table" for themselves: "sampling", "sampling.fps". Structs in a list or a map appear as
// "stages[].fps" and "stages.*.fps".
struct OptionDescription {
  std::string name;
  std::string type;           // "integer", "number", "text", "boolean", "path", "list of number",
                              // "minloss | diverse | temp | temp_plus", ...
  std::string default_value;  // as TOML text; empty for an absent optional
  std::string help;
  std::optional<Range> range;
};

}  // namespace winnow::config
