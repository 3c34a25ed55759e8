#pragma once
// Options of selector=gdo_release: the flags of the release's selection program, by their names.

#include <cstdint>
#include <string>

#include "config/options.h"

namespace winnow::gdo_release {

enum class ExcludeMode { question, qa, both };
BOOST_DESCRIBE_ENUM(ExcludeMode, question, qa, both)

struct SelectOptions {
  std::string metrics, metrics_jsonl;
  std::int64_t target_count = 0;
  double target_ratio = 0.0;
  std::int64_t seed = 42;
  std::int64_t target_frames = 32;
  std::int64_t max_qa_per_video = 8;
  double oversample_factor = 1.35;
  double video_oversample_factor = 2.2;
  double temporal_oversample_factor = 3.0;
  double random_oversample_factor = 1.35;
  double random_target_multiplier = 1.0;
  bool skip_random_output = false;
  std::string profile_output;
  bool profile_only = false;
  std::string preprofile_report;
  std::int64_t onevision_max_lines = 0;
  std::int64_t video_max_lines = 0;
  std::int64_t auto_min_count = 12000;
  std::int64_t auto_max_count = 80000;
  double auto_min_ratio = 0.001;
  double auto_max_ratio = 0.012;
  double auto_effective_strata_mult = 24.0;
  double auto_coverage_mass = 0.95;
  double auto_tail_target = 10.0;
  std::int64_t auto_vds3_target_positive = 6000;
  double auto_vds3_threshold = 0.0;
  double auto_vds3_max_mult = 3.0;
  double min_video_ratio = -1.0;
  double max_video_ratio = -1.0;
  double min_temporal_in_video_ratio = -1.0;
  std::string temporal_categories = "Temporal";
  std::int64_t source_group_floor_topk = 0;
  double min_source_group_ratio = 0.0;
  double source_group_floor_frac_of_expected = 0.35;
  double legacy_vds3_weight = 0.95;
  double legacy_zscore_cap = 4.0;
  double video_base_weight = 0.35;
  double video_legacy_quality_weight = 0.35;
  double image_base_weight = 0.9;
  double image_legacy_quality_weight = 0.15;
  double missing_legacy_penalty = 0.15;
  double min_legacy_coverage_ratio = 0.0;
  bool fail_on_low_legacy_coverage = false;
  bool disable_score_vds = false;
  bool disable_score_ppl = false;
  bool disable_score_sc = false;
  bool disable_vds3_budget = false;
  std::string exclude_reference_jsonl;
  std::int64_t exclude_reference_max_lines = 0;
  ExcludeMode exclude_mode = ExcludeMode::both;
};
BOOST_DESCRIBE_STRUCT(
    SelectOptions, (),
    (metrics, metrics_jsonl, target_count, target_ratio, seed, target_frames, max_qa_per_video,
     oversample_factor, video_oversample_factor, temporal_oversample_factor,
     random_oversample_factor, random_target_multiplier, skip_random_output, profile_output,
     profile_only, preprofile_report, onevision_max_lines, video_max_lines, auto_min_count,
     auto_max_count, auto_min_ratio, auto_max_ratio, auto_effective_strata_mult, auto_coverage_mass,
     auto_tail_target, auto_vds3_target_positive, auto_vds3_threshold, auto_vds3_max_mult,
     min_video_ratio, max_video_ratio, min_temporal_in_video_ratio, temporal_categories,
     source_group_floor_topk, min_source_group_ratio, source_group_floor_frac_of_expected,
     legacy_vds3_weight, legacy_zscore_cap, video_base_weight, video_legacy_quality_weight,
     image_base_weight, image_legacy_quality_weight, missing_legacy_penalty,
     min_legacy_coverage_ratio, fail_on_low_legacy_coverage, disable_score_vds, disable_score_ppl,
     disable_score_sc, disable_vds3_budget, exclude_reference_jsonl, exclude_reference_max_lines,
     exclude_mode))
config::Help help(const SelectOptions&);

// The options with one name for the metrics table, `metrics`. Throws ConfigError for options that
// contradict each other and for numbers that are not finite where a count is made of them.
SelectOptions checked(SelectOptions options);

}  // namespace winnow::gdo_release
