#include "experiments/runs/run_table.h"

#include <fmt/format.h>

#include <algorithm>

#include "experiments/runs/run_filter.h"

namespace winnow {
namespace json = boost::json;
namespace {

std::string joined(const std::vector<std::string>& words, const char* between) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : between) + word;
  return text;
}

TableCell text_or_missing(const std::string& text, const std::string& reason) {
  if (text.empty()) return TableCell::Missing{reason};
  return text;
}

json::value or_null(const std::string& text) {
  return text.empty() ? json::value(nullptr) : json::value(text);
}

const NumberFormat kPoints{1, false, ""};
const NumberFormat kDifference{1, true, ""};

TableCell difference_cell(const std::optional<Interval>& difference) {
  if (!difference) return TableCell::Missing{"the reference itself"};
  return TableCell::Measured{*difference, kDifference};
}

std::string code_of(const Run& run) {
  return run.commit.empty() ? "" : run.commit + (run.modified ? ", modified" : "");
}

}  // namespace

Table run_table(const std::vector<Run>& runs, const std::vector<std::string>& further,
                std::int64_t now, bool in_seconds) {
  Table table;
  table.columns = {{"Run"}, {"State"}, {in_seconds ? "Age in seconds" : "Age"}};
  for (const std::string& key : further) table.columns.push_back({key});
  for (const char* title :
       {"Best method", "Average", "Difference", "CPU s", "Experiment", "Changed"}) {
    table.columns.push_back({title});
  }
  const std::string no_numbers = "no comparison, not finished, or without numbers.json";
  for (const Run& run : runs) {
    TableRow& row = table.rows.emplace_back();
    row.cells = {run.name, run.state};
    if (!run.time) {
      row.cells.emplace_back(TableCell::Missing{"says no time"});
    } else if (in_seconds) {
      row.cells.emplace_back(
          TableCell::Number{static_cast<double>(now - *run.time), {0, false, ""}});
    } else {
      row.cells.emplace_back(age_text(now - *run.time));
    }
    for (const std::string& key : further) {
      const std::vector<std::string> values = values_of(run, key, now);
      const std::optional<double> number = number_of(run, key, now);
      if (values.empty()) {
        row.cells.emplace_back(TableCell::Missing{});
      } else if (values.size() == 1 && number) {
        const bool whole = values.front().find_first_of(".e") == std::string::npos;
        row.cells.emplace_back(TableCell::Number{*number, {whole ? 0 : 4, false, ""}});
      } else {
        row.cells.emplace_back(joined(values, ", "));
      }
    }
    if (const MethodOfRun* best = run.best()) {
      row.cells.emplace_back(best->label);
      row.cells.emplace_back(TableCell::Number{best->average, kPoints});
      row.cells.push_back(difference_cell(best->difference));
    } else {
      for (int i = 0; i < 3; ++i) row.cells.emplace_back(TableCell::Missing{no_numbers});
    }
    row.cells.push_back(run.cpu_seconds ? TableCell::Number{*run.cpu_seconds, {0, false, ""}}
                                        : TableCell(TableCell::Missing{no_numbers}));
    row.cells.emplace_back(run.experiment);
    row.cells.emplace_back(joined(run.overrides, " "));
  }
  return table;
}

json::array run_list(const std::vector<Run>& runs, std::int64_t now) {
  json::array list;
  for (const Run& run : runs) {
    json::array overrides, methods;
    for (const std::string& text : run.overrides) overrides.emplace_back(text);
    for (const MethodOfRun& method : run.methods) {
      json::object entry{{"name", method.name},       {"label", method.label},
                         {"role", method.role},       {"rows", method.rows},
                         {"average", method.average}, {"spread", nullptr},
                         {"difference", nullptr},     {"cpu_seconds", method.cpu_seconds}};
      if (method.spread) entry["spread"] = *method.spread;
      if (method.difference) {
        entry["difference"] = {{"value", method.difference->value},
                               {"low", method.difference->low},
                               {"high", method.difference->high}};
      }
      methods.push_back(std::move(entry));
    }
    json::object entry{{"name", run.name},
                       {"folder", run.folder.string()},
                       {"experiment", or_null(run.experiment)},
                       {"overrides", std::move(overrides)},
                       {"state", run.state},
                       {"message", or_null(run.message)},
                       {"age_seconds", nullptr},
                       {"commit", or_null(run.commit)},
                       {"modified", run.modified},
                       {"host", or_null(run.host)},
                       {"command", or_null(run.command)},
                       {"cpu_seconds", nullptr},
                       {"methods", std::move(methods)}};
    if (run.time) entry["age_seconds"] = now - *run.time;
    if (run.cpu_seconds) entry["cpu_seconds"] = *run.cpu_seconds;
    list.push_back(std::move(entry));
  }
  return list;
}

void sort_runs(std::vector<Run>& runs, const std::string& order, std::int64_t now) {
  const bool falling = order.starts_with("-");
  const std::string key = falling ? order.substr(1) : order;
  check_key(key, runs, now);
  struct Place {
    std::size_t run;
    std::optional<double> number;
    std::vector<std::string> words;
  };
  std::vector<Place> places;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    places.push_back({i, number_of(runs[i], key, now), values_of(runs[i], key, now)});
  }
  std::stable_sort(places.begin(), places.end(), [&](const Place& a, const Place& b) {
    if (a.words.empty() != b.words.empty()) return b.words.empty();
    const Place& first = falling ? b : a;
    const Place& second = falling ? a : b;
    if (first.number && second.number) return *first.number < *second.number;
    return first.words < second.words;
  });
  std::vector<Run> sorted;
  for (const Place& place : places) sorted.push_back(std::move(runs[place.run]));
  runs = std::move(sorted);
}

std::vector<Table> run_tables(const Run& run, std::int64_t now) {
  Table facts;
  facts.title = run.name;
  facts.columns = {{"What"}, {"Value"}};
  const auto add = [&](const char* what, TableCell cell) {
    facts.rows.push_back({{what, std::move(cell)}});
  };
  add("folder", run.folder.string());
  add("state", run.state);
  if (!run.message.empty()) add("message", run.message);
  add("age", run.time ? TableCell(age_text(now - *run.time)) : TableCell::Missing{"says no time"});
  add("experiment", text_or_missing(run.experiment, "none"));
  add("command", text_or_missing(run.command, "not kept"));
  add("code", text_or_missing(code_of(run), "built from no git checkout"));
  add("machine", text_or_missing(run.host, "not kept"));
  for (const auto& [group, names] : run.choices) {
    add(group.c_str(), joined({names.begin(), names.end()}, ", "));
  }
  if (run.cpu_seconds) add("CPU seconds", fmt::format("{:.1f}", *run.cpu_seconds));

  std::vector<Table> tables = {std::move(facts)};
  Table changed;
  changed.title = "Changed on the command line";
  changed.columns = {{"Key"}, {"Value"}};
  for (const auto& [key, entry] : run.config()) {
    if (entry.origin.starts_with("command line")) {
      changed.rows.push_back({{key, entry.value}});
    }
  }
  if (!changed.rows.empty()) tables.push_back(std::move(changed));
  if (run.methods.empty()) return tables;
  Table methods;
  methods.title = "Methods";
  methods.columns = {{"Method"}, {"Samples"},    {"Average", "", Best::highest},
                     {"Spread"}, {"Difference"}, {"CPU s"}};
  for (const MethodOfRun& method : run.methods) {
    const bool compared = method.role != "base" && method.role != "oracle";
    methods.rows.push_back(
        {{method.label, TableCell::Number{static_cast<double>(method.rows), {0, false, ""}},
          TableCell::Number{method.average, kPoints},
          method.spread ? TableCell::Number{*method.spread, kPoints}
                        : TableCell(TableCell::Missing{"one seed"}),
          difference_cell(method.difference),
          TableCell::Number{method.cpu_seconds, {1, false, ""}}},
         compared});
  }
  methods.notes = {"Difference: to the run's reference, paired, with the interval of its table."};
  tables.push_back(std::move(methods));
  return tables;
}

}  // namespace winnow
