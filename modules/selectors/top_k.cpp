// The rows with the highest (or lowest) value of one column, all alike or weighted by rank. OST's
// selection is this with a utility column and share = 0.2.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "selectors/budget.h"
#include "selectors/candidates.h"

namespace winnow {

enum class Direction { highest, lowest };
BOOST_DESCRIBE_ENUM(Direction, highest, lowest)
enum class MissingRows { last, exclude };
BOOST_DESCRIBE_ENUM(MissingRows, last, exclude)

struct TopKOptions : BudgetOptions {
  std::string column = "utility";
  Direction direction = Direction::highest;
  MissingRows missing = MissingRows::exclude;
  std::string group_by = "source";
  double group_share_maximum = 1.0;
  double weight_ratio = 1.0;
};
BOOST_DESCRIBE_STRUCT(TopKOptions, (BudgetOptions),
                      (column, direction, missing, group_by, group_share_maximum, weight_ratio))
inline config::Help help(const TopKOptions&) {
  return help_with_budget(
      {{"column", "the column to rank by"},
       {"direction", "which end of the ranking to take"},
       {"missing", "rows without a value: last in the ranking, or excluded and counted"},
       {"group_by", "what the cap is for: source, or a column of group numbers such as cluster"},
       {"group_share_maximum",
        "cap for diversity: share of the subset that rows of one group may take; 1: no cap",
        config::between(0.001, 1)},
       {"weight_ratio",
        "weight of the best row taken over that of the last one, in training; between them "
        "weights fall geometrically by rank. With share = 1 this is weights instead of a "
        "choice; 1: all rows weigh the same",
        config::between(1, 1e9)}});
}

namespace {

class TopK : public Selector {
 public:
  explicit TopK(TopKOptions options) : options_(std::move(options)) { options_.check(); }

  std::vector<std::string> required_columns() const override {
    if (!is_capped()) return without_facts({options_.column});
    return without_facts({options_.column, options_.group_by});
  }

  Selection select(const SelectionInput& input) const override {
    Selection selection;
    const Column column = column_or_fact(input.table, options_.column);
    const bool exclude = options_.missing == MissingRows::exclude;
    const auto reason = options_.column + " missing";
    auto rows = candidate_rows(input, "selector/top_k", selection, [&](std::size_t row) {
      return exclude && !column.valid(row) ? reason : std::string();
    });
    const std::int64_t budget = options_.of(distinct_rows(input.table, selection), input);
    require_rows(input, options_.option(), budget, static_cast<std::int64_t>(rows.size()),
                 selection);

    const double sign = options_.direction == Direction::highest ? 1.0 : -1.0;
    const auto before = [&](std::size_t a, std::size_t b) {
      if (!column.valid(a) || !column.valid(b)) return column.valid(a) && !column.valid(b);
      return sign * column.values(a) > sign * column.values(b);
    };
    std::stable_sort(rows.begin(), rows.end(), before);  // keeps the hash order among equals
    if (is_capped()) put_capped_first(input, budget, rows);
    Account& account = selection.account;
    account.rank_rows("all", rows, budget, budget);
    account.open_terms({options_.column});
    for (const std::size_t row : rows) {
      account.terms[0][row] = column.values(row);  // NaN where there is none
      if (column.valid(row)) account.score[row] = sign * column.values(row);
    }
    std::int64_t without_value = 0;
    selection.rows.reserve(static_cast<std::size_t>(budget));
    for (std::int64_t i = 0; i < budget; ++i) {
      const std::size_t row = rows[static_cast<std::size_t>(i)];
      without_value += column.valid(row) ? 0 : 1;
      selection.rows.emplace_back(row, account.score[row],
                                  column.valid(row) ? "top" : "missing value");
    }
    if (options_.weight_ratio > 1.0) weigh(selection);
    if (without_value > 0) {
      selection.warnings.push_back(fmt::format("{} of {} selected rows have no value of {}",
                                               without_value, budget, options_.column));
    }
    return selection;
  }

 private:
  bool is_capped() const { return options_.group_share_maximum < 1.0; }

  // By rank and not by value: utilities have long tails, and their scale follows eta.
  void weigh(Selection& selection) const {
    const auto last = static_cast<double>(selection.rows.size()) - 1.0;
    for (std::size_t i = 0; i < selection.rows.size(); ++i) {
      const double height = last > 0.0 ? 1.0 - static_cast<double>(i) / last : 1.0;
      selection.rows[i].weight = std::pow(options_.weight_ratio, height);
    }
    selection.normalise_weights();
  }

  std::string group_of(const SampleTable& table, const Column& groups, std::size_t row) const {
    if (options_.group_by == "source") return std::string(table.rows().source(row));
    return groups.valid(row) ? fmt::format("{}", groups.values(row)) : "none";
  }

  // The first `budget` rows of the ranking of which no group has more than its share come first;
  // the rest keep their order behind them.
  void put_capped_first(const SelectionInput& input, std::int64_t budget,
                        std::vector<std::size_t>& rows) const {
    const Column groups =
        options_.group_by == "source" ? Column{} : column_or_fact(input.table, options_.group_by);
    const auto most = static_cast<std::int64_t>(
        std::ceil(options_.group_share_maximum * static_cast<double>(budget)));
    std::map<std::string, std::int64_t> taken;
    std::vector<std::size_t> chosen, passed_over;
    for (const std::size_t row : rows) {
      const bool full = static_cast<std::int64_t>(chosen.size()) == budget;
      std::int64_t& count = taken[group_of(input.table, groups, row)];
      if (full || count == most) {
        passed_over.push_back(row);
      } else {
        chosen.push_back(row);
        ++count;
      }
    }
    if (static_cast<std::int64_t>(chosen.size()) < budget) {
      throw ConstraintError(fmt::format(
          "{} = {}: {} rows are wanted, but at most {} of each of the {} groups by {} may be taken "
          "and only {} rows are left; {} are short. Raise the cap or lower the budget",
          input.key("group_share_maximum"), options_.group_share_maximum, budget, most,
          taken.size(), options_.group_by, chosen.size(),
          budget - static_cast<std::int64_t>(chosen.size())));
    }
    rows = std::move(chosen);
    rows.insert(rows.end(), passed_over.begin(), passed_over.end());
  }

  TopKOptions options_;
};

const bool registered = selectors().add<TopK, TopKOptions>(
    "top_k", "the rows with the highest or lowest value of one column");

}  // namespace
}  // namespace winnow
