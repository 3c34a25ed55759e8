// A uniform draw with a set share of temporal rows: what time in the training data is worth, when
// nothing else is chosen.

#include <fmt/format.h>

#include <array>
#include <cmath>

#include "core/errors.h"
#include "selectors/allocation.h"
#include "selectors/budget.h"
#include "selectors/candidates.h"

namespace winnow {

struct TemporalShareOptions : BudgetOptions {
  double temporal_share = 0.5;
};
BOOST_DESCRIBE_STRUCT(TemporalShareOptions, (BudgetOptions), (temporal_share))
inline config::Help help(const TemporalShareOptions&) {
  return help_with_budget({{"temporal_share",
                            "share of video rows with a temporal question, to the nearest row; the "
                            "others are drawn from all other rows",
                            config::between(0, 1)}});
}

namespace {

class TemporalShare : public Selector {
 public:
  explicit TemporalShare(TemporalShareOptions options) : options_(options) { options_.check(); }

  std::vector<std::string> required_columns() const override { return {}; }

  Selection select(const SelectionInput& input) const override {
    Selection selection;
    // Others, temporal; each in the order of the draw.
    std::array<std::vector<std::size_t>, 2> rows;
    std::int64_t available = 0;
    for (const auto row : candidate_rows(input, "selector/temporal_share", selection)) {
      rows[kind_of(input.table.rows(), row) == RowKind::temporal ? 1 : 0].push_back(row);
      ++available;
    }
    const std::int64_t budget = options_.of(available, input);
    require_rows(input, options_.option(), budget, available, selection);
    const auto temporal = std::llround(options_.temporal_share * static_cast<double>(budget));
    const std::array<std::int64_t, 2> wanted = {budget - temporal, temporal};
    const std::array<const char*, 2> names = {"other", "temporal"};
    for (std::size_t kind = 0; kind < 2; ++kind) {
      const auto there = static_cast<std::int64_t>(rows[kind].size());
      if (there < wanted[kind]) {
        throw ConstraintError(
            fmt::format("{} = {}: it asks for {} {} rows, but there are {}: {} short",
                        input.key("temporal_share"), options_.temporal_share, wanted[kind],
                        names[kind], there, wanted[kind] - there));
      }
      for (std::int64_t i = 0; i < wanted[kind]; ++i) {
        selection.rows.emplace_back(rows[kind][static_cast<std::size_t>(i)], 0.0, names[kind]);
      }
      selection.account.rank_rows(names[kind], rows[kind], wanted[kind], wanted[kind]);
    }
    return selection;
  }

 private:
  TemporalShareOptions options_;
};

const bool registered = selectors().add<TemporalShare, TemporalShareOptions>(
    "temporal_share", "a uniform draw with a set share of temporal rows");

}  // namespace
}  // namespace winnow
