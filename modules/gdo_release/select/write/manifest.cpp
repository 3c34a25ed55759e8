#include "gdo_release/select/write/manifest.h"

#include <boost/json.hpp>
#include <fstream>
#include <ostream>
#include <stdexcept>
#include <string_view>

#include "config/bind.h"
#include "core/errors.h"
#include "core/hash.h"
#include "selectors/manifest.h"

namespace winnow::gdo_release {
namespace {

namespace json = boost::json;

constexpr std::string_view kStart = "{\"qa_uid\": ";

// The id of an output row as it stands there, quotes included.
std::string_view id_of(std::string_view row) {
  std::size_t end = kStart.size() + 1;
  while (end < row.size() && row[end] != '"') end += row[end] == '\\' ? 2 : 1;
  if (!row.starts_with(kStart) || end >= row.size()) {
    throw std::logic_error("an output row does not begin with its id");
  }
  return row.substr(kStart.size(), end + 1 - kStart.size());
}

std::string digest_of_terms(const std::vector<MetricTerms>& terms) {
  return digest_of(
      {reinterpret_cast<const char*>(terms.data()), terms.size() * sizeof(MetricTerms)});
}

json::object head_of(const ManifestInput& input, const std::string& subset) {
  std::vector<std::int64_t> taken(input.plan.strata.size(), 0);
  OrderedCounts strata;
  for (const StratumPlan& stratum : input.plan.strata) strata.add(stratum.name);
  for (const std::uint32_t number : input.subset.candidates) {
    const std::size_t place =
        strata.place(input.pool.strata[input.pool.candidates[number].stratum].name());
    if (place < taken.size()) ++taken[place];
  }
  json::array strata_list, constraints;
  for (std::size_t i = 0; i < taken.size(); ++i) {
    const StratumPlan& stratum = input.plan.strata[i];
    strata_list.push_back({{"name", stratum.name}, {"quota", stratum.quota}, {"taken", taken[i]}});
  }
  for (const NamedCount& unmet : input.subset.unmet.entries()) {
    constraints.push_back({{"name", unmet.name}, {"short", unmet.count}, {"met", false}});
  }
  json::object excluded;
  for (const NamedCount& reason : input.pool.excluded.entries()) {
    excluded[reason.name] = reason.count;
  }
  // Where the files lie is no part of what was chosen.
  config::Value options = config::to_value(input.options);
  for (const char* path : {"metrics", "metrics_jsonl", "profile_output", "preprofile_report",
                           "exclude_reference_jsonl"}) {
    options.erase(path);
  }
  options.set("type", config::Value(std::string("gdo_release"), {}));
  const std::string config = options.to_json();
  return {{"format", "winnow selection"},
          {"version", 1},
          {"selector", json::parse(config)},
          {"seed", input.options.seed},
          {"config_digest", digest_of(config)},
          {"inputs",
           json::object{{"pairs", input.pairs_digest}, {"metrics", digest_of_terms(input.terms)}}},
          {"subset", digest_of(subset)},
          {"pool", input.pool.candidates.size()},
          {"selected", input.subset.candidates.size()},
          {"wanted", input.plan.target_count},
          {"terms", json::array{"base_score", "legacy_vds3", "legacy_quality_score"}},
          {"strata", std::move(strata_list)},
          {"constraints", std::move(constraints)},
          {"excluded", std::move(excluded)}};
}

}  // namespace

std::string digest_of_pairs(const CandidatePool& pool) {
  Digest digest;
  pool.candidates.each_part([&](const Candidate* pairs, std::size_t count) {
    digest.add(std::string_view(reinterpret_cast<const char*>(pairs), count * sizeof *pairs));
  });
  for (const Stratum& stratum : pool.strata) digest.add(stratum.name());
  for (const NamedCount& source : pool.sources.entries()) digest.add(source.name);
  for (const double fluency : pool.fluencies) digest.add(fluency);
  return digest.hex();
}

std::string write_selection_manifest(const std::filesystem::path& folder,
                                     const ManifestInput& input) {
  // Row by row: the file of a large selection is larger than all else that is held.
  const std::filesystem::path path = folder / "subset.jsonl";
  std::ifstream rows(path, std::ios::binary);
  std::string row, ids;
  for (std::size_t i = 0; i < input.subset.candidates.size(); ++i) {
    if (!std::getline(rows, row)) throw IoError(path.string() + ": cannot be read back");
    ids.append(id_of(row)) += '\n';
  }
  return write_manifest(folder, [&](std::ostream& lines) {
    lines << json::serialize(head_of(input, ids)) << '\n';
    std::string_view left = ids;
    for (std::size_t i = 0; i < input.subset.candidates.size(); ++i) {
      const std::string_view id = left.substr(0, left.find('\n'));
      left.remove_prefix(id.size() + 1);
      const Candidate& pair = input.pool.candidates[input.subset.candidates[i]];
      const ScoreParts parts = input.score(pair);
      const json::object line{
          {"score", parts.score},
          {"stage", input.subset.stages.entries()[input.subset.stage_of[i]].name},
          {"stratum", input.pool.strata[pair.stratum].name()},
          {"terms", json::object{{"base_score", parts.base},
                                 {"legacy_vds3", parts.vds3},
                                 {"legacy_quality_score", parts.quality}}}};
      lines << "{\"id\":" << id << ',' << std::string_view(json::serialize(line)).substr(1) << '\n';
    }
  });
}

}  // namespace winnow::gdo_release
