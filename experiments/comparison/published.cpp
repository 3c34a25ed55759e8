#include "experiments/comparison/published.h"

#include "config/component.h"

namespace winnow {
namespace {

const bool registered =
    config::add_table<Published>("published", "numbers of a paper, to stand beside a run's");

}  // namespace

config::Help help(const PublishedMethod&) {
  return {{"label", "name in the table"},
          {"samples", "samples trained on", config::at_least(1)},
          {"accuracy", "accuracy of each benchmark, in points", config::between(0, 100)},
          {"reached_reference_after", "samples after which it reached the reference, by benchmark",
           config::at_least(0)},
          {"note", "a reservation"}};
}

config::Help help(const Published&) {
  return {{"title", "the source"},
          {"benchmarks", "names, in the order of the accuracies"},
          {"methods", "method -> its numbers"},
          {"columns", "instead of benchmarks and methods: headings of a table as it was printed"},
          {"rows", "its rows, a text for each column; empty where nothing was published"},
          {"notes", "what to know about it"}};
}

std::optional<Published> read_published(const config::Value& config) {
  const config::Value* table = config.child("published");
  if (table == nullptr) return std::nullopt;
  auto published = config::bind<Published>(*table, "published");
  for (const std::vector<std::string>& row : published.rows) {
    if (row.size() == published.columns.size()) continue;
    config::fail_value(config.at("published.rows"), "published.rows",
                       "expected rows of " + std::to_string(published.columns.size()) +
                           " texts, one for each of published.columns");
  }
  for (const auto& [name, method] : published.methods) {
    const std::string path = config::join_key("published.methods", name);
    const std::size_t wanted = published.benchmarks.size();
    if (method.accuracy.size() != wanted) {
      config::fail_value(
          config.at(path), path,
          "expected one accuracy for each of the " + std::to_string(wanted) + " benchmarks");
    }
    if (!method.reached_reference_after.empty() &&
        method.reached_reference_after.size() != wanted) {
      config::fail_value(
          config.at(path), path,
          "expected no or " + std::to_string(wanted) + " values in reached_reference_after");
    }
  }
  return published;
}

}  // namespace winnow
