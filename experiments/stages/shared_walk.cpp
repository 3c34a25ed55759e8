#include "experiments/stages/shared_walk.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "experiments/stages/failed_rows.h"
#include "pool/sample_table.h"

namespace winnow {
namespace json = boost::json;
namespace {

std::vector<FailedRow> failed_rows_of(const SampleTable& table, const StageOutput& walked) {
  const std::vector<std::string> names = table.column_names();
  const std::map<std::string, std::string> reasons = read_failures(walked);
  std::vector<FailedRow> failures;
  for (std::size_t row = 0; row < table.size(); ++row) {
    const bool failed = std::any_of(names.begin(), names.end(), [&](const std::string& name) {
      return static_cast<CellState>(table.column(name).states(row)) == CellState::failed;
    });
    if (!failed) continue;
    const std::string id(table.rows().id(row));
    failures.push_back({row, id, reasons.at(id)});
  }
  return failures;
}

}  // namespace

std::set<std::string> SharedWalk::to_measure(const std::vector<std::string>& wanted) const {
  const auto again = retry_failed_rows(retry_failed);
  std::set<std::string> missing;
  for (const std::string& maker : wanted) {
    const auto found = stages.find(column_stage(maker));
    if (!found) {
      missing.insert(maker);
    } else if (again(*found)) {
      // The same walk once more: its journal has all other rows.
      for (const json::value& with : found->facts.at("walked_with").as_array()) {
        const std::string other(with.as_string());
        if (makers.contains(other)) missing.insert(other);
      }
    }
  }
  return missing;
}

void SharedWalk::take_columns(const std::string& maker, const StageOutput& walked,
                              StageWork& work) const {
  const SampleTable all = SampleTable::load(walked.folder / "table");
  SampleTable own(all.shared_rows());
  for (const std::string& column : columns(maker)) own.add(all.column(column));
  own.save(work.output / "table");
  const auto rows = static_cast<std::size_t>(walked.facts.at("rows").as_int64());
  keep_failures(failed_rows_of(own, walked), rows, work);
  work.keep_resume = false;  // the walk has it
  work.facts["walk"] = walked.folder.filename().string();
  work.facts["walk_cpu_seconds"] = walked.cpu_seconds;
  if (keep) keep(maker, walked, work);
}

std::vector<StageOutput> SharedWalk::run(const std::vector<std::string>& wanted) const {
  const std::set<std::string> missing = to_measure(wanted);
  const auto again = retry_failed_rows(retry_failed);
  std::optional<StageOutput> walked;
  if (!missing.empty()) walked = walk({missing.begin(), missing.end()});
  std::vector<StageOutput> outputs;
  for (const std::string& maker : wanted) {
    outputs.push_back(stages.run(
        column_stage(maker),
        [&](StageWork& work) {
          take_columns(maker, walked.value(), work);
          work.facts["walked_with"] = json::array(missing.begin(), missing.end());
        },
        [&](const StageOutput& there) { return missing.contains(maker) && again(there); }));
    check_failed_share(outputs.back(), maximum_failed_share, options_table);
  }
  return outputs;
}

}  // namespace winnow
