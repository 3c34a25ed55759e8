#include "core/errors.h"
#include "gdo_release/python/line_file.h"
#include "gdo_release/select/scan/pair.h"
#include "gdo_release/select/scan/row.h"

namespace winnow::gdo_release {
namespace {

void scan_file(python::LineFile& file, const std::string& name, bool video,
               const ScanOptions& options, const std::function<void(const Pair&)>& take,
               ParseErrors& errors) {
  PairMaker pairs(video, options.target_frames, name);
  RawRow row;
  std::int64_t bad_json = 0, bad_samples = 0;
  file.each_line(
      video ? options.maximum_lines_video : options.maximum_lines_onevision,
      [&](const python::LineFile::Line& line) {
        const RowKind kind = read_row(line.begin, line.end, row);
        if (kind == RowKind::bad_json) {
          ++bad_json;
        } else if (kind == RowKind::not_an_object ||
                   !pairs.each_pair(row, line.number, line.offset, line.text().size(), take)) {
          ++bad_samples;
        }
      });
  const std::string pool = video ? "video" : "onevision";
  if (bad_json > 0) errors[pool + "_json"] = bad_json;
  if (bad_samples > 0) errors[pool + "_sample"] = bad_samples;
}

}  // namespace

ParseErrors scan(const ScanOptions& options, const std::function<void(const Pair&)>& take) {
  if (options.target_frames <= 0) {
    throw ConfigError("target_frames = " + std::to_string(options.target_frames) +
                      ": must be at least 1");
  }
  python::LineFile onevision(options.onevision), video(options.video);
  ParseErrors errors;
  scan_file(onevision, options.onevision.string(), false, options, take, errors);
  scan_file(video, options.video.string(), true, options, take, errors);
  return errors;
}

}  // namespace winnow::gdo_release
