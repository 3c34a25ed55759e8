#pragma once
// Questions about a scene, with their true answers. Each type's answers are uniform over the
// candidates, so that guessing without looking is at chance.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/random.h"
#include "worlds/scene.h"

namespace winnow::micro_world {

// How far apart in x two things are that a question about sides may be about, in pixels.
inline constexpr float kClearlyBeside = 12.0f;

enum class QuestionType {
  colour,       // of the only object of a shape
  shape,        // of the object of a colour
  count,        // of objects
  side,         // left or right, of another object or of the picture
  largest,      // its colour
  direction,    // of a moving object
  movers,       // how many objects move
  first,        // colour that appears first
  last,         // colour that appears last
  before,       // colour shown right before another
  after,        // colour shown right after another
  flash,        // colour that flashes
  flash_count,  // how often
};
std::string to_string(QuestionType type);
// Whether the answer needs more than one frame.
bool is_temporal(QuestionType type);

struct Question {
  QuestionType type = QuestionType::colour;
  std::string text;
  std::vector<std::string> candidates;  // 2 to 4, distinct, in random order; `answer` is one
  std::string answer;
  // What would be true if the clip ran backwards; empty when it does not matter.
  std::string answer_reversed;
};

// Types that have a definite answer in this scene.
std::vector<QuestionType> askable(const Scene& scene);

// A question of an askable type: object, phrasing and candidates are drawn.
Question ask(const Scene& scene, QuestionType type, RandomStream& random);

// Up to `count` questions whose texts differ; types repeat only when all of them have been asked.
std::vector<Question> ask_several(const Scene& scene, int count, RandomStream& random);

// The same by weights: each question's type is drawn anew from the scene's, with its weight where
// it has one and else with 1.
std::vector<Question> ask_weighted(const Scene& scene, int count,
                                   const std::map<QuestionType, double>& weights,
                                   RandomStream& random);

// The type of this name (to_string), if there is one.
std::optional<QuestionType> question_type(const std::string& name);

// "zero" to "four".
const std::vector<std::string>& number_words();

}  // namespace winnow::micro_world
