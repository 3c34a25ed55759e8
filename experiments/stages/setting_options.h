#pragma once
// What a setting is made of, bound once from a config's tables: pool, benchmarks, model, base,
// sampling, screening and features.

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "benchmarks/benchmark.h"
#include "experiments/stages/bound.h"
#include "experiments/stages/screening_stage.h"
#include "experiments/stages/visual_features.h"
#include "experiments/stages/weights.h"
#include "pool/pool_source.h"
#include "trainers/base_trainer.h"

namespace winnow {

struct SettingOptions {
  // What the config has of it. Throws ConfigError for options that cannot work and for a model that
  // has no weights and that nothing trains.
  static SettingOptions from(const config::Value& config);
  // Throws ConfigError unless there are a pool, a model and a benchmark.
  void require_all() const;

  std::optional<Bound<PoolSource>> pool;
  // The manifest of a selection (selectors/manifest.h): its rows alone are the pool.
  std::filesystem::path rows_of = {};
  // In the config's order.
  std::shared_ptr<const std::vector<BenchmarkTask>> benchmarks;
  std::optional<Bound<ModelFamily>> model = {};
  std::optional<Bound<BaseTrainer>> base = {};  // for a model that has no weights yet
  SamplingOptions sampling = {};
  ScreeningOptions screening = {};
  FeaturesOptions features = {};
  // Of the pool, kept from every method for anchors.
  double set_aside_share = 0.0;
};

// The table `sampling`. `unsaid`: what holds where the config does not say.
SamplingOptions read_sampling(const config::Value& config, const SamplingOptions& unsaid = {});

// Of a checkpoint's files by name and those of its adapter; what tools keep in other folders of it
// does not count. Throws IoError.
std::string digest_of_checkpoint(const std::filesystem::path& folder);

// Reads what a setting's files say, as far as that takes a moment, so that a mistake in them costs
// no more: a pool file or benchmark that is not there, a question without its right answer, a
// checkpoint of another family. Throws ConfigError, IoError, DataError.
void check_files(const SettingOptions& options);

}  // namespace winnow
