#pragma once
// A descriptor measures samples and adds columns. What it needs of a sample (frames, losses,
// sampled answers, features) it declares; the pass (pass.h) computes each such thing once per
// sample for all descriptors. How to add one: README.md.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/component.h"
#include "measuring/cell.h"
#include "measuring/row_vectors.h"
#include "media/frames.h"

namespace winnow {

// What the pass must provide. The pass takes the union over all descriptors of a run.
struct Needs {
  bool frames = false;
  bool loss_with_vision = false;
  bool loss_without_vision = false;
  bool loss_single_frame = false;    // videos: with only the middle frame, repeated
  std::int64_t sampled_answers = 0;  // the union is the largest number
  std::int64_t answer_tokens = 0;    // longest sampled answer; the union is the largest number
  double temperature = 1.0;          // of sampling; all descriptors that sample must agree
  bool prompt_features = false;      // what the model makes of the media and the question
  bool question_features = false;    // the same without the media

  // Whether a model is needed at all.
  bool model() const;
};

// Everything known of one sample. What was not asked for, is not applicable or could not be
// computed is empty; in the last case `failure` says why.
struct Observation {
  const Sample& sample;
  std::vector<std::shared_ptr<const Frames>> frames = {};  // one per medium
  std::optional<double> loss_with_vision = {};     // mean over the last answer's tokens, nats
  std::optional<double> loss_without_vision = {};  // the same, media hidden; not for text
  std::optional<double> loss_single_frame = {};    // videos only
  std::vector<std::string> sampled_answers = {};
  std::vector<float> prompt_features = {};    // [D]
  std::vector<float> question_features = {};  // [D]
  std::string failure = {};

  // The cell for a need that is not there: failed with the reason, or missing when nothing went
  // wrong.
  Cell absent() const;
};

// Features of all rows of a pool.
struct PoolFeatures {
  RowVectors prompt;
  RowVectors question;
};

class Descriptor {
 public:
  virtual ~Descriptor() = default;
  // Fixed names of the columns it adds.
  virtual std::vector<std::string> columns() const = 0;
  virtual Needs needs() const = 0;
  // One cell per column, in their order. Called once per sample, from several threads. Never makes
  // a number out of something absent. Throws DataError for a sample it cannot measure.
  virtual std::vector<Cell> measure(const Observation& observation) const = 0;
  // Called once with all rows measured, for what depends on the whole pool (clusters). The result
  // must not depend on the order of rows: sort by content digest where order matters.
  virtual void finish(SampleTable& table, const PoolFeatures& features, std::uint64_t seed) const {
    (void)table, (void)features, (void)seed;
  }
};

// For descriptors that have nothing to set.
struct NoOptions {};
BOOST_DESCRIBE_STRUCT(NoOptions, (), ())
inline config::Help help(const NoOptions&) { return {}; }

config::ComponentKind<Descriptor>& descriptors();

}  // namespace winnow
