// What judges were asked, and its price.

#include <fmt/format.h>

#include "experiments/comparison/comparison_tables.h"

namespace winnow {
namespace json = boost::json;

Table judge_table(const ComparisonResults& results) {
  Table table;
  table.title = "What judges were asked, and its price";
  table.columns = {{"Judge"},   {"world_seed"},     {"samples", ""},        {"without score", ""},
                   {"answers"}, {"sent", "Tokens"}, {"answered", "Tokens"}, {"Price"}};
  const NumberFormat count{0, false, ""};
  const auto cell = [&](const json::object& facts, const char* key) {
    return TableCell(TableCell::Number{facts.at(key).to_number<double>(), count});
  };
  double uncounted = 0.0;
  for (const WorldResult& world : results.worlds) {
    for (const auto& entry : world.judge.at("columns").as_object()) {
      const json::object& facts = entry.value().as_object();
      TableRow row;
      row.cells = {
          std::string(entry.key()),
          std::to_string(world.seed),
          cell(world.judge, "rows"),
          cell(facts, "failed_rows"),
          cell(facts, "answers"),
          cell(facts, "prompt_tokens"),
          cell(facts, "completion_tokens"),
          TableCell::Number{
              facts.at("money").to_number<double>(),
              {4, false, fmt::format(" {}", std::string(facts.at("currency").as_string()))}}};
      uncounted += facts.at("uncounted").to_number<double>();
      table.rows.push_back(std::move(row));
    }
  }
  table.notes.emplace_back(
      "Of all answers that the scores rest on, whichever run paid for them; an answer that serves "
      "several equal samples counts once. Repeated requests are not in it.");
  if (uncounted > 0) {
    table.notes.push_back(fmt::format(
        "Of {} answers the endpoint did not say their tokens: tokens and price are too low.",
        uncounted));
  }
  return table;
}

}  // namespace winnow
