#pragma once
// Where anchors come from: samples that no method may choose and no benchmark asks, whose loss
// training is meant to lower. The config's table `anchors`.

#include <boost/json.hpp>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "benchmarks/benchmark.h"
#include "experiments/stages/setting.h"
#include "utility/anchors.h"
#include "utility/estimator.h"

namespace winnow {

// Without a set there is one, "all", with the defaults of a set.
struct AnchorsTable {
  std::vector<std::filesystem::path> files;
  std::filesystem::path media_root;
  std::string benchmark;
  double pool_share = 0.0;
  std::int64_t folds = 1;
  std::int64_t contrast = 0;
  bool per_seed = true;
  std::map<std::string, AnchorOptions> sets;
};
BOOST_DESCRIBE_STRUCT(AnchorsTable, (),
                      (files, media_root, benchmark, pool_share, folds, contrast, per_seed, sets))
config::Help help(const AnchorsTable&);

class AnchorSource {
 public:
  // Anchors come from files, a benchmark's development part or a share of the pool, as the table
  // says; else from the benchmark that the config's table `held_out` is; else from a tenth of the
  // pool. Throws ConfigError for bad options, and where the table names two sources.
  static AnchorSource from(const config::Value& config);

  // Throws ConfigError for a benchmark that is not there or sets nothing aside; IoError, DataError
  // for files.
  void check(const std::vector<BenchmarkTask>& benchmarks) const;

  const AnchorsTable& options() const { return options_; }
  // Of the pool, to be kept from every method.
  double pool_share() const;
  std::vector<std::string> set_names() const;
  // What drawn anchors depend on beside the setting and the seed.
  config::Value identity(Setting& setting) const;

  struct Drawn {
    std::vector<AnchorSet> sets;
    boost::json::object ids;  // by set
  };
  // Draws every set, and checks that no sample of the pool, nor a question, is among them. `model`
  // makes the inputs and, where a set is drawn by difficulty, the losses.
  Drawn draw(Setting& setting, std::uint64_t seed, VisionLanguageModel& model) const;

 private:
  std::vector<AnchorCandidate> candidates(Setting& setting) const;

  AnchorsTable options_;
  bool is_default_share() const;

  std::shared_ptr<const BenchmarkTask> held_out_;
};

}  // namespace winnow
