#include "worlds/defects.h"
#include "worlds/planting.h"

namespace winnow::micro_world {
namespace {

// The label says how it is wrong, as that of every pool does (pool/hidden_labels.h).
class Wrong : public Property {
 public:
  std::string help() const override { return "its answer is wrong"; }
  unsigned parts() const override { return kTruth; }
  bool plant(std::size_t row, const Planting& planting) const override {
    answer_wrongly(planting.plan.rows[row], planting.options, planting.random);
    return true;
  }
};

const bool registered = add_property<Wrong>("wrong");

}  // namespace
}  // namespace winnow::micro_world
