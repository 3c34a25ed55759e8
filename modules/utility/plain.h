#pragma once
// For estimators that need nothing but the proxy itself: no anchors, one column.

#include "descriptors/descriptor.h"
#include "utility/step.h"

namespace winnow {

// `Scorer` is made without arguments; kPasses are its forward passes per sample.
template <class Scorer>
class PlainEstimator : public UtilityEstimator {
 public:
  explicit PlainEstimator(const NoOptions&) {}

  bool uses_anchors() const override { return false; }
  PassCount passes() const override { return {Scorer::kPasses, 0.0}; }
  std::unique_ptr<UtilityScorer> prepare(VisionLanguageModel&, const std::vector<AnchorSet>&,
                                         std::uint64_t) const override {
    return std::make_unique<Scorer>();
  }
};

}  // namespace winnow
