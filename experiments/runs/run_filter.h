#pragma once
// Which runs somebody means: 'goal=temp* and average>43'.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "experiments/runs/run_folder.h"

namespace winnow {

// What a run has under a key: the numbers and words that `winnow runs` shows (name, experiment,
// state, host, commit, method, average, difference, spread, rows, cost, age), those of one method
// (temp_plus.average, .difference, .spread, .rows, .cost), what the command line or its files chose
// (goal, scale), else the config's value. Several where several tables chose. Numbers are as JSON
// has them; age is in seconds. Empty: the run has none.
std::vector<std::string> values_of(const Run& run, const std::string& key, std::int64_t now);

// The same as a number, for sorting; nothing where it is none.
std::optional<double> number_of(const Run& run, const std::string& key, std::int64_t now);

class RunFilter {
 public:
  // KEY=VALUE, !=, <, <=, >, >=, joined by `and`, `or`, `not` and parentheses. A value of = and !=
  // may have * and ?; one with spaces stands in quotes; one of `age` may end in s, min, h or d. A
  // word alone is a name to look for anywhere in a run's. Empty: all runs. Throws ConfigError that
  // points to the place.
  explicit RunFilter(const std::string& text);
  ~RunFilter();
  RunFilter(RunFilter&&) noexcept;
  RunFilter& operator=(RunFilter&&) noexcept;

  // A comparison with what a run does not have is false, so that `not cost>5` holds for it.
  bool matches(const Run& run, std::int64_t now) const;
  // Throws ConfigError for a key that none of the runs has, with the nearest that one has.
  void check_keys(const std::vector<Run>& runs, std::int64_t now) const;

 private:
  struct Node;
  class Parser;
  std::unique_ptr<Node> root_;
};

// Throws ConfigError for a key that none of the runs has.
void check_key(const std::string& key, const std::vector<Run>& runs, std::int64_t now);

}  // namespace winnow
