// The tables of compared methods.

#include <fmt/format.h>

#include <set>

#include "experiments/runs/method_comparison.h"

namespace winnow {
namespace {

const NumberFormat kPoints{1, false, ""};
const NumberFormat kDifference{1, true, ""};
const NumberFormat kChance{4, false, ""};
const NumberFormat kWhole{0, false, ""};
constexpr const char* kOtherShape = "its worlds ask different numbers of questions";

TableCell whole(std::size_t number) {
  return TableCell::Number{static_cast<double>(number), kWhole};
}
TableCell whole(std::int64_t number) {
  return TableCell::Number{static_cast<double>(number), kWhole};
}

TableCell difference_cell(const PairComparison& pair) {
  if (!pair.difference) return TableCell::Missing{kOtherShape};
  return TableCell::Measured{*pair.difference, kDifference};
}

std::string words(const WinsTiesLosses& count) {
  return fmt::format("W{} T{} L{}", count.wins, count.ties, count.losses);
}

bool is_in_pairs(const MethodComparison& comparison, std::size_t a, std::size_t b) {
  for (const PairComparison& pair : comparison.pairs) {
    if ((pair.a == a && pair.b == b) || (pair.a == b && pair.b == a)) return true;
  }
  return false;
}

std::string joined(const std::vector<std::string>& words_of) {
  std::string text;
  for (const std::string& word : words_of) text += (text.empty() ? "" : ", ") + word;
  return text;
}

Table method_table(const ComparedMethods& methods, const MethodComparison& comparison,
                   const ComparisonSettings& settings) {
  const std::string target = methods.methods[comparison.against].label;
  std::set<std::string> runs;
  for (const ComparedMethod& method : methods.methods) {
    runs.insert(method.runs.begin(), method.runs.end());
  }
  Table table;
  table.title = "Methods";
  const std::string difference = "Difference to " + target;
  table.columns = {{"Method"},
                   {"Average", "", Best::highest},
                   {"points", difference},
                   {"questions", difference},
                   {"p, Holm", difference},
                   {"CPU s"},
                   {"Front"},
                   {"Seeds"},
                   {"Samples"}};
  for (const AskedBenchmark& benchmark : methods.benchmarks) {
    table.columns.push_back({benchmark.name, "Accuracy", Best::highest});
  }
  if (runs.size() > 1) table.columns.push_back({"Runs"});
  for (std::size_t m = 0; m < methods.methods.size(); ++m) {
    const ComparedMethod& method = methods.methods[m];
    const MethodSummary& summary = comparison.summaries[m];
    const std::optional<PairComparison>& pair = comparison.to_against[m];
    TableRow row;
    row.takes_part = method.takes_part();
    row.cells = {method.label, summary.average ? TableCell::Measured{*summary.average, kPoints}
                                               : TableCell(TableCell::Missing{kOtherShape})};
    if (pair) {
      row.cells.push_back(difference_cell(*pair));
      row.cells.emplace_back(TableCell::Number{pair->questions, kDifference});
      row.cells.push_back(is_in_pairs(comparison, m, comparison.against)
                              ? TableCell::Number{pair->permutation_holm, kChance}
                              : TableCell(TableCell::Missing{"takes no part in the tests"}));
    } else {
      const TableCell::Missing reason{m == comparison.against
                                          ? target + " itself"
                                          : "no world and seed in common with " + target};
      for (int i = 0; i < 3; ++i) row.cells.emplace_back(reason);
    }
    const bool trained = method.role != "base";
    const TableCell::Missing no_cost{trained ? "the run does not say what measuring cost"
                                             : "the model before training"};
    row.cells.push_back(trained && summary.cpu_seconds
                            ? TableCell::Number{*summary.cpu_seconds, kPoints}
                            : TableCell(no_cost));
    if (!method.takes_part()) {
      row.cells.emplace_back("");
    } else if (!summary.on_front) {
      row.cells.push_back(summary.cpu_seconds ? TableCell::Missing{"takes no part in the tests"}
                                              : no_cost);
    } else {
      row.cells.emplace_back(*summary.on_front ? "yes" : "no");
    }
    row.cells.push_back(whole(summary.replicates));
    row.cells.push_back(method.rows ? whole(*method.rows) : TableCell(TableCell::Missing{}));
    for (const double accuracy : summary.benchmarks) {
      row.cells.emplace_back(TableCell::Number{accuracy, kPoints});
    }
    if (runs.size() > 1) row.cells.emplace_back(joined(method.runs));
    table.rows.push_back(std::move(row));
  }
  double asked = 0.0;
  for (const auto& pair : comparison.to_against) asked = pair ? pair->asked : asked;
  table.notes = {
      fmt::format("Intervals: {:g} %, by bootstrap over questions and seeds, paired in the "
                  "difference. One seed: over questions alone.",
                  100 * settings.confidence),
      fmt::format("Questions: right answers more, of {:g}, mean over seeds.", asked),
      "p: permutation test over questions, corrected by Holm over all pairs below.",
      "CPU s: measuring, choosing and training, mean over seeds. Front: no other method costs no "
      "more and is no worse."};
  table.notes.insert(table.notes.end(), methods.notes.begin(), methods.notes.end());
  return table;
}

Table all_pairs(const ComparedMethods& methods, const MethodComparison& comparison) {
  Table table;
  table.title = "All pairs";
  table.columns = {{"Method"},
                   {"minus"},
                   {"points", "Difference"},
                   {"questions", "Difference"},
                   {"p", "Permutation test"},
                   {"Holm", "Permutation test"},
                   {"p", "Sign test"},
                   {"Holm", "Sign test"},
                   {"won", "Questions"},
                   {"tied", "Questions"},
                   {"lost", "Questions"},
                   {"Seeds"}};
  for (const PairComparison& pair : comparison.pairs) {
    table.rows.push_back(
        {{methods.methods[pair.a].label, methods.methods[pair.b].label, difference_cell(pair),
          TableCell::Number{pair.questions, kDifference},
          TableCell::Number{pair.permutation_p, kChance},
          TableCell::Number{pair.permutation_holm, kChance},
          TableCell::Number{pair.sign_p, kChance}, TableCell::Number{pair.sign_holm, kChance},
          whole(pair.count.wins), whole(pair.count.ties), whole(pair.count.losses),
          whole(pair.replicates)}});
  }
  table.notes = {
      "A question is won where its score, mean over seeds, is higher. Both tests ask whether these "
      "questions could have come out so by chance; neither speaks of other trainings, which the "
      "interval does as far as there are seeds."};
  return table;
}

Table subtask_table(const ComparedMethods& methods, const MethodComparison& comparison) {
  Table table;
  table.title = fmt::format("Questions won, tied and lost against {} by subtask",
                            methods.methods[comparison.against].label);
  table.columns = {{"Subtask"}, {"Questions"}};
  std::map<std::string, std::int64_t> questions;
  for (const auto& [world, benchmarks] : methods.worlds) {
    for (const auto& benchmark : benchmarks) {
      for (const ComparedQuestion& question : benchmark) ++questions[question.subtask];
    }
  }
  for (const auto& pair : comparison.to_against) {
    if (pair) table.columns.push_back({methods.methods[pair->a].label});
  }
  for (const auto& [subtask, count] : questions) {
    TableRow row;
    row.cells = {
        subtask.empty() ? TableCell::Missing{"questions without a subtask"} : TableCell(subtask),
        whole(count)};
    for (const auto& pair : comparison.to_against) {
      if (!pair) continue;
      const auto found = pair->subtasks.find(subtask);
      row.cells.push_back(found == pair->subtasks.end()
                              ? TableCell(TableCell::Missing{"not asked in its worlds"})
                              : TableCell(words(found->second)));
    }
    table.rows.push_back(std::move(row));
  }
  return table;
}

}  // namespace

std::vector<Table> pair_tables(const ComparedMethods& methods, const MethodComparison& comparison,
                               const ComparisonSettings& settings) {
  std::vector<Table> tables = {method_table(methods, comparison, settings),
                               all_pairs(methods, comparison), subtask_table(methods, comparison)};
  Table left_out;
  left_out.title = "Not comparable";
  left_out.columns = {{"What"}, {"Reason"}};
  for (const auto* list : {&methods.left_out, &comparison.left_out}) {
    for (const NotComparable& one : *list) left_out.rows.push_back({{one.what, one.reason}});
  }
  if (!left_out.rows.empty()) tables.push_back(std::move(left_out));
  return tables;
}

}  // namespace winnow
