// Accuracy by subtask: numbers and table.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>

#include "core/errors.h"
#include "experiments/comparison/comparison_tables.h"

namespace winnow {
namespace {

// The answers to one question over the seeds of its world.
struct Answers {
  double score = 0.0;
  std::int64_t asked = 0;
};

// Every question of a subtask, by world, benchmark and place.
using Questions = std::map<std::tuple<std::size_t, std::size_t, std::size_t>, Answers>;

void add_answers(const std::vector<BenchmarkScores>& scores, const WorldResult& world,
                 std::size_t place, std::map<std::string, Questions>& subtasks) {
  for (std::size_t b = 0; b < scores.size(); ++b) {
    const std::vector<QuestionKind>& kinds = world.questions.at(b);
    if (kinds.size() != scores[b].scores.size()) {
      throw DataError(fmt::format("{}: {} answers to {} questions", scores[b].benchmark,
                                  scores[b].scores.size(), kinds.size()));
    }
    for (std::size_t q = 0; q < kinds.size(); ++q) {
      Answers& answers = subtasks[kinds[q].subtask][{place, b, q}];
      answers.score += scores[b].scores[q];
      ++answers.asked;
    }
  }
}

bool all_right_or_wrong(const ComparisonResults& results) {
  for (const MethodResult& method : results.methods) {
    for (const MethodRun& run : method.runs) {
      for (const BenchmarkScores& scores : run.checkpoints.back().scores) {
        for (const double score : scores.scores) {
          if (score != 0.0 && score != 1.0) return false;
        }
      }
    }
  }
  return true;
}

// Answers of several seeds to one question are not independent: the interval is of that many
// questions, not of that many answers.
Interval accuracy_of(const Questions& questions, bool right_or_wrong, double confidence) {
  double score = 0.0;
  std::int64_t asked = 0;
  std::vector<double> means;
  for (const auto& [place, answers] : questions) {
    score += answers.score;
    asked += answers.asked;
    means.push_back(answers.score / static_cast<double>(answers.asked));
  }
  const double share = score / static_cast<double>(asked);
  Interval interval;
  if (right_or_wrong) {
    const auto count = static_cast<std::int64_t>(questions.size());
    interval = wilson_interval(std::llround(share * static_cast<double>(count)), count, confidence);
  } else {
    BootstrapOptions options;
    options.confidence = confidence;
    interval = bootstrap_accuracy({{means}}, options).interval;
  }
  return {100 * share, 100 * interval.low, 100 * interval.high};
}

}  // namespace

std::vector<SubtaskNumbers> subtask_numbers(const ComparisonResults& results, double confidence) {
  std::map<std::string, SubtaskNumbers> subtasks;
  const bool right_or_wrong = all_right_or_wrong(results);
  for (const WorldResult& world : results.worlds) {
    for (const auto& benchmark : world.questions) {
      for (const QuestionKind& kind : benchmark) {
        SubtaskNumbers& numbers = subtasks[kind.subtask];
        numbers.name = kind.subtask;
        numbers.right_or_wrong = right_or_wrong;
        if (++numbers.questions == 1) numbers.chance = 0.0;
        if (!kind.chance) numbers.chance.reset();
        if (numbers.chance) *numbers.chance += 100 * *kind.chance;
      }
    }
  }
  for (auto& [name, numbers] : subtasks) {
    if (numbers.chance) *numbers.chance /= static_cast<double>(numbers.questions);
  }
  for (const MethodResult& method : results.methods) {
    std::map<std::string, Questions> answers;
    for (std::size_t r = 0; r < method.runs.size(); ++r) {
      const std::size_t world = results.replicates[r].world;
      add_answers(method.runs[r].checkpoints.back().scores, results.worlds[world], world, answers);
    }
    for (auto& [name, numbers] : subtasks) {
      numbers.accuracies.push_back(accuracy_of(answers.at(name), right_or_wrong, confidence));
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
                 subtask.chance ? TableCell(TableCell::Number{*subtask.chance, points})
                                : TableCell(TableCell::Missing{"not all have options"})};
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
  const bool wilson = std::all_of(numbers.subtasks.begin(), numbers.subtasks.end(),
                                  [](const auto& subtask) { return subtask.right_or_wrong; });
  table.notes = {fmt::format(
      "Means over seeds. {:g} % {} intervals over questions, for the base, the reference and "
      "the method with the highest average; those of the others are as wide. Chance: of a blind "
      "guess among the candidates.",
      100 * options.confidence, wilson ? "Wilson" : "bootstrap")};
  return table;
}

}  // namespace winnow
