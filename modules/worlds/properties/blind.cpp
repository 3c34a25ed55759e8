#include "worlds/defects.h"
#include "worlds/planting.h"

namespace winnow::micro_world {
namespace {

class Blind : public Property {
 public:
  std::string help() const override { return "its question gives the answer away"; }
  unsigned parts() const override { return kWording; }
  bool plant(std::size_t row, const Planting& planting) const override {
    PlannedRow& planned = planting.plan.rows[row];
    planned.blind = true;
    planned.text = with_hint(planned.text, planned.given_answer, planting.random);
    return true;
  }
};

const bool registered = add_property<Blind>("blind");

}  // namespace
}  // namespace winnow::micro_world
