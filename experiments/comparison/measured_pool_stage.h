#pragma once
// The stage that methods share whose selector reads files: the measured pool as files.

#include <map>
#include <string>

#include "experiments/comparison/measured_pool.h"
#include "experiments/stages/measurements.h"
#include "experiments/stages/selection_stage.h"

namespace winnow {

// The pool and its columns as files (measured_pool.h), and names.jsonl: every sample's name in
// them, or why it is not there. Unusable samples are not. Facts: rows, left_out.
struct MeasuredPoolStage {
  const config::Value& writer;  // the table measured_pool
  Setting& setting;
  Measurements& measurements;
  const UnusableSamples& unusable;

  StageOutput run() const;
};

// What a selection reads of its output.
FilesOfPool files_of_pool(const config::Value& writer, const StageOutput& output);

}  // namespace winnow
