#pragma once
// The rows that a selector takes of a setting's pool.

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "experiments/stages/bound.h"
#include "experiments/stages/failed_rows.h"
#include "experiments/stages/measured_columns.h"
#include "experiments/stages/setting.h"
#include "selectors/selector.h"

namespace winnow {

// A pool's files, for a selector that reads them.
struct FilesOfPool {
  std::string role, digest;                            // as a stage's input
  std::map<std::string, std::filesystem::path> files;  // SelectionInput::files
  std::filesystem::path names;                         // chosen_from_files.h
};

struct SelectionStage {
  Setting& setting;
  const Bound<Selector>& selector;
  std::vector<MeasuredColumns> columns;  // that it reads
  std::uint64_t seed = 0;
  std::string title;
  UnusableSamples unusable = {};
  std::optional<FilesOfPool> files = {};
  std::string method = {};  // SelectionInput::method

  // Facts: rows, warnings, manifest (its file's name). Digest: of the chosen ids. The output holds
  // the files of selectors/manifest.h and report.json; of a selector that reads files its manifest
  // by the samples' ids, report.json, chosen_from.toml (chosen_from_files.h) and in selected/ what
  // it wrote itself.
  StageOutput run(StageCache& stages) const;
};

}  // namespace winnow
