// Deita (Liu et al., 2024, "What Makes Good Data for Alignment?"): rows in the order of complexity
// times quality, each taken unless one that was taken before lies too near. Which columns these are
// is open: the paper asks a trained scorer for both, a judge with two prompts does the same.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "selectors/budget.h"
#include "selectors/candidates.h"

namespace winnow {

enum class DeitaScale { raw, rank };
BOOST_DESCRIBE_ENUM(DeitaScale, raw, rank)
enum class DeitaDistance { cosine, euclidean };
BOOST_DESCRIBE_ENUM(DeitaDistance, cosine, euclidean)
enum class DeitaShort { error, fill };
BOOST_DESCRIBE_ENUM(DeitaShort, error, fill)

struct DeitaOptions : BudgetOptions {
  std::string complexity = "complexity";
  std::string quality = "quality";
  std::string embedding = "embedding";
  DeitaScale scale = DeitaScale::raw;
  DeitaDistance distance = DeitaDistance::cosine;
  double minimum_distance = 0.1;
  DeitaShort when_short = DeitaShort::error;
};
BOOST_DESCRIBE_STRUCT(DeitaOptions, (BudgetOptions),
                      (complexity, quality, embedding, scale, distance, minimum_distance,
                       when_short))
inline config::Help help(const DeitaOptions&) {
  return help_with_budget(
      {{"complexity", "column of how much a sample asks for"},
       {"quality", "column of how good its answer is"},
       {"embedding", "column with vectors, as the descriptor `embedding` makes"},
       {"scale",
        "raw: the columns as they are, which must not be negative; rank: their ranks, from 0 to 1"},
       {"distance", "cosine: 1 minus the cosine of the angle; euclidean"},
       {"minimum_distance",
        "a row nearer than this to one that was taken is passed over; 0: none is",
        config::at_least(0)},
       {"when_short",
        "what happens when too few rows are that far apart: error, or fill up with the best of "
        "those passed over"}});
}

namespace {

using Rows = std::vector<std::size_t>;

// The ranks of the rows' values, from 0 to 1; equal values share the mean of their ranks.
std::vector<double> ranks(const Column& column, const Rows& rows) {
  std::vector<std::size_t> order(rows.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  const auto value = [&](std::size_t i) { return column.values(rows[i]); };
  std::sort(order.begin(), order.end(), [&](auto a, auto b) { return value(a) < value(b); });
  std::vector<double> result(rows.size());
  for (std::size_t first = 0; first < order.size();) {
    std::size_t last = first;
    while (last < order.size() && value(order[last]) == value(order[first])) ++last;
    const double rank = (static_cast<double>(first) + static_cast<double>(last)) / 2.0;
    for (std::size_t i = first; i < last; ++i) {
      result[order[i]] = rank / static_cast<double>(rows.size());
    }
    first = last;
  }
  return result;
}

// The vectors that were taken so far, and whether another is too near to one of them.
class Taken {
 public:
  Taken(const Column& embedding, const DeitaOptions& options)
      : embedding_(embedding), options_(options), dimensions_(embedding.vectors.shape(1)) {}

  // The first taken row that is nearer than the minimum; -1 without one. A vector of length 0 has
  // no angle, and is as far from all others as a right angle is.
  std::int64_t near(std::size_t row) const {
    if (options_.minimum_distance == 0.0) return -1;
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      if (distance(row, rows_[i]) < options_.minimum_distance) {
        return static_cast<std::int64_t>(rows_[i]);
      }
    }
    return -1;
  }
  void add(std::size_t row) { rows_.push_back(row); }

 private:
  double distance(std::size_t a, std::size_t b) const {
    const float* x = embedding_.vectors.data() + a * dimensions_;
    const float* y = embedding_.vectors.data() + b * dimensions_;
    if (options_.distance == DeitaDistance::euclidean) {
      double squares = 0.0;
      for (std::size_t d = 0; d < dimensions_; ++d) {
        const double difference = static_cast<double>(x[d]) - y[d];
        squares += difference * difference;
      }
      return std::sqrt(squares);
    }
    double product = 0.0;
    for (std::size_t d = 0; d < dimensions_; ++d) product += static_cast<double>(x[d]) * y[d];
    const double lengths = embedding_.values(a) * embedding_.values(b);  // as the column promises
    return lengths > 0.0 ? 1.0 - product / lengths : 1.0;
  }

  const Column& embedding_;
  const DeitaOptions& options_;
  std::size_t dimensions_;
  Rows rows_;
};

class Deita : public Selector {
 public:
  explicit Deita(DeitaOptions options) : options_(std::move(options)) { options_.check(); }

  std::vector<std::string> required_columns() const override {
    return without_facts({options_.complexity, options_.quality, options_.embedding});
  }

  Selection select(const SelectionInput& input) const override {
    Selection selection;
    std::vector<Column> columns;
    for (const std::string& name : {options_.complexity, options_.quality, options_.embedding}) {
      columns.push_back(column_or_fact(input.table, name));
    }
    const Column& embedding = columns[2];
    if (embedding.vectors.size() == 0 && input.table.size() > 0) {
      throw ConfigError(input.key("embedding") + ": the column '" + options_.embedding +
                        "' has no vectors; name one that the descriptor `embedding` makes");
    }
    Rows rows = candidate_rows(input, "selector/deita", selection, [&](std::size_t row) {
      for (const Column& column : columns) {
        if (!column.valid(row)) return column.name + " missing";
      }
      return std::string();
    });
    const std::int64_t budget = options_.of(distinct_rows(input.table, selection), input);
    require_rows(input, options_.option(), budget, static_cast<std::int64_t>(rows.size()),
                 selection);
    const auto [complexity, quality] = scores(input, rows, columns[0], columns[1]);
    Account& account = selection.account;
    account.open_terms({"complexity", "quality"});
    for (std::size_t i = 0; i < rows.size(); ++i) {
      account.terms[0][rows[i]] = complexity[i];
      account.terms[1][rows[i]] = quality[i];
      account.score[rows[i]] = complexity[i] * quality[i];
    }
    // Keeps the hash order among equals.
    std::stable_sort(rows.begin(), rows.end(), [&](std::size_t a, std::size_t b) {
      return account.score[a] > account.score[b];
    });
    take(input, rows, embedding, static_cast<std::size_t>(budget), selection);
    return selection;
  }

 private:
  // Both factors of each row's score.
  std::pair<std::vector<double>, std::vector<double>> scores(const SelectionInput& input,
                                                             const Rows& rows,
                                                             const Column& complexity,
                                                             const Column& quality) const {
    if (options_.scale == DeitaScale::rank) {
      return {ranks(complexity, rows), ranks(quality, rows)};
    }
    std::pair<std::vector<double>, std::vector<double>> result;
    for (const std::size_t row : rows) {
      for (const Column* column : {&complexity, &quality}) {
        if (column->values(row) >= 0.0) continue;
        // The product of two bad values would be a good one.
        throw ConstraintError(fmt::format(
            "{}: '{}' of sample '{}' is {}, and a product of negative values means nothing; set "
            "it to \"rank\"",
            input.key("scale"), column->name, input.table.rows().id(row), column->values(row)));
      }
      result.first.push_back(complexity.values(row));
      result.second.push_back(quality.values(row));
    }
    return result;
  }

  // `rows` in the order of their scores. At most one comparison for each row and each taken one.
  void take(const SelectionInput& input, const Rows& rows, const Column& embedding,
            std::size_t budget, Selection& selection) const {
    Taken taken(embedding, options_);
    std::map<std::size_t, std::size_t> instead;  // of a row that was passed over
    Rows passed;
    for (const std::size_t row : rows) {
      if (selection.rows.size() == budget) break;
      if (const std::int64_t near = taken.near(row); near >= 0) {
        instead[row] = static_cast<std::size_t>(near);
        passed.push_back(row);
        continue;
      }
      taken.add(row);
      selection.rows.push_back(selected(row, "apart", selection.account));
    }
    const std::size_t apart = selection.rows.size();
    if (apart < budget && options_.when_short == DeitaShort::fill) {
      for (std::size_t i = 0; selection.rows.size() < budget; ++i) {
        selection.rows.push_back(selected(passed[i], "fill", selection.account));
        instead.erase(passed[i]);
      }
    }
    const std::string reason =
        fmt::format("nearer than {} to a taken row", options_.minimum_distance);
    // By id: what is counted first must not depend on the order of rows.
    std::sort(passed.begin(), passed.end(), [&](std::size_t a, std::size_t b) {
      return input.table.rows().id(a) < input.table.rows().id(b);
    });
    for (const std::size_t row : passed) {
      const auto found = instead.find(row);
      if (found == instead.end()) continue;
      selection.exclude(row, reason, static_cast<std::int32_t>(found->second));
    }
    if (selection.rows.size() < budget) {
      throw ConstraintError(fmt::format(
          "{}: the budget is {} rows, but only {} are at least {} apart: {} short{}. Lower {} or "
          "the budget, or set {}=fill.",
          input.key(options_.option()), budget, apart, options_.minimum_distance, budget - apart,
          exclusions_text(selection), input.key("minimum_distance"), input.key("when_short")));
    }
    selection.constraints.push_back(
        {"rows apart", static_cast<double>(budget), static_cast<double>(apart), apart == budget});
    if (apart < budget) {
      selection.warnings.push_back(
          fmt::format("only {} of {} rows are at least {} apart; the others are the best of those "
                      "nearer",
                      apart, budget, options_.minimum_distance));
    }
    Rows ranked;
    for (const std::size_t row : rows) {
      if (instead.count(row) == 0) ranked.push_back(row);
    }
    selection.account.rank_rows("all", ranked, static_cast<std::int64_t>(budget),
                                static_cast<std::int64_t>(budget));
    for (const auto& [row, near] : instead) {
      selection.account.score[row] = 0.0;
      for (auto& terms : selection.account.terms) terms[row] = 0.0;
    }
  }

  static SelectedRow selected(std::size_t row, const std::string& stage, const Account& account) {
    return {row, account.score[row], stage};
  }

  DeitaOptions options_;
};

const bool registered = selectors().add<Deita, DeitaOptions>(
    "deita", "the best rows by complexity times quality that lie apart from each other");

}  // namespace
}  // namespace winnow
