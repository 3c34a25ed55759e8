#pragma once
// Shared by the two halves of Pipeline; not for others.

#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "experiments/comparison/pipeline.h"
#include "pool/sample_table.h"
#include "selectors/manifest.h"
#include "worlds/micro_world.h"

namespace winnow {

// What later stages read of a world once its features are there.
struct Pipeline::Loaded {
  const World& world;
  SamplingOptions sampling;
  std::optional<VisualFeatures> features;
  // Samples all of whose media can be decoded, and their facts.
  std::vector<Sample> samples;
  std::shared_ptr<const RowTable> facts;
  std::vector<micro_world::HiddenLabel> labels;
  // What screening found, and what cannot be decoded.
  std::vector<LeftOutSample> left_out;
  std::set<std::string> contaminated;
  std::map<std::string, std::string> duplicates;  // id -> id of the one that stands for it

  void take_screening(const std::filesystem::path& folder);
  // The same rows, those that repeat each other with one content digest, so that every selector
  // takes at most one of them.
  RowTable with_merged_duplicates(RowTable rows) const;
  bool usable(const Sample& sample) const;
  // From the stored features, or by the model where its tower is trained.
  std::vector<VisualTokens> visual(const Sample& sample, VisionLanguageModel& model) const;
  // Tokens of the sample's input; from several threads.
  std::int64_t length(const Sample& sample, const VisionLanguageModel& model) const;
};

// Pieces of stage configs.
namespace stage_config {
config::Value table_of(std::initializer_list<std::pair<std::string, config::Value>> entries);
config::Value number(std::uint64_t value);
config::Value names(const std::vector<std::string>& values);
// A component's table with the defaults of the options that it leaves out, so that a default that
// changes in the code changes the address, too. `kind` as registered: "trainer".
config::Value resolved(const config::Value& table, const std::string& kind);
}  // namespace stage_config

}  // namespace winnow
