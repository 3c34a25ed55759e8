#pragma once
// How a base ("instruct") model comes to be where its options name no trained weights.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "config/component.h"
#include "models/model_family.h"

namespace winnow {

struct BaseJob {
  const ModelFamily& family;
  std::vector<std::string> texts;  // whose words its tokenizer learns beside those of its own data
  std::uint64_t seed = 0;
  // Keeps what a killed run needs to go on; empty at first.
  std::filesystem::path folder;
};

class BaseTrainer {
 public:
  virtual ~BaseTrainer() = default;
  // A model of the family, trained whole: what its options freeze counts later.
  virtual std::unique_ptr<VisionLanguageModel> train(const BaseJob& job) const = 0;
};

// Base trainers, by config `type`.
config::ComponentKind<BaseTrainer>& base_trainers();

// The base trainer of a model: that of the config's table `base` (null: there is none) or, where
// the family has weights, null. Throws ConfigError that says what is missing where there is
// neither.
std::unique_ptr<BaseTrainer> base_trainer_for(const ModelFamily& family, const config::Value* base);

}  // namespace winnow
