#pragma once
// Options of the gdo selector. A goal is a table of these (configs/goal/).

#include <map>
#include <string>
#include <vector>

#include "config/options.h"
#include "selectors/budget.h"

namespace winnow {

enum class Scale { robust, rank };
BOOST_DESCRIBE_ENUM(Scale, robust, rank)

// Hard filters, column -> threshold. Rows without a value pass (the score penalises them).
struct RejectOptions {
  std::map<std::string, double> below, above, below_quantile, above_quantile;
};
BOOST_DESCRIBE_STRUCT(RejectOptions, (), (below, above, below_quantile, above_quantile))
inline config::Help help(const RejectOptions&) {
  return {
      {"below", "column -> value: rows below it are rejected"},
      {"above", "column -> value: rows above it are rejected"},
      {"below_quantile", "column -> quantile within the row's group: rows below it are rejected",
       config::between(0, 1)},
      {"above_quantile", "column -> quantile within the row's group: rows above it are rejected",
       config::between(0, 1)}};
}

// Label noise concentrates in sources, and the mean over a source is a far better detector of it
// than one row's value.
struct SourcePriorOptions {
  std::string column = "visual_dependency";
  double weight = 0.0;
  bool by_question_type = true;
  double shrinkage = 20.0;
  double reject_quantile = 0.0;
};
BOOST_DESCRIBE_STRUCT(SourcePriorOptions, (),
                      (column, weight, by_question_type, shrinkage, reject_quantile))
inline config::Help help(const SourcePriorOptions&) {
  return {{"column", "the column whose mean over a source is taken"},
          {"weight", "weight of that mean in the score, in the column's standard deviations"},
          {"by_question_type", "a mean for every question type of a source"},
          {"shrinkage", "rows at which a source's own mean counts as much as the overall mean",
           config::at_least(0)},
          {"reject_quantile",
           "reject the rows of the sources with the lowest means, up to this share of the rows",
           config::between(0, 0.99)}};
}

struct GdoOptions : BudgetOptions {
  std::map<std::string, double> weights;
  std::vector<std::string> standardise_within = {"question_type"};
  std::vector<std::string> whole_modality = {"answer_words"};
  Scale scale = Scale::robust;
  double clip = 3.0;
  std::int64_t minimum_group = 30;
  double missing_penalty = 0.5;
  SourcePriorOptions source_prior;
  RejectOptions reject;
  std::vector<std::string> strata = {"question_type"};
  double strata_exponent = 0.5;
  double strata_tilt = 0.0;
  double video_share_minimum = 0.0;
  double video_share_maximum = 1.0;
  double temporal_share_minimum = 0.0;
  std::map<std::string, double> source_floors;
  std::int64_t source_floor_rows = 0;
  double source_floor_share = 0.0;
  double source_share_maximum = 1.0;
  std::vector<std::string> relax;
};
BOOST_DESCRIBE_STRUCT(GdoOptions, (BudgetOptions),
                      (weights, standardise_within, whole_modality, scale, clip, minimum_group,
                       missing_penalty, source_prior, reject, strata, strata_exponent, strata_tilt,
                       video_share_minimum, video_share_maximum, temporal_share_minimum,
                       source_floors, source_floor_rows, source_floor_share, source_share_maximum,
                       relax))
inline config::Help help(const GdoOptions&) {
  const auto share = config::between(0, 1);
  return help_with_budget({
      {"weights",
       "column (or answer_words) -> weight in the score; negative prefers low values; 0 switches "
       "the "
       "column off wherever else it is named (prior, filters, groups; with coverage the clusters)"},
      {"standardise_within",
       "standardise a column within modality and these: source, question_type, or a column of "
       "group numbers such as cluster"},
      {"whole_modality", "columns that are standardised over the whole modality all the same"},
      {"scale", "robust: (x - median) / IQR, clipped; rank: normal scores"},
      {"clip", "largest standardised value", config::above(0)},
      {"minimum_group", "groups with fewer values are standardised over their modality",
       config::at_least(2)},
      {"missing_penalty", "standard deviations that a missing value costs, times the term's weight",
       config::at_least(0)},
      {"source_prior", "a quality prior by source"},
      {"reject", "hard filters"},
      {"strata", "quotas by modality, temporal or not, and these: as in standardise_within"},
      {"strata_exponent", "quotas are proportional to stratum size to this power (0: flat)", share},
      {"strata_tilt", "quotas are multiplied by exp(tilt * mean score of the stratum)",
       config::at_least(0)},
      {"video_share_minimum", "smallest share of video rows", share},
      {"video_share_maximum", "largest share of video rows", share},
      {"temporal_share_minimum", "smallest share of video rows with a temporal question", share},
      {"source_floors", "source -> its smallest share of the selected rows", share},
      {"source_floor_rows", "every source's smallest number of rows", config::at_least(0)},
      {"source_floor_share", "every source's smallest share", share},
      {"source_share_maximum", "every source's largest share", share},
      {"relax",
       "constraints that may be missed, first to go first: budget, video_share_minimum, "
       "video_share_maximum, temporal_share_minimum, source_floors, source_share_maximum"},
  });
}

// Throws OptionError for options that contradict each other.
void check(const GdoOptions& options);
// The same, as a ConfigError, for the number of rows that are to be taken, which a share does not
// tell before the pool is there.
void check_floors(const GdoOptions& options, std::int64_t budget, const SelectionInput& input);

// Without the terms whose weight is given as 0: not in the score, and neither in the prior, the
// hard filters, the groups of standardisation and the strata, so that an ablation leaves nothing of
// a term behind. The clusters belong to the term `coverage`.
GdoOptions without_switched_off_terms(GdoOptions options);

// The columns of a table that the options read; answer_words comes from the rows' facts.
std::vector<std::string> columns_read(const GdoOptions& options);

}  // namespace winnow
