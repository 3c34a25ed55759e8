// How surprising the answer is to the model that sees the media: GDO's PPL.

#include <cmath>

#include "descriptors/descriptor.h"

namespace winnow {
namespace {

class Perplexity : public Descriptor {
 public:
  explicit Perplexity(const NoOptions&) {}

  std::vector<std::string> columns() const override { return {"perplexity", "loss"}; }

  Needs needs() const override {
    Needs needs;
    needs.loss_with_vision = true;
    return needs;
  }

  std::vector<Cell> measure(const Observation& observation) const override {
    if (!observation.loss_with_vision) {
      return {observation.absent(), observation.absent()};
    }
    const double loss = *observation.loss_with_vision;
    return {Cell::number(std::exp(loss)), Cell::number(loss)};
  }
};

const bool registered = descriptors().add<Perplexity, NoOptions>(
    "perplexity", "exponential of the mean answer loss per token with the media");

}  // namespace
}  // namespace winnow
