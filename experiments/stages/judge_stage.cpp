#include "experiments/stages/judge_stage.h"

#include <fmt/format.h>

#include "core/errors.h"
#include "core/files.h"

namespace winnow {
namespace json = boost::json;
namespace {

// Raised when the stage computes or writes something else.
constexpr int kJudgeFormat = 2;

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

StageOutput run_judges(const config::Value& judge, Setting& setting) {
  const JudgePass pass = JudgePass::from_config(judge, "judge");
  Stage stage;
  stage.name = "judge";
  stage.format_version = kJudgeFormat;
  stage.config.set("judge", value_of(pass.identity()));
  stage.config.set("seed", value_of(setting.seed()));
  stage.inputs = setting.row_inputs();
  stage.title = fmt::format("judge of pool {}", setting.seed());
  StageOutput output = setting.stages().run(stage, [&](StageWork& work) {
    // Beside the stages and not in one: answers outlive the stage they were asked for.
    const auto answers = work.output.parent_path().parent_path().parent_path() / "answers";
    const JudgePassResult result = pass.run(setting.pool(), answers, setting.seed());
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
  const auto rows = output.facts.at("rows").to_number<double>();
  for (const auto& [name, share] : pass.maximum_failed_shares()) {
    const auto failed = output.facts.at("columns").at(name).at("failed_rows").to_number<double>();
    if (failed <= share * rows) continue;
    throw DataError(fmt::format(
        "judge '{}': {} of {} samples have no score, more than maximum_failed_share = {} allows; "
        "{} lists them. Run again with --fresh, or raise the share.",
        name, failed, rows, share, (output.folder / "failures.json").string()));
  }
  return output;
}

}  // namespace winnow
