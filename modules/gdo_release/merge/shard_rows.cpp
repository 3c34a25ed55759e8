#include "gdo_release/merge/shard_rows.h"

#include <simdjson.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/errors.h"
#include "gdo_release/python/json.h"
#include "gdo_release/python/text.h"

namespace winnow::gdo_release {
namespace fs = std::filesystem;
namespace {

using python::JsonScanner;
using python::RawValue;

// A number as the release takes it from any JSON value.
double safe_float(const RawValue& value, double otherwise) {
  double number = otherwise;
  switch (value.kind) {
    case RawValue::Kind::integer:
    case RawValue::Kind::real:
      number = python::float_of_number(value.text());
      break;
    case RawValue::Kind::true_:
    case RawValue::Kind::false_:
      number = value.kind == RawValue::Kind::true_ ? 1.0 : 0.0;
      break;
    case RawValue::Kind::string:
      number = python::float_of_text(python::unescaped(value)).value_or(otherwise);
      break;
    default:
      break;
  }
  return std::isfinite(number) ? number : otherwise;
}

// What is kept between rows.
struct Scratch {
  std::string line, key;
  std::vector<float> text_features, vision_features;
};

bool read_features(JsonScanner& scanner, std::vector<float>& features) {
  features.clear();
  if (*scanner.position() != '[') return scanner.skip_value();
  return scanner.list([&] {
    RawValue item;
    if (!scanner.value(item)) return false;
    float value = item.is_number() ? python::single_of_number(item.text()) : 0.0F;
    // A number that float32 cannot hold may be one that double cannot hold either, and counts as 0.
    if (!item.is_number() || !std::isfinite(value)) {
      value = static_cast<float>(safe_float(item, 0.0));
    }
    features.push_back(value);
    return true;
  });
}

bool read_metrics(JsonScanner& scanner, ShardRow& row, Scratch& scratch) {
  row = {row.qa_uid, row.video_uid, {}, {}};
  scratch.text_features.clear();
  scratch.vision_features.clear();
  if (*scanner.position() != '{') return scanner.skip_value();
  return scanner.object([&](const RawValue& written_key) {
    const std::string_view key = python::name_of(written_key, scratch.key);
    if (key == "text_feat") return read_features(scanner, scratch.text_features);
    if (key == "vis_feat") return read_features(scanner, scratch.vision_features);
    RawValue other;
    RawValue& raw = key == "loss_video"   ? row.loss_video
                    : key == "loss_blind" ? row.loss_blind
                                          : other;
    double* const number = key == "vds"                ? &row.vds
                           : key == "ppl"              ? &row.ppl
                           : key == "amm"              ? &row.amm
                           : key == "frame_diversity"  ? &row.frame_diversity
                           : key == "tnc_score"        ? &row.tnc_score
                           : key == "self_consistency" ? &row.self_consistency
                                                       : nullptr;
    if (!scanner.value(raw)) return false;
    if (number != nullptr) *number = safe_float(raw, number == &row.self_consistency ? -1.0 : 0.0);
    return true;
  });
}

bool read_row(JsonScanner& scanner, ShardRow& row, Scratch& scratch) {
  return scanner.object([&](const RawValue& written_key) {
    const std::string_view key = python::name_of(written_key, scratch.key);
    if (key == "data_quality_metrics") return read_metrics(scanner, row, scratch);
    RawValue other;
    return scanner.value(key == "qa_uid" ? row.qa_uid : key == "video_uid" ? row.video_uid : other);
  });
}

// A line of a file opened as text by Python ends at \n, \r\n or \r alone.
class Lines {
 public:
  explicit Lines(std::string_view bytes)
      : rest_(bytes), has_returns_(bytes.find('\r') != std::string_view::npos) {}
  bool next(std::string_view& line) {
    if (rest_.empty()) return false;
    const std::size_t end =
        std::min(has_returns_ ? rest_.find_first_of("\r\n") : rest_.find('\n'), rest_.size());
    line = rest_.substr(0, end);
    const bool both = rest_.substr(end).starts_with("\r\n");
    rest_.remove_prefix(std::min(end + (both ? 2 : 1), rest_.size()));
    return true;
  }

 private:
  std::string_view rest_;
  bool has_returns_;
};

}  // namespace

bool parse_shard_row(std::string_view line, ShardRow& row, std::vector<float>& features) {
  thread_local Scratch scratch;
  row = {};
  scratch.text_features.clear();
  scratch.vision_features.clear();
  const char* const copy = python::padded(line, scratch.line);
  JsonScanner scanner(copy);
  scanner.skip_white();
  const bool object = *scanner.position() == '{';
  const bool whole = object ? read_row(scanner, row, scratch) : scanner.skip_value();
  if (scanner.limit() != nullptr) throw DataError(scanner.limit());
  if (!whole || !scanner.ends_at(copy + line.size())) return false;
  if (!object) throw DataError("a row that is not an object");
  for (RawValue* const value : {&row.qa_uid, &row.video_uid, &row.loss_video, &row.loss_blind}) {
    if (value->is_absent()) continue;
    value->begin = line.data() + (value->begin - copy);
    value->end = line.data() + (value->end - copy);
  }
  features.insert(features.end(), scratch.text_features.begin(), scratch.text_features.end());
  features.insert(features.end(), scratch.vision_features.begin(), scratch.vision_features.end());
  for (const double value : {row.tnc_score, row.amm, row.frame_diversity, row.ppl, row.vds}) {
    features.push_back(static_cast<float>(value));
  }
  return true;
}

Shards::Shards(const fs::path& folder) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with("sixd_metrics_rank") && name.ends_with(".jsonl")) {
      paths_.push_back(entry.path());
    }
  }
  if (error) throw IoError(folder.string() + ": cannot be listed: " + error.message());
  if (paths_.empty()) {
    throw DataError(folder.string() + ": holds no shard named sixd_metrics_rank*.jsonl");
  }
  std::sort(paths_.begin(), paths_.end());
  constexpr std::size_t kBlock = std::size_t{1} << 20;
  for (std::size_t shard = 0; shard < paths_.size(); ++shard) {
    files_.emplace_back(paths_[shard]);
    for (std::string_view rest = files_.back().bytes(); !rest.empty();) {
      std::size_t size = rest.size();
      if (size > kBlock) size = std::min(rest.find('\n', kBlock) + 1, size);
      if (size == 0) size = rest.size();  // no line break is left: npos + 1
      blocks_.emplace_back();
      blocks_.back().shard = shard;
      blocks_.back().bytes = rest.substr(0, size);
      rest.remove_prefix(size);
    }
  }
}

std::string Shards::place_of(std::size_t shard, std::string_view line) const {
  const char* const start = files_[shard].bytes().data();
  return paths_[shard].string() + ":" + std::to_string(std::count(start, line.data(), '\n') + 1);
}

std::string Shards::place_of(const ShardBlock& block) const {
  return place_of(block.shard, block.bytes);
}

void Shards::parse(ShardBlock& block, std::size_t most) const {
  block.rows.clear();
  block.features = {};
  block.problem.reset();
  const auto stop = [&](std::string_view line, const std::string& reason) {
    block.problem = place_of(block.shard, line) + ": " + reason;
  };
  const bool all_text = simdjson::validate_utf8(block.bytes);
  Lines lines(block.bytes);
  std::string_view line;
  while (block.rows.size() < most && lines.next(line)) {
    if (!all_text && !simdjson::validate_utf8(line)) return stop(line, "is not UTF-8");
    ShardRow row;
    std::vector<float>& values = block.features.values;
    const std::size_t before = values.size();
    try {
      if (!parse_shard_row(line, row, values)) continue;
    } catch (const DataError& error) {
      return stop(line, error.what());
    }
    const std::size_t width = values.size() - before;
    if (block.rows.empty()) block.features.dimensions = width;
    std::string reason;
    if (width != block.features.dimensions) {
      reason = std::to_string(width) + " features where the rows before have " +
               std::to_string(block.features.dimensions);
    } else if (std::any_of(values.begin() + static_cast<std::ptrdiff_t>(before), values.end(),
                           [](float value) { return !std::isfinite(value); })) {
      reason = "a feature is too large for float32";
    }
    if (!reason.empty()) {
      values.resize(before);
      return stop(line, reason);
    }
    block.rows.push_back(row);
  }
}

}  // namespace winnow::gdo_release
