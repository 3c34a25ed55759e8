#include "gdo_release/select/run.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <tuple>

#include "core/errors.h"
#include "core/files.h"
#include "core/parallel.h"
#include "gdo_release/python/json_writer.h"
#include "gdo_release/select/fill/fill.h"
#include "gdo_release/select/fill/second_pass.h"
#include "gdo_release/select/write/explanation.h"
#include "gdo_release/select/write/manifest.h"
#include "gdo_release/select/write/report.h"
#include "gdo_release/select/write/rows.h"

namespace winnow::gdo_release {
namespace fs = std::filesystem;
namespace {

// What decides how the pool is read.
auto reading_of(const SelectOptions& options) {
  return std::tie(options.metrics, options.target_frames, options.onevision_max_lines,
                  options.video_max_lines, options.exclude_reference_jsonl,
                  options.exclude_reference_max_lines, options.exclude_mode);
}

constexpr const char* kSubsetFile = "subset.jsonl";
constexpr const char* kBaselineFile = "uniform.jsonl";
constexpr const char* kReportFile = "report.json";

// What decides which scores rows show.
auto scoring_of(const SelectOptions& options) {
  return std::tie(options.preprofile_report, options.legacy_vds3_weight, options.legacy_zscore_cap,
                  options.video_base_weight, options.video_legacy_quality_weight,
                  options.image_base_weight, options.image_legacy_quality_weight,
                  options.missing_legacy_penalty, options.disable_score_vds,
                  options.disable_score_ppl, options.disable_score_sc);
}
// What decides which rows a baseline holds, beside its size.
auto baseline_of(const SelectOptions& options) {
  return std::tie(options.seed, options.max_qa_per_video);
}

// The rows of a job.
struct ChosenRows {
  Score score;
  Subset subset;
  Baseline baseline;
  double coverage = 0.0;
};

// A job, what is decided before rows are chosen, and then the rows.
struct PlannedJob {
  const SelectJob& job;
  SelectOutcome outcome;
  bool counted_pool = true;  // false: the profile is that of an earlier report
  PoolProfile read_profile;  // that one
  SelectionPlan plan;
  double coverage_upper = 0.0;
  const PlannedJob* twin = nullptr;  // an earlier job that makes the same baseline file
  std::optional<ChosenRows> chosen = {};

  bool makes_baseline() const {
    return !job.options.skip_random_output && !job.options.profile_only;
  }
  bool same_baseline(const PlannedJob& other) const {
    return makes_baseline() && other.makes_baseline() &&
           baseline_of(job.options) == baseline_of(other.job.options) &&
           scoring_of(job.options) == scoring_of(other.job.options) &&
           plan.random_target_count == other.plan.random_target_count &&
           plan.reservoir_size == other.plan.reservoir_size;
  }
};

void copy_baseline(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::copy_file(from, to, fs::copy_options::overwrite_existing, error);
  if (error) throw IoError(to.string() + ": cannot be written: " + error.message());
}

// Jobs that read the pool alike, and what they share.
class Group {
 public:
  // Reads the files. `caps` are all caps of z values that will be asked for.
  Group(const PoolFiles& files, const SelectOptions& options, const std::vector<double>& caps)
      : files_(files),
        scan_{files.onevision, files.video, options.target_frames, options.onevision_max_lines,
              options.video_max_lines},
        exclusion_(options) {
    for (const fs::path& path : {files.onevision, files.video}) {
      if (!fs::is_regular_file(path)) {
        throw IoError(path.string() +
                      ": there is no such file; pool.onevision and pool.video name the pool's two "
                      "files");
      }
    }
    MetricTable metrics;
    if (!options.metrics.empty()) metrics = MetricTable(options.metrics);
    metrics_loaded_ = metrics.size();
    metrics_bad_rows_ = metrics.bad_rows();
    for (const double cap : caps) {
      if (!terms_.contains(cap)) terms_[cap] = metrics.all_terms(cap);
    }
    metrics.drop_values();  // before the candidates need the memory
    pool_ = read_candidates(scan_, exclusion_, metrics.uids());
    if (pool_.candidates.empty()) {
      throw DataError(fmt::format("{}, {}: there is no question-answer pair to select from",
                                  files.onevision.string(), files.video.string()));
    }
    profile_ = profile_of(pool_);
    pairs_digest_ = digest_of_pairs(pool_);
  }

  PlannedJob plan(const SelectJob& job) const;
  // The three steps of a run: rows are chosen for each job, written for all, then told of.
  void choose(PlannedJob& planned) const;
  void write(std::vector<PlannedJob>& jobs) const;
  SelectOutcome report(PlannedJob& planned) const;
  std::string explain(const SelectOptions& options, const std::string& uid) const;

 private:
  const PoolProfile& profile(const PlannedJob& planned) const {
    return planned.counted_pool ? profile_ : planned.read_profile;
  }
  const std::vector<MetricTerms>& terms(const SelectOptions& options) const {
    return terms_.at(options.legacy_zscore_cap);
  }
  static double checked_coverage(std::int64_t found, std::int64_t pairs, const std::string& what,
                                 PlannedJob& planned);

  const PoolFiles& files_;
  ScanOptions scan_;
  Exclusion exclusion_;
  std::size_t metrics_loaded_ = 0;
  std::int64_t metrics_bad_rows_ = 0;
  CandidatePool pool_;
  PoolProfile profile_;
  std::map<double, std::vector<MetricTerms>> terms_;
  std::string pairs_digest_;
};

double Group::checked_coverage(std::int64_t found, std::int64_t pairs, const std::string& what,
                               PlannedJob& planned) {
  const SelectOptions& options = planned.job.options;
  const double share = static_cast<double>(found) / static_cast<double>(pairs);
  if (share >= std::max(0.0, options.min_legacy_coverage_ratio)) return share;
  const std::string message = fmt::format(
      "{}: {} for {} pairs, a share of {:.6f}; min_legacy_coverage_ratio asks for {:.6f}",
      options.metrics, what, pairs, share, options.min_legacy_coverage_ratio);
  if (options.fail_on_low_legacy_coverage) throw ConstraintError(message);
  planned.outcome.warnings.push_back(message);
  return share;
}

PlannedJob Group::plan(const SelectJob& job) const {
  const SelectOptions& options = job.options;
  PlannedJob planned{job, {}, options.preprofile_report.empty(), {}, {}, 0.0, nullptr, {}};
  std::vector<std::string>& warnings = planned.outcome.warnings;
  for (const std::string& path : exclusion_.missing_files()) {
    warnings.push_back(path + ": there is no such exclusion reference; nothing is left out for it");
  }
  if (!planned.counted_pool && exclusion_.enabled()) {
    warnings.push_back(options.preprofile_report +
                       ": not used, because the exclusion references change the profile");
    planned.counted_pool = true;
  }
  if (!planned.counted_pool) planned.read_profile = read_profile_report(options.preprofile_report);
  const std::int64_t pairs = profile(planned).total_pairs;
  if (!options.metrics.empty()) {
    const auto rows = static_cast<std::int64_t>(metrics_loaded_);
    planned.coverage_upper = std::min(
        1.0, checked_coverage(rows, pairs, fmt::format("{} rows of metrics", rows), planned));
  }
  planned.plan = plan_selection(profile(planned), terms(options), options);
  planned.outcome.total_pairs = pairs;
  planned.outcome.target_count = planned.plan.target_count;
  return planned;
}

void Group::choose(PlannedJob& planned) const {
  const SelectOptions& options = planned.job.options;
  const SelectionPlan& plan = planned.plan;
  SelectOutcome& outcome = planned.outcome;
  if (options.profile_only) return;

  const Score score(pool_, profile(planned), terms(options), options);
  SecondPass pass = second_pass(pool_, plan, score, options.seed);
  Subset subset = fill_subset(pool_, plan, pass, options.max_qa_per_video);
  pass.heaps = {};
  pass.all = {};
  Baseline baseline = draw_baseline(pool_, plan, pass, options.max_qa_per_video);
  double coverage = 0.0;
  if (!options.metrics.empty()) {
    coverage =
        checked_coverage(pass.with_metrics, static_cast<std::int64_t>(pool_.candidates.size()),
                         fmt::format("metrics were found {} times", pass.with_metrics), planned);
  }
  for (const NamedCount& unmet : subset.unmet.entries()) {
    outcome.warnings.push_back(
        fmt::format("the constraint {} is {} short", unmet.name, unmet.count));
  }
  outcome.subset_rows = static_cast<std::int64_t>(subset.candidates.size());
  outcome.uniform_rows = static_cast<std::int64_t>(baseline.candidates.size());
  if (outcome.subset_rows < plan.target_count) {
    outcome.warnings.push_back(
        fmt::format("{} of {} rows were found", outcome.subset_rows, plan.target_count));
  }
  // With repeated rows the file shows scores of the subset too, which is not the twin's.
  if (baseline.repeats) planned.twin = nullptr;
  planned.chosen.emplace(ChosenRows{score, std::move(subset), std::move(baseline), coverage});
}

void Group::write(std::vector<PlannedJob>& jobs) const {
  std::vector<bool> done(jobs.size(), false);
  for (std::size_t first = 0; first < jobs.size(); ++first) {
    if (done[first] || !jobs[first].chosen) continue;
    // The rows of all jobs that score alike are the same.
    std::vector<RowFile> files;
    for (std::size_t i = first; i < jobs.size(); ++i) {
      const PlannedJob& job = jobs[i];
      // Weights may be no numbers, and those do not even equal themselves.
      const bool alike =
          i == first || scoring_of(job.job.options) == scoring_of(jobs[first].job.options);
      if (done[i] || !job.chosen || !alike) continue;
      done[i] = true;
      files.push_back({job.job.folder / kSubsetFile, &job.chosen->subset.candidates});
      if (!job.makes_baseline() || job.twin != nullptr) continue;
      const Baseline& baseline = job.chosen->baseline;
      const fs::path path = job.job.folder / kBaselineFile;
      if (baseline.repeats) {
        write_repeating(scan_, pool_, job.chosen->score, baseline, job.chosen->subset, path);
      } else {
        files.push_back({path, &baseline.candidates});
      }
    }
    write_rows(scan_, pool_, jobs[first].chosen->score, files);
  }
  for (const PlannedJob& job : jobs) {
    if (job.twin == nullptr) continue;
    copy_baseline(job.twin->job.folder / kBaselineFile, job.job.folder / kBaselineFile);
  }
}

SelectOutcome Group::report(PlannedJob& planned) const {
  const SelectOptions& options = planned.job.options;
  const fs::path& folder = planned.job.folder;
  ReportInput input{files_.onevision.string(),
                    files_.video.string(),
                    options,
                    pool_,
                    profile(planned),
                    planned.plan,
                    exclusion_,
                    metrics_loaded_,
                    metrics_bad_rows_,
                    0.0,
                    planned.coverage_upper,
                    planned.counted_pool};
  if (!options.profile_output.empty()) {
    write_file(folder / options.profile_output,
               python::indented_json(profile_document(input.profile)));
  }
  if (options.profile_only) {
    write_file(folder / kReportFile, python::indented_json(profile_report(input)));
    return planned.outcome;
  }
  const ChosenRows& chosen = *planned.chosen;
  input.coverage = chosen.coverage;
  write_file(folder / kReportFile, python::indented_json(selection_report(
                                       input, chosen.subset, chosen.baseline.candidates)));
  write_selection_manifest(folder, {options, pool_, planned.plan, terms(options), chosen.score,
                                    chosen.subset, pairs_digest_});
  return planned.outcome;
}

std::string Group::explain(const SelectOptions& options, const std::string& uid) const {
  const SelectJob job{options, {}};
  const PlannedJob planned = plan(job);
  const Score score(pool_, profile(planned), terms(options), options);
  const SecondPass pass = second_pass(pool_, planned.plan, score, options.seed);
  const Subset subset = fill_subset(pool_, planned.plan, pass, options.max_qa_per_video);
  return explain_pair({pool_, planned.plan, pass, score, subset, options.max_qa_per_video}, uid);
}

// Jobs that read the pool alike.
void run_group(const PoolFiles& files, const std::vector<const SelectJob*>& jobs,
               const std::vector<SelectOutcome*>& outcomes) {
  std::vector<double> caps;
  for (const SelectJob* job : jobs) caps.push_back(job->options.legacy_zscore_cap);
  const Group group(files, jobs.front()->options, caps);
  std::vector<PlannedJob> planned;
  planned.reserve(jobs.size());  // they point to each other
  for (const SelectJob* job : jobs) {
    PlannedJob next = group.plan(*job);
    const auto twin = std::find_if(planned.begin(), planned.end(), [&](const PlannedJob& other) {
      return next.same_baseline(other);
    });
    if (twin != planned.end()) next.twin = &*twin;
    planned.push_back(std::move(next));
  }
  parallel_for(jobs.size(), [&](std::size_t i) { group.choose(planned[i]); });
  group.write(planned);
  parallel_for(jobs.size(), [&](std::size_t i) { *outcomes[i] = group.report(planned[i]); });
}

}  // namespace

std::string explain(const PoolFiles& files, const SelectOptions& options, const std::string& uid) {
  const SelectOptions chosen = checked(options);
  return Group(files, chosen, {chosen.legacy_zscore_cap}).explain(chosen, uid);
}

std::vector<SelectOutcome> select(const PoolFiles& files, const std::vector<SelectJob>& jobs) {
  std::vector<SelectJob> checked_jobs = jobs;
  for (SelectJob& job : checked_jobs) job.options = checked(job.options);
  std::vector<SelectOutcome> outcomes(jobs.size());
  std::vector<bool> done(jobs.size(), false);
  for (std::size_t first = 0; first < jobs.size(); ++first) {
    if (done[first]) continue;
    std::vector<const SelectJob*> members;
    std::vector<SelectOutcome*> results;
    for (std::size_t i = first; i < jobs.size(); ++i) {
      const SelectJob& job = checked_jobs[i];
      if (done[i] || reading_of(job.options) != reading_of(checked_jobs[first].options)) continue;
      members.push_back(&job);
      results.push_back(&outcomes[i]);
      done[i] = true;
    }
    run_group(files, members, results);
  }
  return outcomes;
}

}  // namespace winnow::gdo_release
