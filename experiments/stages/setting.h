#pragma once
// A setting is what methods are compared in: a pool to choose from, benchmarks to be judged by, and
// the base model that every training starts from; all of one seed. Its stages are the first of a
// run:
//
//   pool, benchmarks -> screening -> base -> visual features of the pool and of each benchmark
//
// Each runs when something of it is asked for and its output is not there yet. They take all
// workers: prepare() runs them before jobs start side by side.

#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "benchmarks/benchmark.h"
#include "experiments/stages/bound.h"
#include "experiments/stages/screening_stage.h"
#include "experiments/stages/stage.h"
#include "experiments/stages/visual_features.h"
#include "experiments/stages/weights.h"
#include "pool/hidden_labels.h"
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

// A setting has what its options name; what is not there must not be asked for.
class Setting {
 public:
  // `options` and `stages` must outlive it.
  Setting(const SettingOptions& options, std::uint64_t seed, StageCache& stages);
  ~Setting();

  // Runs all stages and reads the pool.
  void prepare();

  std::uint64_t seed() const { return seed_; }
  const SettingOptions& options() const { return options_; }
  StageCache& stages() const { return stages_; }
  // The stages that ran or were there, by name, in the order of the run.
  const std::vector<std::pair<std::string, StageOutput>>& outputs() const { return outputs_; }

  const StageOutput& pool_stage();
  const StageOutput& screening();  // facts: see screening_stage.h
  const StageOutput& base();
  Weights base_weights() { return {base().folder / "model", base().digest, 0}; }
  std::unique_ptr<VisionLanguageModel> load(const Weights& weights) const;

  // By role, the digests of what a stage depends on that reads rows: of their texts and media
  // alone, and of what the base's tower makes of them.
  std::map<std::string, std::string> row_inputs();
  std::map<std::string, std::string> inputs();
  // The same for one that asks a benchmark.
  std::map<std::string, std::string> inputs_of(std::size_t benchmark);

  // What methods choose from: without samples of evaluation sets, those with a medium that cannot
  // be decoded, and those that are set aside.
  const Pool& pool();
  // Its rows. Those that repeat each other share a content digest, so that every selector takes at
  // most one of them.
  const std::shared_ptr<const RowTable>& rows();
  // By id, of rows that repeat each other: the id of the one that stands for it.
  const std::map<std::string, std::string>& duplicates();
  // What is not in pool(), and why.
  const std::vector<LeftOutSample>& left_out();
  // What was set aside for anchors; empty unless the options say so.
  const Pool& set_aside();
  // As it was read, or the rows of options.rows_of.
  const Pool& whole_pool();
  // The questions that a benchmark asks, and those it sets aside.
  const BenchmarkTask::Parts& questions(std::size_t benchmark);
  // Nothing for a pool without hidden labels.
  const std::optional<HiddenLabels>& labels();
  std::optional<std::filesystem::path> labels_file();

  // From any thread, after prepare() or pool(). The visual features of a sample of the pool, one
  // for each medium: kept ones, or made by the model. Throws DataError for a medium that cannot be
  // decoded.
  std::vector<VisualTokens> visual(const Sample& sample, VisionLanguageModel& model) const;
  // Of a sample of a benchmark.
  std::vector<VisualTokens> visual_of(std::size_t benchmark, const Sample& sample,
                                      VisionLanguageModel& model) const;
  // Of any sample, made by the model.
  std::vector<VisualTokens> encode(const Sample& sample, VisionLanguageModel& model) const;
  bool keeps_features() const;
  // Tokens of the sample's input, without running the tower.
  std::int64_t length(const Sample& sample, const VisionLanguageModel& model) const;

  // A generated benchmark's folder, made where it is not there; empty for others.
  std::filesystem::path folder_of(const BenchmarkTask& task);

 private:
  struct Loaded;
  struct Asked;  // a benchmark

  void run_features();
  // Of the rows that can be read.
  std::string pool_digest();
  std::map<std::string, std::string> undecodable() const;
  const Loaded& loaded();

  const SettingOptions& options_;
  std::uint64_t seed_;
  StageCache& stages_;
  std::optional<StageOutput> pool_, screening_, base_, features_;
  std::vector<std::pair<std::string, StageOutput>> outputs_;
  std::vector<std::unique_ptr<Asked>> benchmarks_;
  std::unique_ptr<Pool> whole_;
  std::optional<std::optional<HiddenLabels>> labels_;
  std::mutex loading_;
  std::unique_ptr<Loaded> loaded_;
};

}  // namespace winnow
