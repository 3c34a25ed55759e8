#include "worlds/planting.h"

namespace winnow::micro_world {
namespace {

// The first thing that a base learns, on pictures as it was trained on.
class Trivial : public Property {
 public:
  std::string help() const override {
    return "it asks for a shape, which every base knows, in a picture in the base's own style";
  }
  std::string strength() const override {
    return "how far its picture is from the pool's style towards the base's; 1: the base's";
  }
  unsigned parts() const override { return kSkill | kScene; }
  bool plant(std::size_t row, const Planting& planting) const override {
    PlannedRow& planned = planting.plan.rows[row];
    PlannedMedium& medium = planting.own_medium(planned);
    medium.style_share = 1.0 - planting.strength;
    medium.scene.noise_seed = planting.random.next();  // another picture for each row
    planting.ask(planned, ask(planting.scene_of(planned), QuestionType::shape, planting.random));
    return true;
  }
};

const bool registered = add_property<Trivial>("trivial");

}  // namespace
}  // namespace winnow::micro_world
