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

#include "experiments/stages/setting_options.h"
#include "experiments/stages/stage.h"
#include "pool/hidden_labels.h"

namespace winnow {

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
