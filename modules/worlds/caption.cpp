#include "worlds/caption.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "worlds/question.h"

namespace winnow::micro_world {
namespace {

constexpr float kLarge = 9.2f;  // radius in pixels

int quarter(const Scene& scene, const SceneObject& object) {
  const cv::Point2f middle = (scene.centre(object, object.appears) +
                              scene.centre(object, std::max(object.appears, object.vanishes - 1))) /
                             2;
  return (middle.y >= kPictureSize / 2.0f ? 2 : 0) + (middle.x >= kPictureSize / 2.0f ? 1 : 0);
}

// How two neighbours in the caption stand to each other; empty where neither is clearly beside the
// other.
std::string comparison(const SceneObject& first, const SceneObject& second) {
  const auto colour = [](const SceneObject& object) {
    return colour_names()[static_cast<std::size_t>(object.colour)];
  };
  const float distance = second.position.x - first.position.x;
  if (std::abs(distance) < kClearlyBeside) return {};
  return " seen from " + colour(first) + " " + colour(second) +
         (distance < 0 ? " is left." : " is right.");
}

std::string sentence(const Scene& scene, const SceneObject& object) {
  static const std::vector<std::string> quarters = {"top left", "top right", "bottom left",
                                                    "bottom right"};
  static const std::vector<std::string> directions = {"left", "right", "up", "down"};
  const auto numbered = [](std::size_t count) { return number_words().at(count); };
  std::string text = colour_names()[static_cast<std::size_t>(object.colour)] + " " +
                     shape_names()[static_cast<std::size_t>(object.shape)] +
                     (object.radius >= kLarge ? " large " : " small ") +
                     quarters[static_cast<std::size_t>(quarter(scene, object))];
  if (object.direction != Direction::none) {
    text += " moves " + directions[static_cast<std::size_t>(object.direction)];
  }
  if (!object.flashes.empty()) text += " flashes " + numbered(object.flashes.size()) + " times";
  return text;
}

}  // namespace

std::string caption_of(const Scene& scene, bool comparisons) {
  std::vector<const SceneObject*> objects;
  for (const SceneObject& object : scene.objects) objects.push_back(&object);
  const bool in_order = scene.event == Event::sequence || scene.event == Event::cumulative;
  if (!in_order) {
    std::stable_sort(objects.begin(), objects.end(),
                     [&](const SceneObject* a, const SceneObject* b) {
                       return quarter(scene, *a) < quarter(scene, *b);
                     });
  }
  std::string text;
  for (const SceneObject* object : objects) {
    if (!text.empty()) text += in_order ? " then " : " and ";
    text += sentence(scene, *object);
  }
  const auto moving = std::count_if(objects.begin(), objects.end(), [](const SceneObject* object) {
    return object->direction != Direction::none;
  });
  text += ". " + number_words().at(objects.size()) + " objects";
  if (scene.event == Event::motion) {
    text += " and " + number_words().at(static_cast<std::size_t>(moving)) + " move";
  }
  text += ".";
  // Sides are asked of things that stay where they are.
  if (comparisons && !in_order && scene.event != Event::motion) {
    for (std::size_t i = 1; i < objects.size(); ++i) {
      text += comparison(*objects[i - 1], *objects[i]);
    }
  }
  return text;
}

}  // namespace winnow::micro_world
