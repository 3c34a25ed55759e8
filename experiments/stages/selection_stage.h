#pragma once
// The rows that a selector takes of a setting's pool.

#include <string>
#include <vector>

#include "experiments/stages/bound.h"
#include "experiments/stages/measured_columns.h"
#include "experiments/stages/setting.h"
#include "selectors/selector.h"

namespace winnow {

struct SelectionStage {
  Setting& setting;
  const Bound<Selector>& selector;
  std::vector<MeasuredColumns> columns;
  std::uint64_t seed = 0;
  std::string title;

  // Facts: rows, warnings, manifest (its file's name). Digest: of the chosen ids. The output holds
  // the files of selectors/manifest.h and report.json.
  StageOutput run(StageCache& stages) const;
};

}  // namespace winnow
