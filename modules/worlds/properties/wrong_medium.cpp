#include <algorithm>

#include "worlds/planting.h"

namespace winnow::micro_world {
namespace {

constexpr int kAttempts = 60;

// Whether all colours that the question and its answer name are in the scene.
bool has_named_colours(const Scene& scene, const Question& question) {
  for (std::size_t colour = 0; colour < colour_names().size(); ++colour) {
    const std::string& name = colour_names()[colour];
    const bool is_named = question.text.find(name) != std::string::npos || question.answer == name;
    const auto is_there = [&](const std::vector<SceneObject>& objects) {
      return std::any_of(objects.begin(), objects.end(), [&](const SceneObject& object) {
        return object.colour == static_cast<int>(colour);
      });
    };
    if (is_named && !is_there(scene.objects) && !is_there(scene.fillers)) return false;
  }
  return true;
}

std::size_t movers(const Scene& scene) {
  return static_cast<std::size_t>(
      std::count_if(scene.objects.begin(), scene.objects.end(),
                    [](const SceneObject& object) { return object.direction != Direction::none; }));
}

// Whether the question with its answer may be true of the scene.
bool may_show(const Scene& scene, const Question& question) {
  if (question.type == QuestionType::count) {
    return number_words()[scene.objects.size()] == question.answer;
  }
  if (question.type == QuestionType::movers) {
    return number_words()[movers(scene)] == question.answer;
  }
  return has_named_colours(scene, question);
}

class WrongMedium : public Property {
 public:
  std::string help() const override {
    return "it shows the picture or clip of another row of its source, for which the answer is "
           "not right";
  }
  unsigned parts() const override { return kScene | kTruth; }
  bool can_have(const PlannedRow& row, const PoolPlan& plan) const override {
    // Of pictures with one object, both halves are asked for.
    return Property::can_have(row, plan) && row.other_type.empty() &&
           !(row.question.type == QuestionType::side && may_show(Scene{}, row.question));
  }
  bool plant(std::size_t row, const Planting& planting) const override {
    std::vector<PlannedRow>& rows = planting.plan.rows;
    const auto of_source = [&](const PlannedRow& other) {
      return other.source == rows[row].source;
    };
    const auto first = std::find_if(rows.begin(), rows.end(), of_source);
    const auto count =
        static_cast<std::uint64_t>(std::find_if_not(first, rows.end(), of_source) - first);
    for (int attempt = 0; attempt < kAttempts; ++attempt) {
      const PlannedRow& other =
          *(first + static_cast<std::ptrdiff_t>(planting.random.below(count)));
      const std::size_t medium = other.media[other.asked_medium];
      if (may_show(planting.plan.media[medium].scene, rows[row].question)) continue;
      rows[row].media[0] = medium;
      return true;
    }
    return false;
  }
};

const bool registered = add_property<WrongMedium>("wrong_medium");

}  // namespace
}  // namespace winnow::micro_world
