#include "experiments/stages/failed_rows.h"

#include <fmt/format.h>

#include "core/errors.h"
#include "core/files.h"
#include "core/hash.h"

namespace winnow {
namespace json = boost::json;
namespace {

constexpr const char* kFile = "failures.json";

}  // namespace

void keep_failures(const std::vector<FailedRow>& failures, std::size_t rows, StageWork& work) {
  json::array listed;
  for (const FailedRow& row : failures) listed.push_back({{"id", row.id}, {"reason", row.reason}});
  write_file(work.output / kFile, json::serialize(listed) + "\n");
  work.facts["rows"] = rows;
  work.facts["failed_rows"] = failures.size();
  work.keep_resume = !failures.empty();
}

std::map<std::string, std::string> read_failures(const StageOutput& output) {
  std::map<std::string, std::string> reasons;
  const json::value listed = json::parse(read_file(output.folder / kFile));
  for (const json::value& row : listed.as_array()) {
    reasons.emplace(row.at("id").as_string(), row.at("reason").as_string());
  }
  return reasons;
}

UnusableSamples unusable_samples(const std::vector<MeasuredColumns>& measured) {
  UnusableSamples unusable;
  for (const MeasuredColumns& columns : measured) {
    for (auto& [id, reason] : read_failures(columns.output)) {
      unusable.try_emplace(id, UnusableRow{measurement_failed(columns.role), reason});
    }
  }
  return unusable;
}

void add_to_config(const UnusableSamples& unusable, Stage& stage) {
  if (unusable.empty()) return;
  Digest digest;
  for (const auto& [id, row] : unusable) digest.add(id).add(row.reason).add(row.detail);
  stage.config.set("unusable", config::Value(digest.hex(), {}));
}

std::map<std::size_t, UnusableRow> rows_of(const UnusableSamples& unusable, const RowTable& rows) {
  std::map<std::size_t, UnusableRow> result;
  for (const auto& [id, why] : unusable) {
    if (const auto row = rows.find(id)) result.emplace(*row, why);
  }
  return result;
}

std::function<bool(const StageOutput&)> retry_failed_rows(bool asked) {
  return [asked](const StageOutput& output) {
    return asked && output.facts.at("failed_rows").to_number<std::int64_t>() > 0;
  };
}

void check_failed_share(const StageOutput& output, double maximum_share, const std::string& table) {
  const auto failed = output.facts.at("failed_rows").to_number<double>();
  const auto rows = output.facts.at("rows").to_number<double>();
  if (failed <= maximum_share * rows) return;
  throw DataError(fmt::format(
      "{} of {} samples could not be measured, more than {}.maximum_failed_share = {} allows; {} "
      "lists them. Repair the data and run again with {}.retry_failed=true, or raise the share.",
      failed, rows, table, maximum_share, (output.folder / kFile).string(), table));
}

}  // namespace winnow
