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

WrittenRows write_rows(const Pool& pool, const std::vector<RowToWrite>& rows, Exporter& exporter,
                       const fs::path& folder, const fs::path& later, double maximum_failed_share,
                       bool decode, const std::function<void(const fs::path&)>& check_input) {
  WrittenRows written;
  std::map<std::size_t, std::string> damaged;
  if (decode) {
    const auto sample_of = [&](std::size_t i) { return pool.sample(rows[i].row); };
    for (const UndecodableRow& row :
         find_undecodable(rows.size(), sample_of, SamplingOptions().maximum_pixels)) {
      damaged.emplace(row.row, row.bad.reason);
    }
  }
  const double most = maximum_failed_share * static_cast<double>(rows.size());
  Progress progress("writing", static_cast<std::int64_t>(rows.size()), "rows");
  exporter.begin(folder, later);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const Sample sample = pool.sample(rows[i].row);
    if (!sample.file.empty()) check_input(sample.file);
    for (const Media& medium : sample.media) {
      for (std::size_t file = 0; file < medium.paths.size(); ++file) {
        if (medium.content(file) == nullptr) check_input(medium.paths[file]);
      }
    }
    try {
      if (const auto found = damaged.find(i); found != damaged.end()) {
        throw DataError(found->second);
      }
      exporter.add(sample, {rows[i].weight, {}});
    } catch (const DataError& error) {
      written.failed.push_back({sample.id, error.what()});
      const bool none_left = written.failed.size() == rows.size();
      if (none_left || static_cast<double>(written.failed.size()) > most) {
        throw DataError(fmt::format(
            "{} of {} rows cannot be written, {}; the first: {}", written.failed.size(),
            rows.size(),
            none_left ? "none is left"
                      : fmt::format("a larger share than maximum_failed_share = {} allows",
                                    maximum_failed_share),
            written.failed.front().reason));
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
