#include "gdo_release/select/score/score.h"

#include <algorithm>
#include <cmath>

#include "gdo_release/text/text.h"

namespace winnow::gdo_release {
namespace {

constexpr std::uint32_t kShort = 4096;

double share_of(const PoolProfile& profile, std::string_view field, std::string_view value) {
  constexpr double kUnseen = 1e-9;
  const FieldShares* const shares = profile.find_field(field);
  const double* const share = shares == nullptr ? nullptr : shares->find(value);
  return share == nullptr ? kUnseen : std::max(*share, kUnseen);
}

// How typical the stratum's values are of the pool.
double alignment_of(const Stratum& stratum, const PoolProfile& profile) {
  const std::array<std::pair<const char*, std::string_view>, 6> values = {{
      {"duration_bucket", stratum.duration},
      {"temporal_category", stratum.temporal},
      {"question_form", stratum.form},
      {"q_len_bucket", stratum.question_length},
      {"a_len_bucket", stratum.answer_length},
      {"source_group", stratum.source_group},
  }};
  double sum = 0.0;
  for (const auto& [field, value] : values) sum += std::log(share_of(profile, field, value));
  return sum / static_cast<double>(values.size());
}

double temporal_bonus(const Stratum& stratum) {
  if (stratum.temporal == "Temporal") return 1.0;
  return stratum.temporal == "Mixed" ? 0.2 : -0.5;
}

double limited(double value, double cap) {
  if (cap <= 0) return value;
  return value > cap ? cap : value < -cap ? -cap : value;
}

double difficulty_of(std::uint32_t length) {
  return difficulty_score(0, static_cast<std::int64_t>(length));
}

}  // namespace

Score::Score(const CandidatePool& pool, const PoolProfile& profile,
             const std::vector<MetricTerms>& terms, const SelectOptions& options)
    : metrics_(terms), fluencies_(pool.fluencies), options_(options) {
  cap_ = std::max(options.legacy_zscore_cap, 1e-6);
  penalty_ = std::max(0.0, options.missing_legacy_penalty);
  for (const Stratum& stratum : pool.strata) {
    strata_.push_back({0.9 * alignment_of(stratum, profile), 0.55 * temporal_bonus(stratum)});
  }
  const auto total = static_cast<double>(profile.total_pairs);
  for (const NamedCount& source : pool.sources.entries()) {
    const std::size_t place = profile.sources.place(source.name);
    const auto& known = profile.sources.entries();
    const auto count = place < known.size() ? static_cast<double>(known[place].count) : 1.0;
    source_priors_.push_back(0.15 * std::log((total + 1.0) / (count + 1.0)));
  }
  for (std::uint32_t length = 0; length < kShort; ++length) {
    difficulties_.push_back(difficulty_of(length));
  }
}

double Score::difficulty(std::uint32_t length) const {
  return length < kShort ? difficulties_[length] : difficulty_of(length);
}

ScoreParts Score::operator()(const Candidate& candidate) const {
  const bool has_metrics = candidate.metric != KeyTable::kNone;
  const MetricTerms terms = has_metrics ? metrics_[candidate.metric] : MetricTerms{};
  const StratumTerms& stratum = strata_[candidate.stratum];
  const double prior = source_priors_[candidate.source];
  const double fluency = options_.disable_score_ppl ? 0.0 : fluencies_[candidate.fluency];
  const double text = 0.85 * difficulty(candidate.length);

  ScoreParts parts;
  parts.vds3 = terms.vds3;
  parts.quality = terms.quality;
  parts.base = candidate.is_video() ? fluency + text + stratum.alignment + stratum.temporal + prior
                                    : 1.1 * fluency + text + stratum.alignment + prior;
  const double base = std::tanh(parts.base / 3.0);
  const double vds3 = limited(terms.vds3, options_.legacy_zscore_cap) / cap_;
  const double quality = limited(terms.quality, options_.legacy_zscore_cap) / cap_;
  if (candidate.is_video()) {
    parts.score = options_.video_base_weight * base;
    if (!has_metrics) {
      parts.score -= penalty_;
    } else {
      if (!options_.disable_score_vds) parts.score += options_.legacy_vds3_weight * vds3;
      if (!options_.disable_score_sc) {
        parts.score += options_.video_legacy_quality_weight * quality;
      }
    }
  } else {
    parts.score = options_.image_base_weight * base;
    if (has_metrics && !options_.disable_score_sc) {
      parts.score += options_.image_legacy_quality_weight * quality;
    }
  }
  return parts;
}

}  // namespace winnow::gdo_release
