#include <algorithm>

#include "worlds/planting.h"

namespace winnow::micro_world {
namespace {

constexpr QuestionType kRare = QuestionType::flash_count;
// A scene's rows stand together in the plan.
constexpr std::size_t kNeighbours = 16;

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
    } while (is_asked(other.text, row, planting.plan) && planting.random.chance(0.95));
    planting.ask(planned, std::move(other));
  }

 private:
  // Of the same medium, by another row or in an earlier turn.
  static bool is_asked(const std::string& text, std::size_t row, const PoolPlan& plan) {
    const std::vector<Question>& turns = plan.rows[row].earlier_turns;
    if (std::any_of(turns.begin(), turns.end(),
                    [&](const Question& turn) { return turn.text == text; })) {
      return true;
    }
    const std::size_t begin = row - std::min(row, kNeighbours);
    const std::size_t end = std::min(plan.rows.size(), row + kNeighbours);
    for (std::size_t i = begin; i < end; ++i) {
      if (i != row && plan.rows[i].media == plan.rows[row].media &&
          plan.rows[i].question.text == text) {
        return true;
      }
    }
    return false;
  }
};

const bool registered = add_property<RareSkill>("rare_skill");

}  // namespace
}  // namespace winnow::micro_world
