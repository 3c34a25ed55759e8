#include "gdo_release/select/score/pool_profile.h"

#include <algorithm>
#include <optional>

#include "core/errors.h"
#include "core/files.h"
#include "gdo_release/python/value.h"
#include "gdo_release/text/text.h"

namespace winnow::gdo_release {
namespace {

constexpr std::size_t kParts = 7;

std::string part_or_unknown(std::string part) {
  part = normalize_text(part);
  return part.empty() ? "unknown" : part;
}

using Kind = python::Value::Kind;

// Reads what a profile_only run wrote.
class ReportReader {
 public:
  explicit ReportReader(const std::filesystem::path& path) : path_(path.string()) {
    std::optional<python::Value> report = python::parse_json(read_file(path));
    if (!report) fail("it is not JSON");
    report_ = std::move(*report);
    if (report_.kind != Kind::dict) fail("it is no object");
  }

  PoolProfile read() {
    PoolProfile profile;
    python::Value* const meta = report_.find("meta");
    const python::Value* const total = meta == nullptr ? nullptr : meta->find("total_pairs");
    if (total != nullptr) profile.total_pairs = integer(*total, "meta.total_pairs");
    profile.fields = fields();
    profile.buckets = counts("full_bucket_counts");
    profile.sources = counts("source_counts");
    profile.strata = counts("stratum_counts");
    profile.source_groups = counts("source_group_counts");
    if (profile.total_pairs <= 0 || profile.fields.empty() || profile.buckets.empty() ||
        profile.strata.empty()) {
      fail(
          "meta.total_pairs, full_profile_fields, full_bucket_counts or stratum_counts is missing "
          "or empty");
    }
    const bool has_groups = !profile.source_groups.empty();
    for (const NamedCount& stratum : profile.strata.entries()) {
      if (stratum.count <= 0) continue;
      const std::vector<std::string> parts = stratum_parts(stratum.name);
      if (!has_groups) profile.source_groups.add(parts[6], stratum.count);
      if (parts[0] == "short_video") profile.video_temporal.add(parts[2], stratum.count);
    }
    return profile;
  }

 private:
  [[noreturn]] void fail(const std::string& problem) const {
    throw DataError(path_ + ": is not the report of a profile_only run: " + problem);
  }
  std::int64_t integer(const python::Value& value, const std::string& key) const {
    if (value.kind != Kind::integer || value.text.size() > 18) fail(key + " is no count");
    return std::stoll(value.text);
  }
  python::Value* dict(const std::string& key) {
    python::Value* const value = report_.find(key);
    if (value != nullptr && value->kind != Kind::dict) fail(key + " is no object");
    return value;
  }
  OrderedCounts counts(const std::string& key) {
    OrderedCounts result;
    if (const python::Value* value = dict(key)) {
      for (std::size_t i = 0; i < value->keys.size(); ++i) {
        result.add(value->keys[i], integer(value->items[i], key + "." + value->keys[i]));
      }
    }
    return result;
  }
  std::vector<FieldShares> fields() {
    std::vector<FieldShares> result;
    const python::Value* value = dict("full_profile_fields");
    for (std::size_t i = 0; value != nullptr && i < value->keys.size(); ++i) {
      const python::Value& shares = value->items[i];
      if (shares.kind != Kind::dict) fail(value->keys[i] + " is no object");
      FieldShares& field = result.emplace_back();
      field.field = value->keys[i];
      for (std::size_t k = 0; k < shares.keys.size(); ++k) {
        field.shares.emplace_back(shares.keys[k], number(shares.items[k], shares.keys[k]));
      }
    }
    return result;
  }
  double number(const python::Value& value, const std::string& key) const {
    if (value.kind == Kind::real) return value.real;
    return static_cast<double>(integer(value, key));
  }

  std::string path_;
  python::Value report_;
};

}  // namespace

const double* FieldShares::find(std::string_view value) const {
  const auto found = std::find_if(shares.begin(), shares.end(),
                                  [&](const auto& share) { return share.first == value; });
  return found == shares.end() ? nullptr : &found->second;
}

const FieldShares* PoolProfile::find_field(std::string_view field) const {
  const auto found = std::find_if(fields.begin(), fields.end(),
                                  [&](const auto& entry) { return entry.field == field; });
  return found == fields.end() ? nullptr : &*found;
}

std::vector<std::string> stratum_parts(const std::string& name) {
  std::vector<std::string> parts;
  for (std::size_t begin = 0; begin <= name.size() && parts.size() < kParts;) {
    const std::size_t end = std::min(name.find('|', begin), name.size());
    parts.push_back(part_or_unknown(name.substr(begin, end - begin)));
    begin = end + 1;
  }
  parts.resize(kParts, "unknown");
  return parts;
}

std::vector<std::pair<std::string, OrderedCounts>> field_counts(
    const std::vector<Stratum>& strata, const std::vector<std::int64_t>& counts) {
  std::vector<std::pair<std::string, OrderedCounts>> fields(kParts);
  for (std::size_t i = 0; i < strata.size(); ++i) {
    if (counts[i] == 0) continue;
    const Stratum& stratum = strata[i];
    const std::pair<const char*, std::string> values[kParts] = {
        {"bucket", stratum.bucket()},
        {"duration_bucket", stratum.duration},
        {"temporal_category", stratum.temporal},
        {"question_form", stratum.form},
        {"q_len_bucket", stratum.question_length},
        {"a_len_bucket", stratum.answer_length},
        {"source_group", stratum.source_group}};
    for (std::size_t k = 0; k < kParts; ++k) {
      fields[k].first = values[k].first;
      fields[k].second.add(values[k].second, counts[i]);
    }
  }
  return fields;
}

PoolProfile profile_of(const CandidatePool& pool) {
  PoolProfile profile;
  profile.total_pairs = static_cast<std::int64_t>(pool.candidates.size());
  profile.sources = pool.sources;
  std::vector<std::int64_t> counts;
  for (const Stratum& stratum : pool.strata) {
    counts.push_back(stratum.count);
    profile.strata.add(stratum.name(), stratum.count);
    profile.buckets.add(stratum.bucket(), stratum.count);
    profile.source_groups.add(stratum.source_group, stratum.count);
    if (stratum.video) profile.video_temporal.add(stratum.temporal, stratum.count);
  }
  const auto total = static_cast<double>(profile.total_pairs);
  for (const auto& [name, values] : field_counts(pool.strata, counts)) {
    FieldShares& field = profile.fields.emplace_back();
    field.field = name;
    for (const NamedCount& value : values.entries()) {
      field.shares.emplace_back(value.name, static_cast<double>(value.count) / total);
    }
  }
  return profile;
}

PoolProfile read_profile_report(const std::filesystem::path& path) {
  return ReportReader(path).read();
}

}  // namespace winnow::gdo_release
