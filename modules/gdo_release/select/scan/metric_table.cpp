#include "gdo_release/select/scan/metric_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>

#include "core/errors.h"
#include "gdo_release/python/json.h"
#include "gdo_release/python/line_file.h"
#include "gdo_release/python/text.h"
#include "gdo_release/python/value.h"
#include "gdo_release/text/text.h"

namespace winnow::gdo_release {
namespace {

enum Column : std::size_t { kLossVideo, kLossBlind, kFrameDiversity, kVds, kQuality };

constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

using python::JsonScanner;
using python::LineFile;
using python::name_of;
using python::RawValue;
using RawColumns = std::array<RawValue, MetricTable::kColumns>;

// Where the value of this key goes; null for a key that nothing reads.
RawValue* column_of(std::string_view key, RawColumns& columns) {
  switch (key.size()) {
    case 3:
      return key == "vds" ? &columns[kVds] : nullptr;
    case 10:
      if (key == "loss_video") return &columns[kLossVideo];
      return key == "loss_blind" ? &columns[kLossBlind] : nullptr;
    case 13:
      return key == "quality_score" ? &columns[kQuality] : nullptr;
    case 15:
      return key == "frame_diversity" ? &columns[kFrameDiversity] : nullptr;
    default:
      return nullptr;
  }
}

// Neither white space nor anything beyond ASCII: normalising changes nothing.
bool is_plain_word(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7F; });
}

double limited(double value, double cap) { return cap <= 0 ? value : std::clamp(value, -cap, cap); }

}  // namespace

// Reads one line after the other into a table.
class MetricTable::RowReader {
 public:
  RowReader(MetricTable& table, std::string path) : table_(table), path_(std::move(path)) {}

  void take(const LineFile::Line& line) {
    line_ = &line;
    if (!scan()) {
      ++table_.bad_rows_;
      return;
    }
    const std::optional<std::uint64_t> uid = uid_key();
    if (!uid) {
      ++table_.bad_rows_;
      return;
    }
    table_.uids_.prefetch(*uid);
    Values values;
    for (std::size_t i = 0; i < kColumns; ++i) {
      const bool in_nested = !nested_[i].is_absent();
      values[i] = number_of(in_nested ? nested_[i] : own_[i]);
      if (!std::isnan(values[i])) table_.statistics_[i].add(values[i]);
    }
    const std::uint32_t number = table_.uids_.add(*uid);
    if (number == table_.values_.size()) {
      table_.values_.push_back(values);
    } else {
      table_.values_[number] = values;
    }
  }

 private:
  // False for a line that is not JSON. One that is, but beyond what Python reads, ends the release.
  bool scan() {
    uid_ = id_ = RawValue{};
    own_.fill(RawValue{});
    nested_.fill(RawValue{});
    JsonScanner scanner(line_->begin);
    scanner.skip_white();
    const bool object = *scanner.position() == '{';
    const bool whole =
        object ? scanner.object([&](const RawValue& key) { return field(scanner, key); })
               : scanner.skip_value();
    if (scanner.limit() != nullptr) stop(scanner.limit());
    if (!whole || !scanner.ends_at(line_->end)) return false;
    if (!object) stop("is no object");
    return true;
  }

  bool field(JsonScanner& scanner, const RawValue& key) {
    const std::string_view name = name_of(key, buffer_);
    if (name == "data_quality_metrics") {
      nested_.fill(RawValue{});
      if (*scanner.position() == '{') {
        return scanner.object([&](const RawValue& inner) {
          RawValue other;
          RawValue* const column = column_of(name_of(inner, buffer_), nested_);
          return scanner.value(column != nullptr ? *column : other);
        });
      }
    }
    RawValue other;
    RawValue* const column = name == "qa_uid" ? &uid_ : name == "id" ? &id_ : column_of(name, own_);
    return scanner.value(column != nullptr ? *column : other);
  }

  // Nothing for a row that names no pair.
  std::optional<std::uint64_t> uid_key() const {
    const RawValue& value = !uid_.is_absent() ? uid_ : id_;
    if (value.is_absent() || value.is_null()) return {};
    if (value.is_string() && !value.escaped && is_plain_word(value.text())) {
      if (value.begin == value.end) return {};
      return key_of(value.text());
    }
    const std::string uid = normalize_text(python::str(python::value_of(value)));
    if (uid.empty()) return {};
    return key_of(uid);
  }

  double number_of(const RawValue& value) const {
    double number = kMissing;
    switch (value.kind) {
      case RawValue::Kind::integer:
        number = python::float_of_number(value.text());
        if (std::isinf(number)) stop("holds an integer beyond the largest number");
        break;
      case RawValue::Kind::real:
        number = python::float_of_number(value.text());
        break;
      case RawValue::Kind::true_:
      case RawValue::Kind::false_:
        return value.kind == RawValue::Kind::true_ ? 1.0 : 0.0;
      case RawValue::Kind::string:
        number = python::float_of_text(python::unescaped(value)).value_or(kMissing);
        break;
      case RawValue::Kind::absent:
      case RawValue::Kind::null:
      case RawValue::Kind::list:
      case RawValue::Kind::dict:
        break;
    }
    return std::isfinite(number) ? number : kMissing;
  }

  [[noreturn]] void stop(const char* reason) const {
    throw DataError(fmt::format(
        "{}:{}: the row {}, at which the release stops; a row is an object with a qa_uid", path_,
        line_->number, reason));
  }

  MetricTable& table_;
  const std::string path_;
  const LineFile::Line* line_ = nullptr;
  RawValue uid_, id_;
  RawColumns own_, nested_;
  std::string buffer_;
};

MetricTable::MetricTable(const std::filesystem::path& path) {
  RowReader reader(*this, path.string());
  LineFile(path).each_line(0, [&](const LineFile::Line& line) { reader.take(line); });
  uids_.shrink();
  for (std::size_t i = 0; i < kColumns; ++i) deviations_[i] = statistics_[i].deviation();
}

MetricTerms MetricTable::terms(std::size_t row, double cap) const {
  const Values& values = values_[row];
  const auto z = [&](Column column) {
    return limited((values[column] - statistics_[column].mean()) / deviations_[column], cap);
  };
  const auto has = [&](Column column) { return !std::isnan(values[column]); };
  MetricTerms terms;
  if (has(kLossVideo) && has(kLossBlind) && has(kFrameDiversity)) {
    terms.vds3 = -z(kLossVideo) + z(kLossBlind) + z(kFrameDiversity);
  } else if (has(kVds) && has(kFrameDiversity)) {
    terms.vds3 = z(kVds) + 0.5 * z(kFrameDiversity);
  } else if (has(kVds)) {
    terms.vds3 = z(kVds);
  }
  if (has(kQuality)) terms.quality = z(kQuality);
  return terms;
}

std::vector<MetricTerms> MetricTable::all_terms(double cap) const {
  std::vector<MetricTerms> all(size());
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = terms(i, cap);
  return all;
}

}  // namespace winnow::gdo_release
