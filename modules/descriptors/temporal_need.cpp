// How much a video question needs more than one moment: GDO's temporal need. The paper asks the
// model itself, by a prompt, whether a question needs temporal understanding. A small model cannot
// answer that about itself, so this measures it: what the loss loses when every frame shows the
// middle one. The wording of the question (`lexical`) is the probe that needs no model at all.

#include "descriptors/descriptor.h"
#include "pool/text.h"

namespace winnow {
namespace {

enum class TemporalNeedMode { single_frame, lexical, product };
BOOST_DESCRIBE_ENUM(TemporalNeedMode, single_frame, lexical, product)

struct TemporalNeedOptions {
  TemporalNeedMode mode = TemporalNeedMode::single_frame;
};
BOOST_DESCRIBE_STRUCT(TemporalNeedOptions, (), (mode))
config::Help help(const TemporalNeedOptions&) {
  return {{"mode",
           "single_frame: answer loss with the middle frame repeated minus with all frames, in "
           "nats; lexical: 1 for a question worded temporally, else 0; product: both multiplied"}};
}

class TemporalNeed : public Descriptor {
 public:
  explicit TemporalNeed(const TemporalNeedOptions& options) : mode_(options.mode) {}

  std::vector<std::string> columns() const override { return {"temporal_need"}; }

  Needs needs() const override {
    Needs needs;
    needs.loss_with_vision = needs.loss_single_frame = mode_ != TemporalNeedMode::lexical;
    return needs;
  }

  std::vector<Cell> measure(const Observation& observation) const override {
    const Sample& sample = observation.sample;
    if (sample.modality() != Modality::video) return {Cell::not_applicable()};
    const bool worded = question_type(sample.question()) == "temporal";
    // A row that failed stays failed, though its wording could still be read.
    if (mode_ == TemporalNeedMode::lexical) {
      if (!observation.failure.empty()) return {observation.absent()};
      return {Cell::number(worded ? 1.0 : 0.0)};
    }
    if (!observation.loss_single_frame || !observation.loss_with_vision) {
      return {observation.absent()};
    }
    const Cell gain = Cell::number(*observation.loss_single_frame - *observation.loss_with_vision);
    const bool zero = mode_ == TemporalNeedMode::product && !worded;
    return {zero && gain.state == CellState::valid ? Cell::number(0.0) : gain};
  }

 private:
  TemporalNeedMode mode_;
};

const bool registered = descriptors().add<TemporalNeed, TemporalNeedOptions>(
    "temporal_need", "what the other moments of a video add to answering, over one frame of it");

}  // namespace
}  // namespace winnow
