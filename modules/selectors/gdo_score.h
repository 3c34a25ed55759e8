#pragma once
// The score of GDO: a weighted sum of standardised columns, with missing values as a state.

#include <cstdint>
#include <string>
#include <vector>

#include "selectors/gdo_options.h"
#include "selectors/selector.h"

namespace winnow {

// A column of the table, or the fact answer_words as log(1 + words).
class TermColumn {
 public:
  // Throws ConfigError naming the nearest column.
  TermColumn(const SampleTable& table, const std::string& name);
  CellState state(std::size_t row) const;
  double value(std::size_t row) const;

 private:
  const SampleTable* table_;
  const Column* column_ = nullptr;  // null: answer_words
};

// Number of each row's group: rows with equal modality and keys share one. A key is "source",
// "question_type" or a column of group numbers; rows without that number form a group.
struct Grouping {
  std::vector<std::uint32_t> group_of;  // like `rows`
  std::size_t count = 0;
  std::vector<std::string> names;  // of the groups: "video, temporal, cluster 7"
};
Grouping group_rows(const SampleTable& table, const std::vector<std::size_t>& rows,
                    const std::vector<std::string>& keys);

// Standardised values: median 0, and about 1 for a standard deviation. Robust: divided by
// IQR / 1.349, or where that is 0 by the scaled mean absolute deviation; clipped. Constant: all 0.
std::vector<double> standardise(const std::vector<double>& values, Scale scale, double clip);

// Linear interpolation between order statistics. Requires a value.
double quantile(std::vector<double> values, double share);

struct Scores {
  std::vector<std::string> names;          // terms
  std::vector<std::vector<double>> terms;  // [term][row of `rows`], weighted
  std::vector<double> total;               // [row of `rows`]
  std::vector<std::string> warnings;
};

// Scores of `rows`. A term that does not apply to a row is left out and the row's other terms are
// scaled so that the score's variance stays what it would be with all (independent) terms. A
// missing value counts as -missing_penalty * |weight|; rows with a failed one are no candidates.
Scores score_rows(const SampleTable& table, const std::vector<std::size_t>& rows,
                  const GdoOptions& options);

// Which rows are rejected, and why.
struct Rejections {
  std::vector<std::string> reasons;
  std::vector<std::int32_t> reason;  // like `rows`: index into `reasons`, or Account::kNone
};
Rejections rejections(const SampleTable& table, const std::vector<std::size_t>& rows,
                      const GdoOptions& options);

}  // namespace winnow
