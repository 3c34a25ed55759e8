// How much seeing helps to answer: GDO's VDS.

#include "descriptors/descriptor.h"

namespace winnow {
namespace {

class VisualDependency : public Descriptor {
 public:
  explicit VisualDependency(const NoOptions&) {}

  std::vector<std::string> columns() const override {
    return {"visual_dependency", "loss_without_vision"};
  }

  Needs needs() const override {
    Needs needs;
    needs.loss_with_vision = needs.loss_without_vision = true;
    return needs;
  }

  std::vector<Cell> measure(const Observation& observation) const override {
    if (observation.sample.modality() == Modality::text) {
      return {Cell::not_applicable(), Cell::not_applicable()};
    }
    const auto& with = observation.loss_with_vision;
    const auto& without = observation.loss_without_vision;
    return {with && without ? Cell::number(*without - *with) : observation.absent(),
            without ? Cell::number(*without) : observation.absent()};
  }
};

const bool registered = descriptors().add<VisualDependency, NoOptions>(
    "visual_dependency", "answer loss without the media minus answer loss with them, in nats");

}  // namespace
}  // namespace winnow
