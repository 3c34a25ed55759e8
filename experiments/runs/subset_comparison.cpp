#include "experiments/runs/subset_comparison.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cmath>
#include <map>
#include <optional>
#include <set>

#include "core/errors.h"
#include "experiments/runs/json_lines.h"
#include "report/overlap.h"
#include "report/ranks.h"
#include "selectors/manifest.h"

namespace winnow {
namespace fs = std::filesystem;
namespace json = boost::json;
namespace {

const NumberFormat kWhole{0, false, ""};
const NumberFormat kShare{3, false, ""};

struct Candidate {
  std::string source, stratum, excluded;
  std::optional<double> score;
  double place = 0.0;         // by score among the candidates, 0 the lowest to 1 the highest
  std::vector<double> terms;  // NaN: missing
};

struct Choice {
  std::string label;
  std::vector<std::string> taken;  // best first
  std::set<std::string> ids;       // the same
  std::vector<std::string> terms;  // names
  // Of the whole pool, by id; empty where the selection does not say.
  std::map<std::string, Candidate> candidates;

  bool has(const std::string& id) const { return ids.count(id) > 0; }
  const Candidate* find(const std::string& id) const {
    const auto found = candidates.find(id);
    return found == candidates.end() ? nullptr : &found->second;
  }
};

void set_places(std::map<std::string, Candidate>& candidates) {
  std::vector<double> scores;
  std::vector<Candidate*> scored;
  for (auto& [id, candidate] : candidates) {
    if (!candidate.score) continue;
    scores.push_back(*candidate.score);
    scored.push_back(&candidate);
  }
  if (scores.size() < 2) return;
  const std::vector<double> ranks = mean_ranks(scores);
  for (std::size_t i = 0; i < scored.size(); ++i) {
    scored[i]->place = ranks[i] / static_cast<double>(scores.size() - 1);
  }
}

void read_candidates(const fs::path& file, Choice& choice) {
  std::vector<std::string> strata;
  read_json_lines(file, [&](const json::object& line) {
    if (strata.empty() && line.if_contains("strata") != nullptr) {
      for (const json::value& name : line.at("strata").as_array()) {
        strata.emplace_back(name.as_string());
      }
      for (const json::value& name : line.at("terms").as_array()) {
        choice.terms.emplace_back(name.as_string());
      }
      return true;
    }
    Candidate candidate;
    if (const json::value* source = line.if_contains("source")) {
      candidate.source = source->as_string();
    }
    if (const json::value* excluded = line.if_contains("excluded")) {
      candidate.excluded = excluded->as_string();
    }
    if (const json::value* stratum = line.if_contains("stratum")) {
      candidate.stratum = strata.at(stratum->to_number<std::size_t>());
    }
    if (const json::value* score = line.if_contains("score"); score && score->is_number()) {
      candidate.score = score->to_number<double>();
    }
    if (const json::value* terms = line.if_contains("terms")) {
      for (const json::value& term : terms->as_array()) {
        candidate.terms.push_back(term.is_number() ? term.to_number<double>() : std::nan(""));
      }
    }
    choice.candidates.emplace(line.at("id").as_string(), std::move(candidate));
    return true;
  });
  set_places(choice.candidates);
}

Choice read_choice(const NamedSelection& selection) {
  Choice choice;
  choice.label = selection.label;
  choice.taken = read_selected_ids(selection.manifest);
  choice.ids = {choice.taken.begin(), choice.taken.end()};
  std::string candidates;
  read_json_lines(selection.manifest, [&](const json::object& head) {
    if (const json::value* file = head.if_contains("candidates")) candidates = file->as_string();
    return false;
  });
  if (!candidates.empty()) read_candidates(selection.manifest.parent_path() / candidates, choice);
  return choice;
}

TableCell whole(std::size_t number) {
  return TableCell::Number{static_cast<double>(number), kWhole};
}

Table overlap_table(const Choice& a, const Choice& b, const SubsetSettings& settings) {
  const auto common = static_cast<std::size_t>(std::count_if(
      a.taken.begin(), a.taken.end(), [&](const std::string& id) { return b.has(id); }));
  Table table;
  table.title = "Overlap";
  table.columns = {{"What"}, {"Value"}};
  table.rows = {
      {{"samples of " + a.label, whole(a.taken.size())}},
      {{"samples of " + b.label, whole(b.taken.size())}},
      {{"in both", whole(common)}},
      {{"Jaccard index", TableCell::Number{jaccard(a.taken, b.taken), kShare}}},
      {{"rank-biased overlap",
        TableCell::Number{rank_biased_overlap(a.taken, b.taken, settings.persistence), kShare}}}};
  table.notes = {
      fmt::format("Jaccard index: share of what either took that both took. Rank-biased overlap: "
                  "of the orders, "
                  "best first, persistence {:g}.",
                  settings.persistence)};
  // Two draws of these sizes from one pool have so many in common.
  const Choice& whole_pool = a.candidates.empty() ? b : a;
  if (!whole_pool.candidates.empty()) {
    const auto size_a = static_cast<double>(a.taken.size());
    const auto size_b = static_cast<double>(b.taken.size());
    const double chance = size_a * size_b / static_cast<double>(whole_pool.candidates.size());
    table.rows.insert(table.rows.begin() + 3,
                      {{"in both, by chance", TableCell::Number{chance, {1, false, ""}}}});
  }
  for (const Choice* choice : {&a, &b}) {
    if (!choice->candidates.empty()) continue;
    table.notes.push_back(choice->label + " does not say what it chose from.");
  }
  if (!a.candidates.empty() && !b.candidates.empty()) {
    std::size_t only_a = 0, shared = 0;
    for (const auto& [id, candidate] : a.candidates) ++(b.find(id) == nullptr ? only_a : shared);
    const std::size_t only_b = b.candidates.size() - shared;
    if (only_a + only_b > 0) {
      table.notes.push_back(fmt::format(
          "They chose from different pools: {} samples are in that of {} alone, {} in that of {}.",
          only_a, a.label, only_b, b.label));
    }
  }
  return table;
}

struct Counts {
  std::size_t pool = 0, both = 0, only_a = 0, only_b = 0;
  std::size_t apart() const { return only_a > only_b ? only_a - only_b : only_b - only_a; }
};

// `pool`: whose candidates have the groups.
template <class Group>
Table group_table(const std::string& title, const std::string& what, const Choice& a,
                  const Choice& b, const Choice& pool, std::int64_t longest, const Group& group) {
  std::map<std::string, Counts> groups;
  for (const auto& [id, candidate] : pool.candidates) {
    Counts& counts = groups[group(candidate)];
    ++counts.pool;
    const bool in_a = a.has(id), in_b = b.has(id);
    if (in_a && in_b) ++counts.both;
    if (in_a && !in_b) ++counts.only_a;
    if (in_b && !in_a) ++counts.only_b;
  }
  std::vector<std::pair<std::string, Counts>> sorted(groups.begin(), groups.end());
  std::stable_sort(sorted.begin(), sorted.end(), [](const auto& x, const auto& y) {
    return x.second.apart() > y.second.apart();
  });
  Table table;
  table.title = title;
  table.columns = {{what}, {"Pool"}, {"Both"}, {"Only " + a.label}, {"Only " + b.label}};
  for (const auto& [name, counts] : sorted) {
    if (table.rows.size() == static_cast<std::size_t>(longest)) {
      table.notes = {
          fmt::format("The {} with the largest differences of {}.", longest, sorted.size())};
      break;
    }
    table.rows.push_back(
        {{name.empty() ? TableCell(TableCell::Missing{"not said"}) : TableCell(name),
          whole(counts.pool), whole(counts.both), whole(counts.only_a), whole(counts.only_b)}});
  }
  return table;
}

// Means of the terms of `scorer`, over what both, one or nobody took.
Table term_table(const Choice& a, const Choice& b, const Choice& scorer) {
  Table table;
  table.title = "Parts of the score of " + scorer.label;
  table.columns = {{"Column"}, {"Both"}, {"Only " + a.label}, {"Only " + b.label}, {"Neither"}};
  for (std::size_t t = 0; t < scorer.terms.size(); ++t) {
    std::array<double, 4> sums{};
    std::array<std::size_t, 4> counts{};
    for (const auto& [id, candidate] : scorer.candidates) {
      if (t >= candidate.terms.size() || std::isnan(candidate.terms[t])) continue;
      const bool in_a = a.has(id), in_b = b.has(id);
      const std::size_t group = in_a ? (in_b ? 0 : 1) : (in_b ? 2 : 3);
      sums[group] += candidate.terms[t];
      ++counts[group];
    }
    TableRow row;
    row.cells = {scorer.terms[t]};
    for (std::size_t g = 0; g < sums.size(); ++g) {
      row.cells.push_back(
          counts[g] == 0
              ? TableCell(TableCell::Missing{"no such sample with a score"})
              : TableCell::Number{sums[g] / static_cast<double>(counts[g]), {3, true, ""}});
    }
    table.rows.push_back(std::move(row));
  }
  table.notes = {"Means of what each column adds to the score of a sample."};
  return table;
}

TableCell place_cell(const Candidate* candidate) {
  if (candidate == nullptr) return TableCell::Missing{"not in its pool"};
  if (!candidate->score) {
    return TableCell::Missing{candidate->excluded.empty() ? "has no score" : candidate->excluded};
  }
  return TableCell::Number{candidate->place, {2, false, ""}};
}

Table sample_table(const Choice& a, const Choice& b, std::int64_t longest) {
  struct Disagreement {
    std::string id;
    double apart;
  };
  std::vector<Disagreement> all;
  for (const auto& [id, of_a] : a.candidates) {
    if (a.has(id) == b.has(id)) continue;
    const Candidate* of_b = b.find(id);
    if (of_b == nullptr) continue;
    all.push_back({id, std::abs(of_a.place - of_b->place)});
  }
  std::stable_sort(all.begin(), all.end(),
                   [](const Disagreement& x, const Disagreement& y) { return x.apart > y.apart; });
  Table table;
  table.title = "Samples they disagree on most";
  table.columns = {{"Sample"},
                   {"Source"},
                   {"Taken by"},
                   {a.label, "Place by score"},
                   {b.label, "Place by score"}};
  for (const Disagreement& one : all) {
    if (table.rows.size() == static_cast<std::size_t>(longest)) break;
    const std::string& source = a.find(one.id)->source;
    table.rows.push_back(
        {{one.id, source.empty() ? TableCell(TableCell::Missing{"not said"}) : TableCell(source),
          a.has(one.id) ? a.label : b.label, place_cell(a.find(one.id)),
          place_cell(b.find(one.id))}});
  }
  table.notes = {fmt::format(
      "{} of {} samples that one took and the other did not. Place by score: among all candidates "
      "of that selector, 0 the lowest and 1 the highest; equal scores share theirs.",
      table.rows.size(), all.size())};
  return table;
}

}  // namespace

std::vector<Table> subset_tables(const NamedSelection& first, const NamedSelection& second,
                                 const SubsetSettings& settings) {
  const Choice a = read_choice(first), b = read_choice(second);
  std::vector<Table> tables = {overlap_table(a, b, settings)};
  const Choice& pool = a.candidates.empty() ? b : a;
  if (!pool.candidates.empty()) {
    tables.push_back(group_table("By source", "Source", a, b, pool, settings.groups,
                                 [](const Candidate& one) { return one.source; }));
  }
  for (const Choice* choice : {&a, &b}) {
    if (choice->candidates.empty()) continue;
    tables.push_back(group_table("By stratum of " + choice->label, "Stratum", a, b, *choice,
                                 settings.groups, [](const Candidate& one) {
                                   return one.excluded.empty() ? one.stratum
                                                               : "excluded: " + one.excluded;
                                 }));
    if (!choice->terms.empty()) tables.push_back(term_table(a, b, *choice));
  }
  if (!a.candidates.empty() && !b.candidates.empty()) {
    tables.push_back(sample_table(a, b, settings.samples));
  }
  return tables;
}

}  // namespace winnow
