// Accuracy by subtask: numbers and table.

#include <fmt/format.h>

#include <cmath>
#include <map>

#include "core/errors.h"
#include "experiments/comparison/comparison_tables.h"

namespace winnow {
namespace {

struct Count {
  std::int64_t correct = 0, asked = 0;  // over seeds
};

void add_answers(const std::vector<BenchmarkScores>& scores, const WorldResult& world,
                 std::map<std::string, Count>& counts) {
  for (std::size_t b = 0; b < scores.size(); ++b) {
    const std::vector<QuestionKind>& kinds = world.questions.at(b);
    if (kinds.size() != scores[b].correct.size()) {
      throw DataError(fmt::format("{}: {} answers to {} questions", scores[b].benchmark,
                                  scores[b].correct.size(), kinds.size()));
    }
    for (std::size_t q = 0; q < kinds.size(); ++q) {
      Count& count = counts[kinds[q].subtask];
      count.correct += scores[b].correct[q];
      ++count.asked;
    }
  }
}

// Answers of several seeds to one question are not independent: the interval is of that many
// questions, not of that many answers.
Interval accuracy_of(const Count& count, std::int64_t questions, double confidence) {
  const double share = static_cast<double>(count.correct) / static_cast<double>(count.asked);
  const Interval interval =
      wilson_interval(std::llround(share * static_cast<double>(questions)), questions, confidence);
  return {100 * share, 100 * interval.low, 100 * interval.high};
}

}  // namespace

std::vector<SubtaskNumbers> subtask_numbers(const ComparisonResults& results, double confidence) {
  std::map<std::string, SubtaskNumbers> subtasks;
  for (const WorldResult& world : results.worlds) {
    for (const auto& benchmark : world.questions) {
      for (const QuestionKind& kind : benchmark) {
        SubtaskNumbers& numbers = subtasks[kind.subtask];
        numbers.name = kind.subtask;
        ++numbers.questions;
        numbers.chance += 100 * kind.chance;
      }
    }
  }
  for (auto& [name, numbers] : subtasks) numbers.chance /= static_cast<double>(numbers.questions);
  for (const MethodResult& method : results.methods) {
    std::map<std::string, Count> counts;
    for (std::size_t r = 0; r < method.runs.size(); ++r) {
      add_answers(method.runs[r].checkpoints.back().scores,
                  results.worlds[results.replicates[r].world], counts);
    }
    for (auto& [name, numbers] : subtasks) {
      numbers.accuracies.push_back(accuracy_of(counts.at(name), numbers.questions, confidence));
    }
  }
  std::vector<SubtaskNumbers> result;
  for (auto& [name, numbers] : subtasks) result.push_back(std::move(numbers));
  return result;
}

Table subtask_table(const ComparisonNumbers& numbers, const ComparisonOptions& options) {
  const MethodNumbers* best = nullptr;
  for (const MethodNumbers& method : numbers.methods) {
    if (method.role != Role::method) continue;
    if (best == nullptr || method.average.mean > best->average.mean) best = &method;
  }
  const NumberFormat points{1, false, ""};
  Table table;
  table.title = "By subtask, over all benchmarks";
  table.columns = {{"Subtask"}, {"Questions"}, {"Chance"}};
  for (const MethodNumbers& method : numbers.methods) {
    table.columns.push_back({method.label, "Accuracy"});
  }
  for (const SubtaskNumbers& subtask : numbers.subtasks) {
    TableRow row;
    row.cells = {subtask.name,
                 TableCell::Number{static_cast<double>(subtask.questions), {0, false, ""}},
                 TableCell::Number{subtask.chance, points}};
    for (std::size_t m = 0; m < numbers.methods.size(); ++m) {
      const MethodNumbers& method = numbers.methods[m];
      const Interval& accuracy = subtask.accuracies[m];
      if (method.role == Role::base || method.role == Role::reference || &method == best) {
        row.cells.push_back(TableCell::Measured{accuracy, points});
      } else {
        row.cells.push_back(TableCell::Number{accuracy.value, points});
      }
    }
    table.rows.push_back(std::move(row));
  }
  table.notes = {fmt::format(
      "Means over seeds. {:g} % Wilson intervals over questions, for the base, the reference and "
      "the method with the highest average; those of the others are as wide. Chance: of a blind "
      "guess among the candidates.",
      100 * options.confidence)};
  return table;
}

}  // namespace winnow
