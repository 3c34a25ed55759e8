#pragma once
// Weights that can be evaluated, trained on or measured by: a base or a checkpoint of a training.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "experiments/stages/bound.h"
#include "experiments/stages/stage.h"
#include "models/model_family.h"

namespace winnow {

struct Weights {
  std::filesystem::path folder;
  std::string digest;        // equal digests, equal weights
  std::int64_t samples = 0;  // trained since the base
};

// Of a training stage, in order; the last is the end.
std::vector<Weights> checkpoints_of(const StageOutput& training);

// What a model is trained and measured alike by: its options without the folder of its weights,
// whose digest counts, and the number of its device.
config::Value identity_of(const Bound<ModelFamily>& model);

}  // namespace winnow
