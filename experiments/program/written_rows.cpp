#include "experiments/program/written_rows.h"

#include <fmt/format.h>

#include <map>

#include "core/errors.h"
#include "core/progress.h"
#include "media/frames.h"
#include "pool/decode_check.h"

namespace winnow {
namespace fs = std::filesystem;
namespace json = boost::json;

std::vector<UnwrittenRow> RowChecker::undecodable(const std::vector<RowToWrite>& rows) {
  if (!decode_) return {};
  std::vector<std::size_t> asked;
  for (const RowToWrite& row : rows) {
    if (checked_.insert(row.row).second) asked.push_back(row.row);
  }
  const auto sample_of = [&](std::size_t i) { return pool_.sample(asked[i]); };
  std::vector<UnwrittenRow> found;
  for (const UndecodableRow& row :
       find_undecodable(asked.size(), sample_of, SamplingOptions().maximum_pixels)) {
    const std::size_t of_pool = asked[row.row];
    found.push_back({of_pool, std::string(pool_.rows().id(of_pool)), row.bad.reason});
  }
  return found;
}

void check_failed_share(const std::vector<UnwrittenRow>& failed, std::size_t rows,
                        double maximum_failed_share) {
  if (static_cast<double>(failed.size()) <= maximum_failed_share * static_cast<double>(rows)) {
    return;
  }
  throw DataError(
      fmt::format("{} of {} rows cannot be written, a larger share than maximum_failed_share = {} "
                  "allows; the first: {}",
                  failed.size(), rows, maximum_failed_share, failed.front().reason));
}

WrittenRows write_rows(const Pool& pool, const std::vector<RowToWrite>& rows, Exporter& exporter,
                       const fs::path& folder, const fs::path& later, double maximum_failed_share,
                       const std::function<void(const fs::path&)>& check_input,
                       const std::vector<UnwrittenRow>& damaged) {
  WrittenRows written;
  std::map<std::size_t, std::string> reasons;
  for (const UnwrittenRow& row : damaged) reasons.emplace(row.row, row.reason);
  Progress progress("writing", static_cast<std::int64_t>(rows.size()), "rows");
  exporter.begin(folder, later);
  for (const RowToWrite& row : rows) {
    const Sample sample = pool.sample(row.row);
    if (!sample.file.empty()) check_input(sample.file);
    for (const Media& medium : sample.media) {
      for (std::size_t file = 0; file < medium.paths.size(); ++file) {
        if (medium.content(file) == nullptr) check_input(medium.paths[file]);
      }
    }
    try {
      if (const auto found = reasons.find(row.row); found != reasons.end()) {
        throw DataError(found->second);
      }
      exporter.add(sample, {row.weight, {}});
    } catch (const DataError& error) {
      written.failed.push_back({row.row, sample.id, error.what()});
      check_failed_share(written.failed, rows.size(), maximum_failed_share);
      if (written.failed.size() == rows.size()) {
        throw DataError(
            fmt::format("{0} of {0} rows cannot be written, none is left; the first: {1}",
                        rows.size(), written.failed.front().reason));
      }
    }
    progress.advance();
  }
  written.report = exporter.finish();
  return written;
}

json::object to_json(const WrittenRows& written) {
  json::array files, warnings, failed;
  for (const std::string& file : written.report.files) files.emplace_back(file);
  for (const ExportWarning& warning : written.report.warnings) {
    warnings.push_back(
        json::object{{"reason", warning.reason}, {"rows", warning.rows}, {"first", warning.first}});
  }
  for (const UnwrittenRow& row : written.failed) {
    failed.push_back(json::object{{"id", row.id}, {"reason", row.reason}});
  }
  return {{"rows", written.report.rows},
          {"files", files},
          {"media_files", written.report.media_files},
          {"warnings", warnings},
          {"not_written", failed}};
}

std::vector<std::string> warnings_of(const WrittenRows& written) {
  std::vector<std::string> texts;
  if (!written.failed.empty()) {
    texts.push_back(
        fmt::format("{} rows could not be written (report.json names them); the first: {}",
                    written.failed.size(), written.failed.front().reason));
  }
  for (const ExportWarning& warning : written.report.warnings) {
    texts.push_back(fmt::format("{} ({} rows, the first is '{}')", warning.reason, warning.rows,
                                warning.first));
  }
  return texts;
}

}  // namespace winnow
