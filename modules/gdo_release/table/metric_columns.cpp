#include "gdo_release/table/metric_columns.h"

#include <cmath>
#include <limits>
#include <string_view>

#include "gdo_release/python/line_file.h"
#include "gdo_release/python/value.h"
#include "gdo_release/text/text.h"

namespace winnow::gdo_release {
namespace {

using python::RawValue;

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

struct Key {
  std::string_view name;
  double MetricRow::*value;
};
constexpr Key kKeys[] = {{"loss_video", &MetricRow::loss_video},
                         {"loss_blind", &MetricRow::loss_blind},
                         {"frame_diversity", &MetricRow::frame_diversity},
                         {"amm", &MetricRow::amm},
                         {"tnc_score", &MetricRow::tnc_score},
                         {"self_consistency", &MetricRow::self_consistency},
                         {"cluster_id", &MetricRow::cluster_id}};

double number_of(const RawValue& value) {
  if (!value.is_number()) return kNone;
  const double number = python::float_of_number(value.text());
  return std::isfinite(number) ? number : kNone;
}

struct ParsedRow {
  MetricRow values{kNone, kNone, kNone, kNone, kNone, kNone, kNone};
  std::string uid;
};

// False for a line that is no object. Of a key that stands in the row and in its object
// data_quality_metrics, the inner one counts, as in the release.
bool parse(const python::LineFile::Line& line, ParsedRow& row) {
  python::JsonScanner scanner(line.begin);
  RawValue uid, id;
  MetricRow inner = row.values;
  std::string buffer;
  const auto take = [](std::string_view name, const RawValue& value, MetricRow& into) {
    for (const Key& key : kKeys) {
      if (key.name == name) into.*key.value = number_of(value);
    }
  };
  scanner.skip_white();
  if (*scanner.position() != '{') return false;
  const bool whole = scanner.object([&](const RawValue& key) {
    const std::string_view name = python::name_of(key, buffer);
    if (name == "data_quality_metrics" && *scanner.position() == '{') {
      return scanner.object([&](const RawValue& inner_key) {
        RawValue value;
        if (!scanner.value(value)) return false;
        take(python::name_of(inner_key, buffer), value, inner);
        return true;
      });
    }
    RawValue value;
    if (!scanner.value(value)) return false;
    if (name == "qa_uid") uid = value;
    if (name == "id") id = value;
    take(name, value, row.values);
    return true;
  });
  if (!whole || !scanner.ends_at(line.end)) return false;
  for (const Key& key : kKeys) {
    if (!std::isnan(inner.*key.value)) row.values.*key.value = inner.*key.value;
  }
  const RawValue& name = uid.is_absent() ? id : uid;
  if (name.is_absent() || name.is_null()) return true;
  row.uid = normalize_text(python::str(python::value_of(name)));
  return true;
}

}  // namespace

void read_metric_rows(
    const std::filesystem::path& path,
    const std::function<void(const std::string& uid, const MetricRow& values)>& take) {
  python::LineFile(path).each_line(0, [&](const python::LineFile::Line& line) {
    if (line.text().find_first_not_of(" \t\r") == std::string_view::npos) return;
    ParsedRow row;
    if (!parse(line, row)) row = {};
    take(row.uid, row.values);
  });
}

const std::vector<MetricColumn>& metric_columns() {
  static const std::vector<MetricColumn> columns = {
      {"loss", "loss_video; failed where it is null or no number"},
      {"perplexity", "exp(loss_video), not `ppl`, which is 0 for a failed row"},
      {"visual_dependency", "loss_blind - loss_video, not `vds`, which is 0 for a failed row"},
      {"temporal_need", "tnc_score of a video; failed where it is 0 and the losses failed"},
      {"optical_flow", "amm of a video; failed where it is 0"},
      {"frame_diversity", "frame_diversity of a video; failed where it is 0"},
      {"self_consistency",
       "self_consistency; failed where loss_video failed, as it is then made "
       "of other columns"},
      {"cluster", "cluster_id of data_quality_metrics"}};
  return columns;
}

bool applies_to_images(const std::string& column) {
  return column != "temporal_need" && column != "optical_flow" && column != "frame_diversity";
}

std::vector<double> metric_cells(const MetricRow& row) {
  const bool failed = std::isnan(row.loss_video);
  const auto unless_zero = [](double value) { return value == 0.0 ? kNone : value; };
  return {row.loss_video,
          std::exp(row.loss_video),
          row.loss_blind - row.loss_video,
          failed ? unless_zero(row.tnc_score) : row.tnc_score,
          unless_zero(row.amm),
          unless_zero(row.frame_diversity),
          failed ? kNone : row.self_consistency,
          row.cluster_id};
}

}  // namespace winnow::gdo_release
