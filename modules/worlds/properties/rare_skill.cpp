#include "worlds/planting.h"

namespace winnow::micro_world {
namespace {

constexpr QuestionType kRare = QuestionType::flash_count;

class RareSkill : public Property {
 public:
  std::string help() const override {
    return "it asks how often something flashes, which benchmarks ask and no other row of the pool";
  }
  bool is_ill() const override { return false; }
  unsigned parts() const override { return kSkill | kScene; }
  bool can_have(const PlannedRow& row, const PoolPlan& /*plan*/) const override {
    return row.question.type == kRare && row.other_type.empty();
  }
  bool plant(std::size_t /*row*/, const Planting& /*planting*/) const override { return true; }

  // Asks for something else in the same scene.
  void withhold(std::size_t row, const Planting& planting) const override {
    PlannedRow& planned = planting.plan.rows[row];
    const Scene& scene = planting.scene_of(planned);
    std::vector<QuestionType> types = askable(scene);
    std::erase(types, kRare);
    Question other;
    do {
      other = ask(scene, planting.random.choose(types), planting.random);
    } while (planting.is_asked(other.text, row) && planting.random.chance(0.95));
    planting.ask(planned, std::move(other));
  }
};

const bool registered = add_property<RareSkill>("rare_skill");

}  // namespace
}  // namespace winnow::micro_world
