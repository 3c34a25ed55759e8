// Goal-Driven Data Optimization: a weighted score of descriptors, filled into strata under the
// goal's constraints. README.md tells how the steps follow each other and where the release of the
// paper went wrong.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "selectors/allocation.h"
#include "selectors/apportion.h"
#include "selectors/candidates.h"
#include "selectors/gdo_options.h"
#include "selectors/gdo_score.h"

namespace winnow {
namespace {

std::int64_t at_least_rows(double share, std::int64_t budget) {
  return static_cast<std::int64_t>(std::ceil(share * static_cast<double>(budget) - 1e-9));
}

std::int64_t at_most_rows(double share, std::int64_t budget) {
  return static_cast<std::int64_t>(std::floor(share * static_cast<double>(budget) + 1e-9));
}

using Candidates = std::vector<std::uint32_t>;  // by their places among the candidates

// Candidates of one stratum and one source, best first: what quotas are given to.
struct Piece {
  std::size_t stratum = 0, source = 0, kind = 0;
  Candidates members;
  std::int64_t quota = 0;  // before constraints on sources
  std::int64_t taken = 0;
};

struct Stratum {
  std::string name;
  std::size_t kind = 0;
  Candidates members;  // best first
  double weight = 0.0;
};

class Gdo : public Selector {
 public:
  explicit Gdo(const GdoOptions& options) : options_(without_switched_off_terms(options)) {
    check(options);
  }

  std::vector<std::string> required_columns() const override { return columns_read(options_); }

  Selection select(const SelectionInput& input) const override {
    const SampleTable& table = input.table;
    Selection selection;
    const std::vector<std::size_t> rows = candidates(input, selection);
    const std::int64_t budget = options_.of(distinct_rows(table, selection), input);
    check_floors(options_, budget, input);
    Scores scores = score_rows(table, rows, options_);
    require_finite(input, rows, scores);
    selection.warnings = std::move(scores.warnings);
    if (scores.names.empty()) {
      selection.warnings.push_back(
          "no term has a weight: rows are drawn at random within their strata");
    }
    Constraints constraints = constraints_of(input, budget);
    std::vector<std::uint32_t> source_of;  // of each candidate
    source_of.reserve(rows.size());
    for (const auto row : rows) {
      source_of.push_back(static_cast<std::uint32_t>(
          std::lower_bound(constraints.source_names.begin(), constraints.source_names.end(),
                           table.rows().source(row)) -
          constraints.source_names.begin()));
    }
    if (!sources_bound(constraints)) {
      // One source for all: the allocation is then about kinds alone.
      constraints.source_names = {"all"};
      constraints.source_floor = {0};
      constraints.source_cap = {budget};
      source_of.assign(rows.size(), 0);
    }

    const std::vector<Stratum> strata = strata_of(table, rows, scores.total);
    std::vector<Piece> pieces = quotas(strata, scores.total, source_of, constraints);
    meet(input, constraints, pieces, selection);
    account_for(table.size(), rows, strata, pieces, scores, selection.account);
    take(rows, pieces, scores.total, selection);
    return selection;
  }

  // Rows without a value pass every filter: what cannot be met with all of them cannot be met with
  // fewer.
  void check_rows(const SelectionInput& input) const override {
    SampleTable unmeasured(input.table.shared_rows());
    for (const std::string& column : required_columns()) {
      unmeasured.add(Column::missing(column, unmeasured.size()));
    }
    SelectionInput all{unmeasured, input.seed};
    all.place = input.place;
    all.method = input.method;
    select(all);
  }

 private:
  static void require_finite(const SelectionInput& input, const std::vector<std::size_t>& rows,
                             const Scores& scores) {
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (std::isfinite(scores.total[i])) continue;
      throw ConfigError(fmt::format("{}: the score of sample '{}' is {}; the weights are too large",
                                    input.key("weights"), input.table.rows().id(rows[i]),
                                    scores.total[i]));
    }
  }

  // Distinct rows that pass the hard filters.
  std::vector<std::size_t> candidates(const SelectionInput& input, Selection& selection) const {
    const auto distinct = candidate_rows(input, "selector/gdo", selection);
    const Rejections rejected = rejections(input.table, distinct, options_);
    std::vector<std::size_t> rows;
    rows.reserve(distinct.size());
    for (std::size_t i = 0; i < distinct.size(); ++i) {
      if (rejected.reason[i] == Account::kNone) {
        rows.push_back(distinct[i]);
      } else {
        selection.exclude(distinct[i],
                          rejected.reasons[static_cast<std::size_t>(rejected.reason[i])]);
      }
    }
    return rows;
  }

  Constraints constraints_of(const SelectionInput& input, std::int64_t budget) const {
    Constraints result;
    result.budget = budget;
    result.video_minimum = at_least_rows(options_.video_share_minimum, budget);
    // A range too narrow for a whole number of rows is met by rounding up.
    result.video_maximum =
        std::max(result.video_minimum, at_most_rows(options_.video_share_maximum, budget));
    result.temporal_minimum = at_least_rows(options_.temporal_share_minimum, budget);
    result.video_maximum = std::max(result.video_maximum, result.temporal_minimum);
    const auto& names = result.source_names = input.table.rows().sources();
    for (const auto& [source, share] : options_.source_floors) {
      if (!std::binary_search(names.begin(), names.end(), source)) {
        throw ConfigError(fmt::format("{} names source '{}', which the pool does not have.{}",
                                      input.key("source_floors"), source,
                                      suggestion(source, names)));
      }
    }
    for (const auto& name : names) {
      double share = options_.source_floor_share;
      if (const auto found = options_.source_floors.find(name);
          found != options_.source_floors.end()) {
        share = std::max(share, found->second);
      }
      const std::int64_t floor = std::max(options_.source_floor_rows, at_least_rows(share, budget));
      result.source_floor.push_back(floor);
      result.source_cap.push_back(
          std::max(floor, at_most_rows(options_.source_share_maximum, budget)));
    }
    return result;
  }

  static bool sources_bound(const Constraints& constraints) {
    for (std::size_t s = 0; s < constraints.source_names.size(); ++s) {
      if (constraints.source_floor[s] > 0 || constraints.source_cap[s] < constraints.budget) {
        return true;
      }
    }
    return false;
  }

  std::vector<Stratum> strata_of(const SampleTable& table, const std::vector<std::size_t>& rows,
                                 const std::vector<double>& score) const {
    // The question type is always a key, so that a stratum is of one kind.
    std::vector<std::string> keys = {"question_type"};
    for (const auto& key : options_.strata) {
      if (key != "question_type") keys.push_back(key);
    }
    const Grouping grouping = group_rows(table, rows, keys);
    std::vector<Stratum> strata(grouping.count);
    for (std::uint32_t i = 0; i < rows.size(); ++i) {
      Stratum& stratum = strata[grouping.group_of[i]];
      stratum.name = grouping.names[grouping.group_of[i]];
      stratum.kind = static_cast<std::size_t>(kind_of(table.rows(), rows[i]));
      stratum.members.push_back(i);
    }
    for (Stratum& stratum : strata) {
      double mean = 0;
      for (const auto i : stratum.members) mean += score[i];
      const auto size = static_cast<double>(stratum.members.size());
      mean /= size;
      stratum.weight =
          std::pow(size, options_.strata_exponent) * std::exp(options_.strata_tilt * mean);
      // Candidates are in hash order, which a stable sort keeps among equals.
      std::stable_sort(stratum.members.begin(), stratum.members.end(),
                       [&](std::uint32_t a, std::uint32_t b) { return score[a] > score[b]; });
    }
    return strata;
  }

  // How many rows of each kind the strata would give by themselves, brought into the shares.
  KindCounts kind_targets(const std::vector<Stratum>& strata, const Constraints& limits) const {
    std::array<double, kRowKinds> weight{};
    KindCounts available{};
    for (const auto& stratum : strata) {
      weight[stratum.kind] += stratum.weight;
      available[stratum.kind] += static_cast<std::int64_t>(stratum.members.size());
    }
    const auto natural = apportion(limits.budget, {weight.begin(), weight.end()},
                                   {available.begin(), available.end()}, {0, 0, 0});
    const std::int64_t temporal =
        std::min(std::max(natural[2], limits.temporal_minimum), available[2]);
    const std::int64_t videos =
        std::clamp(std::max(natural[1] + natural[2], temporal), limits.video_minimum,
                   std::max(limits.video_minimum, limits.video_maximum));
    // Within the videos the floor of temporal rows holds, the rest keeps its proportion.
    const auto split = apportion(std::max<std::int64_t>(videos, 0), {weight[1], weight[2]},
                                 {available[1], available[2]}, {0, 0});
    KindCounts targets{};
    targets[2] =
        std::min(std::max(split[1], std::min(temporal, limits.temporal_minimum)), available[2]);
    targets[1] = std::clamp<std::int64_t>(videos - targets[2], 0, available[1]);
    targets[0] = std::min(limits.budget - targets[1] - targets[2], available[0]);
    return targets;
  }

  std::vector<Piece> quotas(const std::vector<Stratum>& strata, const std::vector<double>& score,
                            const std::vector<std::uint32_t>& source_of,
                            const Constraints& constraints) const {
    const KindCounts targets = kind_targets(strata, constraints);
    std::vector<Piece> pieces;
    for (std::size_t kind = 0; kind < kRowKinds; ++kind) {
      std::vector<std::size_t> of_kind;
      std::vector<double> weights, best;
      std::vector<std::int64_t> sizes;
      for (std::size_t h = 0; h < strata.size(); ++h) {
        if (strata[h].kind != kind) continue;
        of_kind.push_back(h);
        weights.push_back(strata[h].weight);
        best.push_back(score[strata[h].members.front()]);
        sizes.push_back(static_cast<std::int64_t>(strata[h].members.size()));
      }
      const auto shares = apportion(targets[kind], weights, sizes, best);
      for (std::size_t k = 0; k < of_kind.size(); ++k) {
        std::map<std::size_t, Piece> by_source;
        std::int64_t rank = 0;
        for (const auto i : strata[of_kind[k]].members) {
          Piece& piece = by_source[source_of[i]];
          piece.stratum = of_kind[k];
          piece.source = source_of[i];
          piece.kind = kind;
          piece.members.push_back(i);
          if (rank++ < shares[k]) ++piece.quota;
        }
        for (auto& [source, piece] : by_source) {
          piece.taken = piece.quota;
          pieces.push_back(std::move(piece));
        }
      }
    }
    return pieces;
  }

  // Moves what pieces give until the constraints hold; throws when they cannot.
  void meet(const SelectionInput& input, const Constraints& constraints, std::vector<Piece>& pieces,
            Selection& selection) const {
    const std::size_t sources = constraints.source_names.size();
    std::vector<KindCounts> available(sources, KindCounts{}), desired(sources, KindCounts{});
    for (const Piece& piece : pieces) {
      available[piece.source][piece.kind] += static_cast<std::int64_t>(piece.members.size());
      desired[piece.source][piece.kind] += piece.quota;
    }
    const auto unmet = [&](const std::set<std::string>& relaxed) {
      std::vector<ConstraintReport> result;
      for (const auto& report : selection.constraints) {
        const std::string name = report.name.substr(0, report.name.find('/'));
        if (!report.met && relaxed.count(name) == 0) result.push_back(report);
      }
      return result;
    };
    selection.constraints = judge(constraints, desired);
    if (unmet({}).empty()) return;

    std::set<std::string> relaxed;
    std::vector<KindCounts> counts;
    auto next = options_.relax.begin();
    while (true) {
      counts = allocate(constraints, available, desired, relaxed);
      selection.constraints = judge(constraints, counts);
      if (unmet(relaxed).empty()) break;
      if (next == options_.relax.end()) refuse(input, unmet(relaxed), selection);
      relaxed.insert(*next++);
    }
    for (const auto& report : unmet({})) {
      selection.warnings.push_back(fmt::format("{} relaxed: wanted {} rows, took {}", report.name,
                                               report.wanted, report.achieved));
    }
    for (std::size_t s = 0; s < sources; ++s) {
      for (std::size_t kind = 0; kind < kRowKinds; ++kind) {
        if (counts[s][kind] != desired[s][kind]) spread(s, kind, counts[s][kind], pieces);
      }
    }
  }

  // Gives a source's rows of one kind to its strata in proportion to their quotas.
  static void spread(std::size_t source, std::size_t kind, std::int64_t total,
                     std::vector<Piece>& pieces) {
    std::vector<std::size_t> chosen;
    std::vector<double> weights;
    std::vector<std::int64_t> sizes;
    for (std::size_t p = 0; p < pieces.size(); ++p) {
      if (pieces[p].source != source || pieces[p].kind != kind) continue;
      chosen.push_back(p);
      weights.push_back(static_cast<double>(pieces[p].quota));
      sizes.push_back(static_cast<std::int64_t>(pieces[p].members.size()));
    }
    const auto shares = apportion(total, weights, sizes, std::vector<double>(chosen.size(), 0.0));
    for (std::size_t k = 0; k < chosen.size(); ++k) pieces[chosen[k]].taken = shares[k];
  }

  [[noreturn]] void refuse(const SelectionInput& input, const std::vector<ConstraintReport>& unmet,
                           const Selection& selection) const {
    std::string list;
    for (const auto& report : unmet) {
      const bool short_of = report.achieved < report.wanted;
      list += fmt::format("{}{}: wanted {} {} rows, got {} ({} {})", list.empty() ? "" : "; ",
                          input.key(report.name == "budget" ? options_.option() : report.name),
                          report.name.find("maximum") == std::string::npos ? "at least" : "at most",
                          report.wanted, report.achieved, std::abs(report.wanted - report.achieved),
                          short_of ? "short" : "too many");
    }
    throw ConstraintError(fmt::format(
        "{}. These constraints cannot hold together on this pool{}: change them, enlarge the pool, "
        "or name those that may be missed in {}.",
        list, exclusions_text(selection), input.key("relax")));
  }

  // Takes the terms out of the scores, one after the other, so that they are there once.
  static void account_for(std::size_t table_rows, const std::vector<std::size_t>& rows,
                          const std::vector<Stratum>& strata, const std::vector<Piece>& pieces,
                          Scores& scores, Account& account) {
    account.term_names = scores.names;
    for (std::vector<double>& term : scores.terms) {
      std::vector<double>& of_table = account.terms.emplace_back(table_rows, 0.0);
      for (std::size_t i = 0; i < rows.size(); ++i) of_table[rows[i]] = term[i];
      term = {};
    }
    for (std::size_t i = 0; i < rows.size(); ++i) account.score[rows[i]] = scores.total[i];
    std::vector<std::int64_t> quota(strata.size(), 0), taken(strata.size(), 0);
    for (const Piece& piece : pieces) {
      quota[piece.stratum] += piece.quota;
      taken[piece.stratum] += piece.taken;
    }
    for (std::size_t h = 0; h < strata.size(); ++h) {
      std::vector<std::size_t> members;
      members.reserve(strata[h].members.size());
      for (const auto i : strata[h].members) members.push_back(rows[i]);
      account.rank_rows(strata[h].name, members, quota[h], taken[h]);
    }
  }

  // The best of each piece, by score and among equals in hash order.
  static void take(const std::vector<std::size_t>& rows, const std::vector<Piece>& pieces,
                   const std::vector<double>& score, Selection& selection) {
    std::vector<std::pair<std::uint32_t, const char*>> chosen;  // candidate, stage
    for (const Piece& piece : pieces) {
      for (std::int64_t i = 0; i < piece.taken; ++i) {
        chosen.emplace_back(piece.members[static_cast<std::size_t>(i)],
                            i < piece.quota ? "quota" : "constraint");
      }
    }
    std::sort(chosen.begin(), chosen.end(), [&](const auto& a, const auto& b) {
      if (score[a.first] != score[b.first]) return score[a.first] > score[b.first];
      return a.first < b.first;
    });
    selection.rows.reserve(chosen.size());
    for (const auto& [candidate, stage] : chosen) {
      selection.rows.emplace_back(rows[candidate], score[candidate], stage);
    }
  }

  GdoOptions options_;
};

const bool registered = selectors().add<Gdo, GdoOptions>(
    "gdo", "GDO: weighted descriptors, filled into strata under a goal's constraints");

}  // namespace
}  // namespace winnow
