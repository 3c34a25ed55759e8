#include "gdo_release/select/options.h"

#include <fmt/format.h>

#include <cmath>

#include "core/errors.h"
#include "selectors/selector.h"

namespace winnow::gdo_release {

config::Help help(const SelectOptions&) {
  return {
      {"metrics", "merged metrics table (JSONL); empty: none"},
      {"metrics_jsonl", "the same by the release's name"},
      {"target_count", "rows to take; 0 or less: by target_ratio or automatically"},
      {"target_ratio", "share of the pool to take; 0 or less: automatically"},
      {"seed", "of Python's generator: tie numbers and the uniform baseline"},
      {"target_frames", "frames kept of a video", config::at_least(1)},
      {"max_qa_per_video", "most pairs of one video"},
      {"oversample_factor", "size of a stratum's candidate heap, in quotas"},
      {"video_oversample_factor", "the same for video strata, where larger"},
      {"temporal_oversample_factor", "the same for temporal video strata, where larger"},
      {"random_oversample_factor", "size of the reservoir, in rows of the uniform baseline"},
      {"random_target_multiplier", "rows of the uniform baseline, in target counts; 10: Uni-10x"},
      {"skip_random_output", "make no uniform baseline"},
      {"profile_output", "also write the pool's profile to this file of the output folder"},
      {"profile_only", "stop after the profile and the budget: only the report is written"},
      {"preprofile_report", "report of a profile_only run to take the pool's profile from"},
      {"onevision_max_lines", "lines read of the image file; 0: all", config::at_least(0)},
      {"video_max_lines", "lines read of the video file; 0: all", config::at_least(0)},
      {"auto_min_count", "automatic budget: at least these rows"},
      {"auto_max_count", "automatic budget: at most these rows"},
      {"auto_min_ratio", "automatic budget: at least this share of the pool"},
      {"auto_max_ratio", "automatic budget: at most this share of the pool; 0: no limit"},
      {"auto_effective_strata_mult", "automatic budget: rows for each effective stratum"},
      {"auto_coverage_mass", "automatic budget: share of the pool whose strata are to be covered"},
      {"auto_tail_target", "automatic budget: rows expected of the rarest covered stratum"},
      {"auto_vds3_target_positive",
       "automatic budget: rows wanted with a VDS3 above the threshold, when there are metrics"},
      {"auto_vds3_threshold", "VDS3 above which a row counts as positive"},
      {"auto_vds3_max_mult", "largest factor by which VDS3 may raise the budget"},
      {"min_video_ratio", "smallest share of video rows; below 0: the pool's"},
      {"max_video_ratio", "largest share of video rows; below 0: no limit"},
      {"min_temporal_in_video_ratio",
       "smallest share of temporal rows among the video rows; below 0: the pool's"},
      {"temporal_categories", "categories that count as temporal, separated by commas"},
      {"source_group_floor_topk", "number of largest source groups that get a floor"},
      {"min_source_group_ratio", "a group's smallest share of the selected rows"},
      {"source_group_floor_frac_of_expected", "a group's floor, in its expected rows"},
      {"legacy_vds3_weight", "weight of VDS3 in a video row's score"},
      {"legacy_zscore_cap", "largest absolute z value of a metric; 0 or less: no limit"},
      {"video_base_weight", "weight of the text terms in a video row's score"},
      {"video_legacy_quality_weight", "weight of the merged quality in a video row's score"},
      {"image_base_weight", "weight of the text terms in an image row's score"},
      {"image_legacy_quality_weight", "weight of the merged quality in an image row's score"},
      {"missing_legacy_penalty", "what a video row without metrics loses"},
      {"min_legacy_coverage_ratio", "share of pairs that should have metrics"},
      {"fail_on_low_legacy_coverage", "stop when fewer have them; otherwise a warning"},
      {"disable_score_vds", "leave VDS3 out of the score"},
      {"disable_score_ppl", "leave the fluency term out of the score"},
      {"disable_score_sc", "leave the merged quality out of the score"},
      {"disable_vds3_budget", "leave VDS3 out of the automatic budget"},
      {"exclude_reference_jsonl",
       "JSONL files, separated by commas, whose questions or pairs are left out"},
      {"exclude_reference_max_lines", "lines read of each of them; 0: all", config::at_least(0)},
      {"exclude_mode", "what must be equal: the question, the pair, or either"},
  };
}

SelectOptions checked(SelectOptions options) {
  if (options.metrics.empty()) options.metrics = options.metrics_jsonl;
  if (!options.metrics_jsonl.empty() && options.metrics_jsonl != options.metrics) {
    throw OptionError("metrics_jsonl",
                      fmt::format("{} and metrics ({}) name the same table and differ",
                                  options.metrics_jsonl, options.metrics));
  }
  const std::pair<const char*, double> counted[] = {
      {"target_ratio", options.target_ratio},
      {"oversample_factor", options.oversample_factor},
      {"video_oversample_factor", options.video_oversample_factor},
      {"temporal_oversample_factor", options.temporal_oversample_factor},
      {"random_oversample_factor", options.random_oversample_factor},
      {"random_target_multiplier", options.random_target_multiplier},
      {"auto_min_ratio", options.auto_min_ratio},
      {"auto_max_ratio", options.auto_max_ratio},
      {"auto_effective_strata_mult", options.auto_effective_strata_mult},
      {"auto_tail_target", options.auto_tail_target},
      {"auto_vds3_max_mult", options.auto_vds3_max_mult},
      {"min_video_ratio", options.min_video_ratio},
      {"max_video_ratio", options.max_video_ratio},
      {"min_temporal_in_video_ratio", options.min_temporal_in_video_ratio},
      {"min_source_group_ratio", options.min_source_group_ratio},
      {"source_group_floor_frac_of_expected", options.source_group_floor_frac_of_expected},
      {"legacy_zscore_cap", options.legacy_zscore_cap},
  };
  for (const auto& [name, value] : counted) {
    if (std::isfinite(value)) continue;
    throw OptionError(name, fmt::format("{}: must be a finite number", value));
  }
  return options;
}

}  // namespace winnow::gdo_release
