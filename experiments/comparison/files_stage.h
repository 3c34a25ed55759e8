#pragma once
// The stages of methods whose selector reads files: the measured pool as files, and a subset of it.

#include <functional>
#include <string>

#include "experiments/comparison/comparison_options.h"
#include "experiments/comparison/selection_from_files.h"
#include "experiments/stages/measurements.h"

namespace winnow {

// The pool and its columns as files (measured_pool.h), and names.jsonl: every sample's name in
// them, or why it is not there. Facts: rows, left_out.
struct MeasuredPoolStage {
  const config::Value& writer;  // the table measured_pool
  Setting& setting;
  Measurements& measurements;

  StageOutput run() const;
};

// As SelectionStage (experiments/stages/selection_stage.h), by a selector of those files.
struct FileSelectionStage {
  const config::Value& writer;
  const Method& method;
  const StageOutput& files;  // of MeasuredPoolStage
  Setting& setting;
  std::uint64_t seed = 0;
  std::string title;

  StageOutput run() const;
};

}  // namespace winnow
