#include "gdo_release/merge/row_writer.h"

#include <cmath>

#include "gdo_release/python/json_writer.h"

namespace winnow::gdo_release {
namespace {

void append_or(std::string& out, const python::RawValue& value, const char* otherwise) {
  if (value.is_absent()) {
    out += otherwise;
  } else {
    python::append_again(out, value);
  }
}

}  // namespace

void RowWriter::append(std::string& out, const ShardRow& row, const float* features) const {
  const std::size_t cluster = nearest_.find(features);
  const double far = distance(features, centers_.row(cluster), centers_.dimensions);
  const double vds = zscore(row.vds, columns_.vds);
  const double ppl = std::abs(zscore(row.ppl, columns_.ppl));
  double consistency = row.self_consistency;
  if (consistency < 0.0) consistency = sigmoid(0.6 * vds - 0.2 * ppl);
  const double vds3 = vds + zscore(row.frame_diversity, columns_.frame_diversity);
  const double middle_ppl = std::exp(-ppl);
  const double middle_amm = std::exp(-std::abs(zscore(row.amm, columns_.amm)));
  const double typical = std::exp(-far), hard = 1.0 - typical;
  const double quality = 0.28 * sigmoid(vds3) + 0.18 * consistency + 0.14 * middle_ppl +
                         0.12 * middle_amm + 0.12 * row.tnc_score + 0.10 * typical + 0.06 * hard;

  out += "{\"qa_uid\": ";
  append_or(out, row.qa_uid, "\"\"");
  out += ", \"video_uid\": ";
  append_or(out, row.video_uid, "\"\"");
  // The same eleven fields stand in the row and in its inner object.
  out += ", ";
  const std::size_t start = out.size();
  out += "\"loss_video\": ";
  append_or(out, row.loss_video, "null");
  out += ", \"loss_blind\": ";
  append_or(out, row.loss_blind, "null");
  const auto field = [&](const char* name, double value) {
    out += name;
    python::append_float(out, value);
  };
  field(", \"frame_diversity\": ", row.frame_diversity);
  field(", \"vds\": ", row.vds);
  field(", \"quality_score\": ", quality);
  field(", \"ppl\": ", row.ppl);
  field(", \"amm\": ", row.amm);
  field(", \"tnc_score\": ", row.tnc_score);
  field(", \"self_consistency\": ", consistency);
  field(", \"cluster_score\": ", typical);
  field(", \"cluster_hardness\": ", hard);
  const std::size_t size = out.size() - start;
  out += ", \"data_quality_metrics\": {";
  out.append(out, start, size);
  out += ", \"cluster_id\": ";
  out += std::to_string(cluster);
  field(", \"cluster_dist\": ", far);
  out += "}}\n";
}

}  // namespace winnow::gdo_release
