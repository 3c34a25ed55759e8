#pragma once
// One walk over a pool that computes what its descriptors need and fills their columns.
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
#include "models/torch.h"
#include "models/vision_language_model.h"

namespace winnow {

struct DescriptorPassOptions {
  std::int64_t batch_size = 32;
  std::int64_t chunk_samples = 256;
  double maximum_failed_share = 0.01;
  bool retry_failed = false;
  std::int64_t feature_dimensions = 256;
};
BOOST_DESCRIBE_STRUCT(DescriptorPassOptions, (),
                      (batch_size, chunk_samples, maximum_failed_share, retry_failed,
                       feature_dimensions))
config::Help help(const DescriptorPassOptions&);

// The visual features of a sample, one per medium, from somewhere else than the pass's own decoding
// and encoding. Throws DataError for a sample that has none. Called from several threads.
using VisualFeatureProvider = std::function<std::vector<VisualTokens>(const Sample&)>;

struct DescriptorPassRequest {
  const std::vector<Sample>& samples;
  FrameCache& frames;
  // Needed when a descriptor needs one. Each further worker thread takes a clone.
  VisionLanguageModel* model = nullptr;
  std::uint64_t seed = 0;
  // Both optional. `single_frame`: as if every frame of a video showed its middle one.
  VisualFeatureProvider visual = {};
  VisualFeatureProvider visual_single_frame = {};
  // Where finished chunks are kept (row_journal.h); empty: nowhere. The caller removes it once it
  // has stored the result.
  std::filesystem::path journal = {};
  // What else results depend on and the pass cannot see, e.g. how frames are sampled: a journal of
  // another identity is refused. Samples, descriptors, weights and seed are seen.
  std::string identity = {};
};

struct FailedRow {
  std::size_t row = 0;
  std::string id;
  std::string reason;
};

struct DescriptorPassResult {
  SampleTable table;
  std::vector<FailedRow> failures;   // by row; a row counts when any of its cells failed
  double cpu_seconds = 0.0;          // of the threads that measured, this run
  double earlier_cpu_seconds = 0.0;  // spent on what the journal gave back
  std::size_t resumed_rows = 0;
};

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

  // Rows in the order of the samples. Independent of the number of threads and of interruptions.
  // Throws ConfigError when a model is needed and absent, DataError when more than
  // maximum_failed_share of the samples failed (counts and examples by reason) or the journal is
  // another pass's, IoError when it cannot be written.
  DescriptorPassResult run(const DescriptorPassRequest& request) const;

 private:
  std::string identity(const DescriptorPassRequest& request, const RowTable& facts) const;

  std::map<std::string, std::unique_ptr<Descriptor>> descriptors_;
  DescriptorPassOptions options_;
  Needs needs_;
  std::string config_digest_;  // of the table it was made from; empty when made by hand
};

}  // namespace winnow
