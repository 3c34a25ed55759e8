#pragma once
// A descriptor measures samples and adds columns. What it needs of a sample (frames, losses, sampled
// answers) it declares; the pass computes each such thing once per sample for all descriptors.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/component.h"
#include "media/frames.h"
#include "pool/sample_table.h"

namespace winnow {

// What the pass must provide. The pass takes the union over all descriptors of a run.
struct Needs {
  bool frames = false;
  bool loss_with_vision = false;
  bool loss_without_vision = false;
  bool loss_single_frame = false;  // videos: with only the middle frame repeated
  std::int64_t sampled_answers = 0;
  double temperature = 1.0;
  bool features = false;  // prompt features of the model
};

// Everything known of one sample. Pointers and optionals are empty when not needed, not applicable
// or when computing them failed.
struct Observation {
  const Sample& sample;
  std::vector<std::shared_ptr<const Frames>> frames;  // one per medium
  std::optional<double> loss_with_vision;     // mean over the answer's tokens, nats
  std::optional<double> loss_without_vision;  // the same, media hidden
  std::optional<double> loss_single_frame;
  std::vector<std::string> sampled_answers;
  std::vector<float> features;
};

// One cell per column of the descriptor, in order of columns(): a number or the reason there is none.
struct Cell {
  double value = 0.0;
  CellState state = CellState::valid;
  std::string reason = {};  // for failed cells
};

class Descriptor {
 public:
  virtual ~Descriptor() = default;
  // Fixed names of the columns it adds.
  virtual std::vector<std::string> columns() const = 0;
  virtual Needs needs() const = 0;
  // Called once per sample, from several threads.
  virtual std::vector<Cell> measure(const Observation& observation) const = 0;
  // Called once with all rows measured, for what depends on the whole pool (clusters). `features`
  // is [rows][D], empty unless needed.
  virtual void finish(SampleTable& table, const std::vector<std::vector<float>>& features,
                      std::uint64_t seed) const {
    (void)table, (void)features, (void)seed;
  }
};

config::ComponentKind<Descriptor>& descriptors();

}  // namespace winnow
