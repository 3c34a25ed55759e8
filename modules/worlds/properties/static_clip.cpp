#include "worlds/planting.h"

namespace winnow::micro_world {
namespace {

class StaticClip : public Property {
 public:
  std::string help() const override {
    return "it asks what happens in a clip that shows one frame all the time";
  }
  // Its answer is right of the clip that it should show, so no other property makes it wrong.
  unsigned parts() const override { return kScene | kTruth; }
  bool can_have(const PlannedRow& row, const PoolPlan& plan) const override {
    // That nothing moves, a clip that stands still shows, too.
    return Property::can_have(row, plan) && row.is_temporal() &&
           row.question.answer != number_words()[0];
  }
  bool plant(std::size_t row, const Planting& planting) const override {
    PlannedMedium& medium = planting.own_medium(planting.plan.rows[row]);
    medium.frozen_at = medium.scene.event_begins + kEventFrames / 2;
    return true;
  }
};

const bool registered = add_property<StaticClip>("static_clip");

}  // namespace
}  // namespace winnow::micro_world
