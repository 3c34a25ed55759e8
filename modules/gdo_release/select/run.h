#pragma once
// selector=gdo_release from files to files.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "gdo_release/select/options.h"

namespace winnow::gdo_release {

struct PoolFiles {
  std::filesystem::path onevision, video;
};

struct SelectJob {
  SelectOptions options;
  std::filesystem::path folder;  // exists; what is written there is complete when select() returns
};

struct SelectOutcome {
  std::int64_t total_pairs = 0, target_count = 0;
  std::int64_t subset_rows = 0, uniform_rows = 0;
  std::vector<std::string> warnings;
};

// Selects for all jobs. Jobs that read the pool alike (same frames, lines, exclusions and metrics)
// share one pass over it. Writes to each folder
//
//   subset.jsonl    the selection in the release's row format, in its order
//   uniform.jsonl   the uniform baseline, unless the job skips it
//   report.json     the release's report (alone, for a profile_only job)
//   selection-<digest>.jsonl   the pairs taken, with score, stage and stratum
//   (selectors/manifest.h)
//
// and the profile under its name where a job asks for it. The same files for any number of threads.
// Throws ConfigError for options that cannot work, IoError, DataError where the release stops at
// its input, and ConstraintError for a coverage by metrics that a job does not accept.
std::vector<SelectOutcome> select(const PoolFiles& files, const std::vector<SelectJob>& jobs);

// Why that selection takes the pairs of this uid, or does not: several lines. Reads the pool and
// selects again; nothing is written. Throws as select() does, and DataError for an unknown uid.
std::string explain(const PoolFiles& files, const SelectOptions& options, const std::string& uid);

}  // namespace winnow::gdo_release
