#pragma once
// The stages between a config and its scores, for one world: world -> screening -> base model ->
// visual features -> descriptors -> subsets -> trained checkpoints -> scores. Each is computed when
// its output is asked for and not in the cache; nothing is loaded before something has to be
// computed.

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "config/value.h"
#include "experiments/comparison/comparison_options.h"
#include "experiments/comparison/comparison_results.h"
#include "experiments/comparison/world.h"
#include "experiments/stages/stage.h"
#include "experiments/stages/visual_features.h"
#include "models/model_family.h"
#include "utility/anchors.h"
#include "utility/estimator.h"

namespace winnow {

// Weights that can be evaluated: the base or a checkpoint of a training stage.
struct Weights {
  std::filesystem::path folder;
  std::string digest;        // equal digests, equal weights
  std::int64_t samples = 0;  // trained since the base
};

// Which stages a selector's columns come from.
struct ColumnSources {
  bool descriptors = false;
  bool utility = false;
  bool judge = false;
  bool any() const { return descriptors || utility || judge; }
};
ColumnSources column_sources(const config::Value& config, const Method& method);

// Names of the columns that the config's table `utility` adds; none without one. Throws ConfigError
// for bad options of utility, anchors or utility_pass.
std::vector<std::string> utility_columns(const config::Value& config);

// Those of the table `judge`; none without one. Throws ConfigError for bad options.
std::vector<std::string> judge_columns(const config::Value& config);

class Pipeline {
 public:
  // `config` must outlive the pipeline.
  Pipeline(const config::Value& config, std::uint64_t seed, StageCache& stages);
  ~Pipeline();

  std::uint64_t seed() const { return seed_; }

  // Stages that run alone, on all workers. Each asks for those before it.
  const StageOutput& world();
  // Facts: pool, decontaminated, questions, contaminated, excluded (by reason), duplicates.
  const StageOutput& screening();
  const StageOutput& base();
  const StageOutput& features();  // facts: media, failed_media; of a frozen tower only
  // The model that measures: the base after its warm-up with this seed (the table `proxy`).
  Weights proxy(std::uint64_t seed);
  const StageOutput& descriptors();
  // The pool and its columns as files, for methods that select from those (measured_pool.h), and
  // names.jsonl: every sample's name in them, or why it is not there. Facts: rows, left_out.
  const StageOutput& measured_pool();
  // Held-out samples of the world, to draw anchors from.
  const StageOutput& held_out();
  // The columns of the table `utility` for a run with this seed: proxy and anchors are drawn by it,
  // or by the world's where proxy.per_seed and anchors.per_seed say so. Facts: rows, failed_rows,
  // columns, flops and CPU seconds of preparing and scoring.
  const StageOutput& utility(std::uint64_t seed);
  // The columns of the table `judge`. Facts: rows, and by column what the answers cost.
  const StageOutput& judge();
  // Of a method with a selector.
  ColumnSources sources_of(const Method& method) const { return column_sources(config_, method); }
  // CPU seconds of what methods with these columns share in runs with these seeds: warm-ups, and
  // descriptors, utility or judge where they read them.
  double measuring_cpu_seconds(const ColumnSources& reads, const std::vector<std::uint64_t>& seeds);
  // Of one run in model operations (an estimate, see `operations_of_training`); nothing where
  // descriptors are read, which do not count them.
  std::optional<double> measuring_operations(const ColumnSources& reads, std::uint64_t seed);
  // Facts: area under the ROC curve of each column as a detector of wrong answers.
  const StageOutput& diagnosis();
  const StageOutput& utility_diagnosis(std::uint64_t seed);
  // Output: toxic.jsonl. Facts: toxic_facts(); none unless anchors are folded.
  const StageOutput& toxic(std::uint64_t seed);
  // Of every question, by benchmark in the order of the config.
  std::vector<std::vector<QuestionKind>> question_kinds();
  bool has_features() const { return vision_is_frozen_; }

  // Stages that run beside each other, one thread each, once the stages above are there.
  // Facts: rows, shares (composition_of), warnings, manifest (its file's name). Digest: of the
  // chosen ids.
  StageOutput select(const Method& method, std::uint64_t seed);
  // Facts: checkpoints, cpu_seconds, operations, final_loss, skipped_steps. Digest: of the final
  // weights.
  StageOutput train(const StageOutput& selection, std::uint64_t seed, const std::string& title);
  // Output: outcomes/<benchmark>.jsonl.
  StageOutput evaluate(const Weights& weights, const std::string& title);

  Weights base_weights();
  static std::vector<Weights> checkpoints_of(const StageOutput& training);
  // `questions`: of every benchmark, as question_kinds() has them.
  static std::vector<BenchmarkScores> read_scores(
      const StageOutput& evaluation, const std::vector<std::string>& benchmarks,
      const std::vector<std::vector<QuestionKind>>& questions);

 private:
  // The world and what comes from it; loaded on first use, from any thread.
  struct Loaded;
  const World& loaded_world();
  const Loaded& loaded();
  std::unique_ptr<VisionLanguageModel> load_model(const std::filesystem::path& weights) const;
  StageOutput select_from_files(const Method& method, std::uint64_t seed);
  StageOutput train(const StageOutput& selection, std::uint64_t seed, const std::string& title,
                    const config::Value& trainer);
  // Training of the warm-up, which lasts one epoch; null without one.
  const StageOutput* warm_up(std::uint64_t seed);
  // The seed that a run with this one warms its utility's proxy up by.
  std::uint64_t proxy_seed(std::uint64_t seed) const;
  // Of the pool's samples those that `utility_rows` draws, ascending.
  std::vector<std::size_t> measured_rows(std::size_t pool) const;
  // Draws them from held_out() and checks that no pool sample or question is among them; their ids
  // go to `drawn`, by set.
  std::vector<AnchorSet> draw_anchor_sets(const std::map<std::string, AnchorOptions>& sets,
                                          std::uint64_t seed, VisionLanguageModel& model,
                                          boost::json::object& drawn);
  // Digests of world, base and features: what every later stage depends on.
  std::map<std::string, std::string> common_inputs();

  const config::Value& config_;
  std::uint64_t seed_;
  StageCache& stages_;
  // Where the table `proxy` has a model of its own: the pipeline that measures, with that model and
  // its own base and features in the place of the target's.
  std::unique_ptr<config::Value> measuring_config_;
  std::unique_ptr<Pipeline> measuring_;
  bool vision_is_frozen_;
  std::optional<StageOutput> world_, screening_, base_, features_, descriptors_, measured_pool_,
      diagnosis_, held_out_, judge_;
  // By seed; several may be one stage.
  std::map<std::uint64_t, StageOutput> warm_ups_, utilities_, utility_diagnoses_, toxic_;
  std::mutex loading_;
  std::unique_ptr<World> loaded_world_;
  std::unique_ptr<Loaded> loaded_;
};

}  // namespace winnow
