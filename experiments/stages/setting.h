#pragma once
// A setting is what methods are compared in: a pool to choose from, benchmarks to be judged by, and
// the base model that every training starts from; all of one seed. Its stages are the first of a
// run:
//
//   pool -> screening -> base -> visual features of the pool
//   benchmarks -> visual features of each

#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "benchmarks/benchmark.h"
#include "experiments/stages/bound.h"
#include "experiments/stages/screening_stage.h"
#include "experiments/stages/stage.h"
#include "experiments/stages/visual_features.h"
#include "experiments/stages/weights.h"
#include "pool/pool_source.h"
#include "trainers/base_trainer.h"

namespace winnow {

struct SettingOptions {
  // Throws ConfigError for options that cannot work, for benchmarks or pool files that are not
  // there, and for a model that has no weights and that nothing trains.
  static SettingOptions from(const config::Value& config);

  Bound<PoolSource> pool;
  std::vector<BenchmarkTask> benchmarks;  // in the config's order; at least one
  Bound<ModelFamily> model;
  std::optional<Bound<BaseTrainer>> base;  // for a model that has no weights yet
  SamplingOptions sampling;
  ScreeningOptions screening;
  FeaturesOptions features;
};

class Setting {
 public:
  // Runs the stages whose output is not there yet. `options` and `stages` must outlive it.
  Setting(const SettingOptions& options, std::uint64_t seed, StageCache& stages);
  ~Setting();

  std::uint64_t seed() const { return seed_; }
  const SettingOptions& options() const { return options_; }
  StageCache& stages() const { return stages_; }
  // What was spent on each stage, in the order of the run.
  const std::vector<std::pair<std::string, StageOutput>>& outputs() const { return outputs_; }
  const StageOutput& screening() const { return screening_; }  // facts: see screening_stage.h
  const StageOutput& base() const { return base_; }
  Weights base_weights() const { return {base_.folder / "model", base_.digest, 0}; }
  std::unique_ptr<VisionLanguageModel> load(const Weights& weights) const;
  // By role, the digests of what every stage depends on that reads the pool.
  const std::map<std::string, std::string>& inputs() const { return inputs_; }
  // The same for one that asks a benchmark.
  std::map<std::string, std::string> inputs_of(std::size_t benchmark) const;

  // What follows is read from disk on first use, from any thread.

  // What methods choose from: without samples of evaluation sets and those with a medium that
  // cannot be decoded. Samples that repeat each other share a content digest, so that every
  // selector takes at most one of them.
  const Pool& pool() const;
  // What is not in pool(), and why.
  const std::vector<LeftOutSample>& left_out() const;
  // The questions that a benchmark asks, and those it sets aside.
  const BenchmarkTask::Parts& questions(std::size_t benchmark) const;
  // Of a pool that has hidden labels.
  const std::optional<std::filesystem::path>& labels() const { return labels_; }

  // The visual features of a sample of the pool, one for each medium: kept ones, or made by the
  // model. Throws DataError for a medium that cannot be decoded.
  std::vector<VisualTokens> visual(const Sample& sample, VisionLanguageModel& model) const;
  // Of a sample of a benchmark.
  std::vector<VisualTokens> visual_of(std::size_t benchmark, const Sample& sample,
                                      VisionLanguageModel& model) const;
  // Of any sample, made by the model.
  std::vector<VisualTokens> encode(const Sample& sample, VisionLanguageModel& model) const;

 private:
  struct Loaded;
  struct Asked;  // a benchmark

  void run_pool_and_benchmarks();
  void run_base();
  void run_features();
  Pool open_pool() const;
  const Loaded& loaded() const;

  const SettingOptions& options_;
  std::uint64_t seed_;
  StageCache& stages_;
  StageOutput pool_, screening_, base_;
  std::optional<StageOutput> features_;
  std::optional<std::filesystem::path> labels_;
  std::vector<std::pair<std::string, StageOutput>> outputs_;
  std::map<std::string, std::string> inputs_;
  std::vector<std::unique_ptr<Asked>> benchmarks_;
  mutable std::mutex loading_;
  mutable std::unique_ptr<Loaded> loaded_;
};

}  // namespace winnow
