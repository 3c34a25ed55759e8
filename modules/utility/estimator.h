#pragma once
// A utility estimator says what training on a sample would do, as the proxy model sees it: one
// number per sample, for most of them with respect to a set of anchors. How to add one: README.md.
//
// Shapes: B samples of a batch, C columns of an estimator.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "config/component.h"
#include "models/torch.h"
#include "models/vision_language_model.h"

namespace winnow {

// Held-out samples whose loss training is meant to lower.
struct AnchorSet {
  std::string name;              // names a column
  std::vector<std::string> ids;  // of the samples, for messages
  std::vector<ModelInput> inputs;
};

// A sample as estimators see it.
struct UtilityInput {
  const Sample* sample = nullptr;
  ModelInput input;  // with the media
};

// What a sample costs, in forward passes over itself and over all anchors of one column: 1 for a
// forward pass, 2 more for a backward one, 2 more for a tangent that goes along.
struct PassCount {
  double sample = 0.0;
  double anchors = 0.0;
};

// An estimator bound to a model's parameters and to anchors. Used by several threads, each with a
// model of its own whose parameters equal those it was prepared with.
class UtilityScorer {
 public:
  virtual ~UtilityScorer() = default;
  // [B, C] double on any device; what is not finite could not be estimated. A sample's numbers do
  // not depend on the others of its batch beyond rounding. Leaves the model's parameters as they
  // were, bit for bit, and no gradients behind, also when it throws. Throws DataError where the
  // batch cannot be scored; its samples are then tried one by one.
  virtual torch::Tensor score(VisionLanguageModel& model,
                              const std::vector<UtilityInput>& batch) const = 0;
};

class UtilityEstimator {
 public:
  virtual ~UtilityEstimator() = default;
  // Whether it has a column for each anchor set; otherwise it has one.
  virtual bool uses_anchors() const = 0;
  virtual PassCount passes() const = 0;
  // Everything that all samples share, e.g. gradients of the anchors' loss. The scorer may keep
  // references to `anchors`. Leaves the model as it was. Throws ConfigError when options do not fit
  // the model or there is no anchor, DataError naming anchors whose loss is not finite.
  virtual std::unique_ptr<UtilityScorer> prepare(VisionLanguageModel& model,
                                                 const std::vector<AnchorSet>& anchors,
                                                 std::uint64_t seed) const = 0;
};

config::ComponentKind<UtilityEstimator>& utilities();

}  // namespace winnow
