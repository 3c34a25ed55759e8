#include "experiments/comparison/comparison_tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "experiments/comparison/toxic.h"

namespace winnow {
namespace {

const NumberFormat points{1, false, ""};
const NumberFormat signed_points{1, true, ""};
const NumberFormat count{0, false, ""};
const NumberFormat seconds{1, false, ""};
const NumberFormat ratio{1, false, "x"};

TableCell number(double value, const NumberFormat& format) {
  if (!std::isfinite(value)) return TableCell::Missing{"one seed has no spread"};
  return TableCell::Number{value, format};
}

TableCell difference_cell(const std::optional<Estimate>& difference) {
  if (!difference) return TableCell::Missing{"the reference itself"};
  return TableCell::Measured{difference->interval, signed_points};
}

const std::string kPublished = "PUBLISHED at paper scale, not measured here: ";

// A table that is no list of accuracies.
Table as_printed(const Published& published) {
  Table table;
  table.title = kPublished + published.title;
  for (const std::string& column : published.columns) table.columns.push_back({column});
  for (const std::vector<std::string>& cells : published.rows) {
    TableRow row;
    for (const std::string& cell : cells) {
      row.cells.push_back(cell.empty() ? TableCell(TableCell::Missing{"not published"})
                                       : TableCell(cell));
    }
    table.rows.push_back(std::move(row));
  }
  table.notes = published.notes;
  return table;
}

bool competes(Role role) { return role == Role::method; }

std::string level_of(const ComparisonOptions& options) {
  return fmt::format("{:g} %", 100 * options.confidence);
}

std::string what_varied(const ComparisonResults& results) {
  const std::size_t seeds = results.replicates.size();
  if (results.worlds.size() > 1) {
    const auto has_the_first_base = [&](const WorldResult& world) {
      return world.base_digest == results.worlds.front().base_digest;
    };
    const bool one_base =
        std::all_of(results.worlds.begin(), results.worlds.end(), has_the_first_base);
    return fmt::format(
        "Means over {} training seeds, spread over {} worlds with {}. Selectors draw by the "
        "training seed.",
        seeds, results.worlds.size(),
        one_base ? "one and the same base model, of which intervals say nothing"
                 : "a base model each");
  }
  return fmt::format(
      "Means over {} training seed{} with one pool and one base model: intervals say nothing of "
      "others (worlds=0 varies generated pools). Selectors draw by the training seed.",
      seeds, seeds == 1 ? "" : "s");
}

// Empty where all benchmarks count the same.
std::string weights_of(const ComparisonResults& results) {
  const bool equal = std::all_of(results.benchmarks.begin(), results.benchmarks.end(),
                                 [&](const ComparedBenchmark& benchmark) {
                                   return benchmark.weight == results.benchmarks.front().weight;
                                 });
  if (equal) return {};
  std::string list;
  for (const ComparedBenchmark& benchmark : results.benchmarks) {
    list += fmt::format("{}{} {:g}", list.empty() ? "" : ", ", benchmark.name, benchmark.weight);
  }
  return "The average weighs benchmarks: " + list + ".";
}

// Of all worlds together.
std::string what_was_left_out(const ComparisonResults& results) {
  std::int64_t pool = 0, questions = 0, contaminated = 0, duplicates = 0, set_aside = 0;
  std::size_t unusable = 0;
  bool searched = true;
  for (const WorldResult& world : results.worlds) {
    const auto add = [&](std::int64_t& sum, const char* key) {
      sum += world.screening.at(key).to_number<std::int64_t>();
    };
    add(pool, "pool");
    add(questions, "questions");
    add(contaminated, "contaminated");
    add(duplicates, "duplicates");
    set_aside += world.set_aside;
    unusable += world.unusable.size();
    searched = searched && world.screening.at("decontaminated").as_bool();
  }
  std::string repeats = fmt::format("{} repeat another sample's text and media", duplicates);
  if (set_aside > 0) repeats += fmt::format("; {} are set aside for anchors", set_aside);
  if (unusable > 0) repeats += fmt::format("; {} could not be measured", unusable);
  if (!searched) return "The pool was NOT searched for evaluation questions; " + repeats + ".";
  return fmt::format(
      "Left out for every method: {} of {} pool samples that stand in an evaluation set ({} "
      "questions); {}.",
      contaminated, pool, questions, repeats);
}

}  // namespace

Table precheck_table(const ComparisonNumbers& numbers) {
  Table table;
  const MethodNumbers& oracle = numbers.with(Role::oracle);
  const MethodNumbers& reference = numbers.with(Role::reference);
  table.title = "Pre-check: could any selector win here?";
  table.columns = {{"Comparison"}, {"Average"},        {"Of"},
                   {"Gap"},        {"Standard error"}, {"Gap / error"}};
  const auto add = [&](const MethodNumbers& other, const Estimate& gap) {
    table.rows.push_back(
        {{fmt::format("{} - {}", oracle.label, other.label), number(oracle.average.mean, points),
          number(other.average.mean, points), difference_cell(gap),
          number(gap.standard_error, {2, false, ""}),
          gap.standard_error > 0 ? number(gap.interval.value / gap.standard_error, signed_points)
                                 : TableCell(TableCell::Missing{"no draw differs"})}});
  };
  if (numbers.oracle_to_control) add(numbers.with(Role::control), *numbers.oracle_to_control);
  add(reference, *numbers.oracle_to_reference);
  const Interval gap = numbers.oracle_to_reference->interval;
  table.notes.push_back(fmt::format(
      "{} takes clean rows by hidden labels. It is an upper bound for what a choice of {} rows "
      "gives here, and no method.",
      oracle.label, oracle.rows));
  if (gap.value < 0) {
    table.notes.push_back(fmt::format(
        "The oracle does NOT reach {} ({:+.1f} points): no selector could in this world. Read the "
        "table below as a comparison among methods only.",
        reference.label, gap.value));
  } else {
    table.notes.push_back(fmt::format("The oracle reaches {} ({:+.1f} points{}): a selector could.",
                                      reference.label, gap.value,
                                      gap.low <= 0 ? ", not significant" : ""));
  }
  if (numbers.oracle_to_control) {
    const Estimate& room = *numbers.oracle_to_control;
    const double errors = room.standard_error > 0 ? room.interval.value / room.standard_error : 0;
    table.notes.push_back(fmt::format(
        "Between {} and the oracle there are {:.1f} standard errors; methods can be told apart in "
        "this room{}.",
        numbers.with(Role::control).label, errors,
        errors >= 5 ? "" : ", which is less than the five that a comparison should have"));
  }
  return table;
}

Table main_table(const ComparisonNumbers& numbers, const ComparisonResults& results,
                 const ComparisonOptions& options) {
  const MethodNumbers& reference = numbers.with(Role::reference);
  Table table;
  table.title = options.title;
  table.columns = {{"Method"}, {"Samples"}};
  for (const ComparedBenchmark& benchmark : results.benchmarks) {
    table.columns.push_back({benchmark.name, "Accuracy", Best::highest});
  }
  table.columns.push_back({"average", "Accuracy", Best::highest});
  table.columns.push_back({"spread", "Accuracy"});
  table.columns.push_back({"Difference to " + reference.label});
  table.columns.push_back({"after samples", "Reaches " + reference.label});
  table.columns.push_back({"reduction", "Reaches " + reference.label});
  table.columns.push_back({"selection", "CPU seconds"});
  table.columns.push_back({"training", "CPU seconds"});
  bool methods_began = false;
  for (const MethodNumbers& method : numbers.methods) {
    if (method.role == Role::oracle) continue;
    TableRow row;
    row.takes_part = method.role != Role::base;
    row.rule_before = competes(method.role) && !methods_began;
    methods_began = methods_began || competes(method.role);
    row.cells = {method.label, number(static_cast<double>(method.rows), count)};
    for (const Accuracy& accuracy : method.benchmarks) {
      row.cells.push_back(number(accuracy.mean, points));
    }
    row.cells.push_back(number(method.average.mean, points));
    row.cells.push_back(number(method.average.spread, points));
    row.cells.push_back(difference_cell(method.difference));
    const TableCell base = TableCell::Missing{"the model before training"};
    if (method.role == Role::base) {
      row.cells.resize(row.cells.size() + 4, base);
    } else {
      row.cells.push_back(method.match_samples ? number(*method.match_samples, count)
                                               : TableCell("not reached"));
      row.cells.push_back(method.reduction ? number(*method.reduction, ratio)
                          : method.match_samples
                              ? TableCell(TableCell::Missing{"the base is there already"})
                              : TableCell("not reached"));
      row.cells.push_back(number(method.selection_cpu_seconds, seconds));
      row.cells.push_back(number(method.training_cpu_seconds, seconds));
    }
    table.rows.push_back(std::move(row));
  }
  table.notes.push_back(what_varied(results));
  table.notes.push_back(what_was_left_out(results));
  if (!results.has_labels) {
    table.notes.emplace_back(
        "The pool has no hidden labels (pool.labels): there is no oracle, no pre-check, and no "
        "diagnosis of columns and subsets.");
  }
  if (const std::string weights = weights_of(results); !weights.empty()) {
    table.notes.push_back(weights);
  }
  if (results.commits.size() > 1) {
    std::string list;
    for (const auto& [commit, stages] : results.commits) {
      list += fmt::format("{}{}: {}", list.empty() ? "" : "; ", commit, stages);
    }
    table.notes.push_back(fmt::format(
        "Made of stages of {} states of the program ({}); --fresh computes all with this one.",
        results.commits.size(), list));
  }
  table.notes.push_back(fmt::format(
      "Difference: paired, with a {} interval by bootstrap over questions and seeds; it "
      "is significant where 0 lies outside. Spread: standard deviation over seeds.",
      level_of(options)));
  table.notes.push_back(
      fmt::format("Reaches: training samples after which the average first equals the final one of "
                  "{}, linear between checkpoints{}; the cost of selection is not in it.",
                  reference.label,
                  results.checkpoint_questions < 1.0
                      ? fmt::format(", of which those before the last were asked {:g} % of the "
                                    "questions",
                                    100 * results.checkpoint_questions)
                      : ""));
  table.notes.emplace_back(
      "Selection: warming the proxy up and measuring the whole pool, which a method alone would "
      "need "
      "and methods that read the same columns share here, plus the choice itself.");
  return table;
}

Table benchmark_table(const ComparisonNumbers& numbers, const ComparisonResults& results,
                      const ComparisonOptions& options) {
  const MethodNumbers& reference = numbers.with(Role::reference);
  Table table;
  table.title = "By benchmark";
  table.columns = {{"Method"}};
  for (const ComparedBenchmark& benchmark : results.benchmarks) {
    table.columns.push_back({"accuracy", benchmark.name});
    table.columns.push_back({"difference", benchmark.name});
  }
  for (const MethodNumbers& method : numbers.methods) {
    TableRow row;
    row.cells = {method.label};
    for (std::size_t b = 0; b < results.benchmarks.size(); ++b) {
      row.cells.push_back(TableCell::Measured{method.benchmark_intervals[b], points});
      row.cells.push_back(method.benchmark_differences.empty()
                              ? difference_cell(std::nullopt)
                              : difference_cell(method.benchmark_differences[b]));
    }
    row.rule_before = method.role == Role::oracle;
    table.rows.push_back(std::move(row));
  }
  std::string sizes;
  for (std::size_t b = 0; b < results.benchmarks.size(); ++b) {
    sizes += fmt::format("{}{} {}", b == 0 ? "" : ", ", results.benchmarks[b].name,
                         results.worlds.front().base_scores[b].scores.size());
  }
  table.notes = {fmt::format(
      "Accuracies, and differences to {} in points, with {} intervals by bootstrap over "
      "questions and seeds. Questions: {}.",
      reference.label, level_of(options), sizes)};
  return table;
}

Table published_table(const Published& published, const ComparisonNumbers& numbers) {
  Table table;
  table.title = kPublished + published.title;
  table.columns = {{"Method"}, {"Samples"}};
  for (const std::string& name : published.benchmarks) {
    table.columns.push_back({name, "Accuracy", Best::highest});
  }
  table.columns.push_back({"average", "Accuracy", Best::highest});
  if (!published.columns.empty()) return as_printed(published);
  const std::string reference_name = numbers.with(Role::reference).name;
  const auto reference = published.methods.find(reference_name);
  const auto average = [](const PublishedMethod& method) {
    double sum = 0;
    for (const double value : method.accuracy) sum += value;
    return sum / static_cast<double>(method.accuracy.size());
  };
  const bool compares = reference != published.methods.end();
  if (compares) {
    table.columns.push_back({"Difference to " + reference->second.label});
    for (const std::string& name : published.benchmarks) {
      table.columns.push_back({name, "Reaches " + reference->second.label + " after"});
    }
  }
  const TableCell unpublished = TableCell::Missing{"not published"};
  const auto add = [&](const std::string& name, const PublishedMethod& method) {
    TableRow row;
    row.cells = {method.label, number(static_cast<double>(method.samples), count)};
    for (const double value : method.accuracy) row.cells.push_back(number(value, {2, false, ""}));
    row.cells.push_back(number(average(method), {2, false, ""}));
    if (compares) {
      const bool is_reference = name == reference_name;
      row.cells.push_back(
          is_reference ? difference_cell(std::nullopt)
                       : number(average(method) - average(reference->second), {2, true, ""}));
      for (std::size_t b = 0; b < published.benchmarks.size(); ++b) {
        row.cells.push_back(is_reference ? difference_cell(std::nullopt)
                            : method.reached_reference_after.empty()
                                ? unpublished
                                : number(method.reached_reference_after[b], count));
      }
    }
    table.rows.push_back(std::move(row));
    if (!method.note.empty()) table.notes.push_back(method.label + ": " + method.note + ".");
  };
  for (const MethodNumbers& method : numbers.methods) {
    const auto found = published.methods.find(method.name);
    if (found != published.methods.end()) add(found->first, found->second);
  }
  table.notes.push_back("The averages are computed here from the printed accuracies.");
  return table;
}

std::vector<Table> comparison_tables(const ComparisonNumbers& numbers,
                                     const ComparisonResults& results,
                                     const ComparisonOptions& options,
                                     const std::optional<Published>& published) {
  std::vector<Table> tables;
  if (numbers.has(Role::oracle)) tables.push_back(precheck_table(numbers));
  tables.push_back(main_table(numbers, results, options));
  if (published) tables.push_back(published_table(*published, numbers));
  tables.push_back(benchmark_table(numbers, results, options));
  tables.push_back(subtask_table(numbers, options));
  tables.push_back(composition_table(results));
  for (const WorldResult& world : results.worlds) {
    if (!world.detection.empty()) tables.push_back(detection_table(world));
  }
  for (const WorldResult& world : results.worlds) {
    if (!world.toxic.empty())
      tables.push_back(toxic_table(world.toxic, world.seed, world.toxic_seed));
  }
  if (!results.worlds.front().judge.empty()) tables.push_back(judge_table(results));
  tables.push_back(budget_table(numbers));
  tables.push_back(shared_cost_table(results));
  return tables;
}

}  // namespace winnow
