#include "selectors/gdo_release/release_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "core/errors.h"
#include "core/files.h"
#include "core/parallel.h"
#include "selectors/gdo_release/python_report.h"
#include "selectors/gdo_release/release_explanation.h"
#include "selectors/gdo_release/release_fill.h"
#include "selectors/gdo_release/release_manifest.h"
#include "selectors/gdo_release/release_output.h"
#include "selectors/gdo_release/release_pass.h"
#include "selectors/gdo_release/release_report.h"

namespace winnow::gdo_release {
namespace fs = std::filesystem;
namespace {

// What decides how the pool is read.
auto reading_of(const ReleaseOptions& options) {
  return std::tie(options.metrics, options.target_frames, options.onevision_max_lines,
                  options.video_max_lines, options.exclude_reference_jsonl,
                  options.exclude_reference_max_lines, options.exclude_mode);
}

// Jobs that read the pool alike, and what they share.
class Group {
 public:
  Group(const PoolFiles& files, const ReleaseOptions& options)
      : files_(files),
        scan_{files.onevision, files.video, options.target_frames, options.onevision_max_lines,
              options.video_max_lines},
        exclusion_(options) {
    for (const fs::path& path : {files.onevision, files.video}) {
      if (!fs::is_regular_file(path)) {
        throw IoError(path.string() +
                      ": there is no such file; pool.onevision and pool.video name "
                      "the pool's two files");
      }
    }
    if (!options.metrics.empty()) metrics_ = MetricTable(options.metrics);
    pool_ = read_candidates(scan_, exclusion_, metrics_.uids());
    if (pool_.candidates.empty()) {
      throw DataError(fmt::format("{}, {}: there is no question-answer pair to select from",
                                  files.onevision.string(), files.video.string()));
    }
    profile_ = profile_of(pool_);
  }

  // All caps that will be asked for; then the metrics' values are no longer needed.
  void prepare(const std::vector<double>& caps) {
    for (const double cap : caps) {
      if (!terms_.contains(cap)) terms_[cap] = metrics_.all_terms(cap);
    }
    metrics_.drop_values();
  }

  ReleaseOutcome run(const ReleaseJob& job) const;
  std::string explain(const ReleaseOptions& options, const std::string& uid) const;

 private:
  double checked_coverage(std::int64_t found, std::int64_t pairs, const std::string& what,
                          const ReleaseOptions& options, ReleaseOutcome& outcome) const;

  const PoolFiles& files_;
  ScanOptions scan_;
  Exclusion exclusion_;
  MetricTable metrics_;
  CandidatePool pool_;
  PoolProfile profile_;
  std::map<double, std::vector<MetricTerms>> terms_;
};

double Group::checked_coverage(std::int64_t found, std::int64_t pairs, const std::string& what,
                               const ReleaseOptions& options, ReleaseOutcome& outcome) const {
  const double share = static_cast<double>(found) / static_cast<double>(pairs);
  if (share >= std::max(0.0, options.min_legacy_coverage_ratio)) return share;
  const std::string message = fmt::format(
      "{}: {} for {} pairs, a share of {:.6f}; min_legacy_coverage_ratio asks for {:.6f}",
      options.metrics, what, pairs, share, options.min_legacy_coverage_ratio);
  if (options.fail_on_low_legacy_coverage) throw ConstraintError(message);
  outcome.warnings.push_back(message);
  return share;
}

ReleaseOutcome Group::run(const ReleaseJob& job) const {
  const ReleaseOptions& options = job.options;
  ReleaseOutcome outcome;
  for (const std::string& path : exclusion_.missing_files()) {
    outcome.warnings.push_back(path +
                               ": there is no such exclusion reference; nothing is left out "
                               "for it");
  }
  bool counted = options.preprofile_report.empty();
  if (!counted && exclusion_.enabled()) {
    outcome.warnings.push_back(options.preprofile_report +
                               ": not used, because the exclusion references change the profile");
    counted = true;
  }
  PoolProfile read;
  if (!counted) read = read_profile_report(options.preprofile_report);
  const PoolProfile& profile = counted ? profile_ : read;

  double coverage_upper = 0.0;
  if (!options.metrics.empty()) {
    const auto rows = static_cast<std::int64_t>(metrics_.size());
    coverage_upper =
        std::min(1.0, checked_coverage(rows, profile.total_pairs,
                                       fmt::format("{} rows of metrics", rows), options, outcome));
  }
  const std::vector<MetricTerms>& terms = terms_.at(options.legacy_zscore_cap);
  const SelectionPlan plan = plan_selection(profile, terms, options);
  outcome.total_pairs = profile.total_pairs;
  outcome.target_count = plan.target_count;
  if (!options.profile_output.empty()) {
    write_file(job.folder / options.profile_output,
               indented_python_json(profile_document(profile)));
  }
  ReportInput input{files_.onevision.string(),
                    files_.video.string(),
                    options,
                    pool_,
                    profile,
                    plan,
                    exclusion_,
                    metrics_.size(),
                    metrics_.bad_rows(),
                    0.0,
                    coverage_upper,
                    counted};
  if (options.profile_only) {
    write_file(job.folder / "report.json", indented_python_json(profile_report(input)));
    return outcome;
  }

  const ReleaseScore score(pool_, profile, terms, options);
  PassResult pass = run_pass(pool_, plan, score, options.seed);
  const Subset subset = fill_subset(pool_, plan, pass, options.max_qa_per_video);
  const std::vector<std::uint32_t> baseline =
      draw_baseline(pool_, plan, pass, options.max_qa_per_video);
  if (!options.metrics.empty()) {
    const auto pairs = static_cast<std::int64_t>(pool_.candidates.size());
    input.coverage = checked_coverage(pass.with_metrics, pairs,
                                      fmt::format("metrics were found {} times", pass.with_metrics),
                                      options, outcome);
  }
  for (const NamedCount& unmet : subset.unmet.entries()) {
    outcome.warnings.push_back(
        fmt::format("the constraint {} is {} short", unmet.name, unmet.count));
  }
  outcome.subset_rows = static_cast<std::int64_t>(subset.candidates.size());
  outcome.uniform_rows = static_cast<std::int64_t>(baseline.size());
  if (outcome.subset_rows < plan.target_count) {
    outcome.warnings.push_back(
        fmt::format("{} of {} rows were found", outcome.subset_rows, plan.target_count));
  }
  write_rows(scan_, pool_, score, subset.candidates, job.folder / "subset.jsonl", baseline,
             options.skip_random_output ? fs::path() : job.folder / "uniform.jsonl");
  write_file(job.folder / "report.json",
             indented_python_json(selection_report(input, subset, baseline)));
  write_release_manifest(job.folder, {options, pool_, plan, terms, score, subset});
  return outcome;
}

std::string Group::explain(const ReleaseOptions& options, const std::string& uid) const {
  const bool counted = options.preprofile_report.empty() || exclusion_.enabled();
  PoolProfile read;
  if (!counted) read = read_profile_report(options.preprofile_report);
  const PoolProfile& profile = counted ? profile_ : read;
  const std::vector<MetricTerms>& terms = terms_.at(options.legacy_zscore_cap);
  const SelectionPlan plan = plan_selection(profile, terms, options);
  const ReleaseScore score(pool_, profile, terms, options);
  const PassResult pass = run_pass(pool_, plan, score, options.seed);
  const Subset subset = fill_subset(pool_, plan, pass, options.max_qa_per_video);
  return explain_pair({pool_, plan, pass, score, subset, options.max_qa_per_video}, uid);
}

}  // namespace

std::string explain(const PoolFiles& files, const ReleaseOptions& options, const std::string& uid) {
  const ReleaseOptions chosen = checked(options);
  Group group(files, chosen);
  group.prepare({chosen.legacy_zscore_cap});
  return group.explain(chosen, uid);
}

std::vector<ReleaseOutcome> select(const PoolFiles& files, const std::vector<ReleaseJob>& jobs) {
  std::vector<ReleaseJob> waiting = jobs;
  for (ReleaseJob& job : waiting) job.options = checked(job.options);
  std::vector<ReleaseOutcome> outcomes(jobs.size());
  std::vector<bool> done(jobs.size(), false);
  for (std::size_t first = 0; first < jobs.size(); ++first) {
    if (done[first]) continue;
    std::vector<std::size_t> members;
    std::vector<double> caps;
    for (std::size_t i = first; i < jobs.size(); ++i) {
      if (done[i] || reading_of(waiting[i].options) != reading_of(waiting[first].options)) continue;
      members.push_back(i);
      caps.push_back(waiting[i].options.legacy_zscore_cap);
      done[i] = true;
    }
    Group group(files, waiting[first].options);
    group.prepare(caps);
    parallel_for(members.size(),
                 [&](std::size_t i) { outcomes[members[i]] = group.run(waiting[members[i]]); });
  }
  return outcomes;
}

}  // namespace winnow::gdo_release
