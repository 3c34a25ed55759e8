#pragma once
// The walk over a pool that computes what its descriptors need and fills their columns.
//
// Per sample and whatever the number of descriptors: each medium is decoded once and encoded once
// (once more with a single frame, where asked for), samples that share it sharing that; one prefill
// with media serves the loss, the sampled answers and the features; one without media the blind
// loss. A sample that cannot be measured fails with a reason and the walk goes on.

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "descriptors/descriptor.h"
#include "measuring/walk.h"
#include "models/torch.h"
#include "models/vision_language_model.h"

namespace winnow {

struct DescriptorPassOptions : WalkOptions {
  std::int64_t batch_size = 32;
  std::int64_t feature_dimensions = 256;
};
BOOST_DESCRIBE_STRUCT(DescriptorPassOptions, (WalkOptions), (batch_size, feature_dimensions))
config::Help help(const DescriptorPassOptions&);

// The visual features of a sample, one per medium, from somewhere else than the pass's own decoding
// and encoding. Throws DataError for a sample that has none. Called from several threads.
using VisualFeatureProvider = std::function<std::vector<VisualTokens>(const Sample&)>;

struct DescriptorPassRequest {
  const Pool& pool;
  FrameCache& frames;
  // Needed when a descriptor needs one. Each further worker thread takes a clone.
  VisionLanguageModel* model = nullptr;
  std::uint64_t seed = 0;
  // Both optional. `single_frame`: as if every frame of a video showed its middle one.
  VisualFeatureProvider visual = {};
  VisualFeatureProvider visual_single_frame = {};
  // As for every walk (measuring/walk.h).
  std::filesystem::path journal = {};
  // What else results depend on and the pass cannot see, e.g. how frames are sampled: a journal of
  // another identity is dropped. Samples, descriptors, weights and seed are seen.
  std::string identity = {};
  // The rows to measure, all by default; the others are missing.
  WantedRows rows = {};
};

// The ledger of failures and the costs go with the table; vectors are in the columns.
using DescriptorPassResult = WalkResult;

class DescriptorPass {
 public:
  // By name; throws ConfigError when two of them fill the same column or disagree on sampling.
  DescriptorPass(std::map<std::string, std::unique_ptr<Descriptor>> descriptors,
                 DescriptorPassOptions options);

  // From a config table: each sub-table is a descriptor by its `type`, all other keys are options
  // of the pass. `path` is the table's place in the config ("descriptors").
  static DescriptorPass from_config(const config::Value& table, const std::string& path);

  // All columns, by descriptor name.
  std::vector<std::string> columns() const;
  const Needs& needs() const { return needs_; }

  // A table of the pool's rows. Independent of the number of threads, of the order of rows and of
  // interruptions. Throws ConfigError when a model is needed and absent, and what walk() throws.
  DescriptorPassResult run(const DescriptorPassRequest& request) const;

 private:
  Identity identity(const DescriptorPassRequest& request) const;

  std::map<std::string, std::unique_ptr<Descriptor>> descriptors_;
  DescriptorPassOptions options_;
  Needs needs_;
  std::string config_digest_;  // of the table it was made from; empty when made by hand
};

}  // namespace winnow
