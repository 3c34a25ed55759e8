// The stage that asks judges about the samples of a pool.

#include <fmt/format.h>

#include "core/errors.h"
#include "core/files.h"
#include "experiments/comparison/comparison_tables.h"
#include "experiments/comparison/loaded_world.h"
#include "experiments/comparison/pipeline.h"
#include "judges/pass.h"

namespace winnow {
namespace json = boost::json;
using stage_config::number;
using stage_config::table_of;
namespace {

// Raised when the stage computes or writes something else.
constexpr int judge_format = 1;

json::object facts_of_cost(const JudgeCost& cost) {
  return {{"requests", cost.requests},
          {"answers", cost.answers},
          {"kept_answers", cost.kept_answers},
          {"uncounted", cost.uncounted},
          {"prompt_tokens", cost.prompt_tokens},
          {"completion_tokens", cost.completion_tokens},
          {"money", cost.money},
          {"money_this_run", cost.money_this_run},
          {"currency", cost.currency}};
}

}  // namespace

std::vector<std::string> judge_columns(const config::Value& config) {
  const config::Value* table = config.child("judge");
  if (table == nullptr) return {};
  return JudgePass::from_config(*table, "judge").columns();
}

const StageOutput& Pipeline::judge() {
  if (judge_) return *judge_;
  const JudgePass pass = JudgePass::from_config(config_.at("judge"), "judge");
  Stage stage;
  stage.name = "judge";
  stage.format_version = judge_format;
  stage.config = table_of({{"judge", config::Value(pass.identity(), {})}, {"seed", number(seed_)}});
  stage.inputs = common_inputs();
  stage.title = fmt::format("judge of world {}", seed_);
  judge_ = stages_.run(stage, [&](StageWork& work) {
    // Beside the stages and not in one: answers outlive the stage they were asked for.
    const auto answers = work.output.parent_path().parent_path().parent_path() / "answers";
    const JudgePassResult result = pass.run(Pool(loaded().samples), answers, seed_);
    result.table.save(work.output / "table");
    json::array failures;
    json::object failed;
    for (const std::string& column : pass.columns()) failed[column] = std::int64_t{0};
    for (const UnjudgedRow& row : result.failures) {
      failures.push_back({{"column", row.column}, {"id", row.id}, {"reason", row.reason}});
      failed[row.column].as_int64() += 1;
    }
    write_file(work.output / "failures.json", json::serialize(failures) + "\n");
    work.facts = {{"rows", result.table.size()}};
    json::object columns;
    for (const auto& [name, cost] : result.costs) {
      json::object facts = facts_of_cost(cost);
      facts["failed_rows"] = failed.at(name);
      columns[name] = std::move(facts);
    }
    work.facts["columns"] = std::move(columns);
  });
  // A stored table may come from a run that allowed more failures than this one does.
  const auto rows = judge_->facts.at("rows").to_number<double>();
  for (const auto& [name, share] : pass.maximum_failed_shares()) {
    const auto failed = judge_->facts.at("columns").at(name).at("failed_rows").to_number<double>();
    if (failed <= share * rows) continue;
    throw DataError(fmt::format(
        "judge '{}': {} of {} samples have no score, more than maximum_failed_share = {} allows; "
        "{} lists them. Run again with --fresh, or raise the share.",
        name, failed, rows, share, (judge_->folder / "failures.json").string()));
  }
  return *judge_;
}

Table judge_table(const ComparisonResults& results) {
  Table table;
  table.title = "What judges were asked, and its price";
  table.columns = {{"Judge"},   {"World"},          {"samples", ""},        {"without score", ""},
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
