#include "worlds/question.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <map>

namespace winnow::micro_world {
namespace {

constexpr float kClearlyLarger = 1.2f;  // ratio of radii

using Names = std::vector<std::string>;

// A picture has only so many different questions; a dozen repeats mean it is exhausted.
constexpr int kMostRepeats = 12;
constexpr double kTemporalShare = 0.85;  // of a clip's questions while some of both are open

// {x} and {y} stand for objects. The same phrasings serve base data, pool and benchmarks.
const Names& phrasings(QuestionType type) {
  static const std::map<QuestionType, Names> all = {
      {QuestionType::colour,
       {"What colour is the {x}?", "Which colour does the {x} have?", "Name the colour of the {x}.",
        "The {x} is of what colour?"}},
      {QuestionType::shape,
       {"What shape is the {x} object?", "Which shape does the {x} object have?",
        "Name the shape of the {x} object.", "The {x} object has what shape?"}},
      {QuestionType::count,
       {"How many objects are there?", "How many objects can be seen?", "Count the objects.",
        "What is the number of objects?"}},
      {QuestionType::side,
       {"Is the {x} object left or right of the {y} object?",
        "On which side of the {y} object is the {x} object?",
        "Left or right: where is the {x} object, seen from the {y} object?"}},
      {QuestionType::largest,
       {"What colour is the largest object?", "Which colour does the biggest object have?",
        "Name the colour of the largest object.", "The biggest object is of what colour?"}},
      {QuestionType::direction,
       {"In which direction does the {x} object move?", "Which way is the {x} object moving?",
        "Name the direction of motion of the {x} object.",
        "The {x} object moves in what direction?"}},
      {QuestionType::movers,
       {"How many objects move?", "How many objects are moving?", "Count the moving objects.",
        "What is the number of moving objects?"}},
      {QuestionType::first,
       {"What colour appears first?", "Which colour does the first object to appear have?",
        "Name the colour that appears first.", "The object that appears first is of what colour?"}},
      {QuestionType::last,
       {"What colour appears last?", "Which colour does the last object to appear have?",
        "Name the colour that appears last.", "The object that appears last is of what colour?"}},
      {QuestionType::before,
       {"What colour appears right before the {x} object?", "Which colour comes just before {x}?",
        "Name the colour shown right before the {x} object.",
        "Before the {x} object, what colour appears?"}},
      {QuestionType::after,
       {"What colour appears right after the {x} object?", "Which colour comes just after {x}?",
        "Name the colour shown right after the {x} object.",
        "After the {x} object, what colour appears?"}},
      {QuestionType::flash,
       {"What colour is the object that flashes?", "Which colour flashes?",
        "Name the colour that flashes.", "The flashing object is of what colour?"}},
      {QuestionType::flash_count,
       {"How many times does the {x} object flash?", "How often does the {x} object flash?",
        "Count the flashes of the {x} object.", "What is the number of flashes of {x}?"}},
  };
  return all.at(type);
}

// A picture with one object has no other object to be beside.
const Names& side_of_picture() {
  static const Names names = {"Is the object in the left or the right half?",
                              "Left or right: in which half is the object?",
                              "On which side of the picture is the object?"};
  return names;
}

const Names& type_names() {
  static const Names names = {"colour",    "shape",  "count",      "side", "largest",
                              "direction", "movers", "first",      "last", "before",
                              "after",     "flash",  "flash_count"};
  return names;
}

std::string fill(std::string text, const std::string& x, const std::string& y = {}) {
  for (const auto& [mark, value] : {std::pair<std::string, std::string>{"{x}", x}, {"{y}", y}}) {
    if (const auto at = text.find(mark); at != std::string::npos) {
      text.replace(at, mark.size(), value);
    }
  }
  return text;
}

const std::string& colour_of(const SceneObject& object) {
  return colour_names()[static_cast<std::size_t>(object.colour)];
}
const std::string& shape_of(const SceneObject& object) {
  return shape_names()[static_cast<std::size_t>(object.shape)];
}

Names colours_of(const std::vector<SceneObject>& objects) {
  Names names;
  for (const SceneObject& object : objects) names.push_back(colour_of(object));
  return names;
}

// Objects whose shape no other object of the scene has.
std::vector<const SceneObject*> unique_shapes(const Scene& scene) {
  std::array<int, kShapes> count{};
  for (const auto* group : {&scene.objects, &scene.fillers}) {
    for (const SceneObject& object : *group) ++count[static_cast<std::size_t>(object.shape)];
  }
  std::vector<const SceneObject*> result;
  for (const SceneObject& object : scene.objects) {
    if (count[static_cast<std::size_t>(object.shape)] == 1) result.push_back(&object);
  }
  return result;
}

const SceneObject* clearly_largest(const Scene& scene) {
  if (scene.objects.size() < 2) return nullptr;
  const auto largest = std::max_element(
      scene.objects.begin(), scene.objects.end(),
      [](const SceneObject& a, const SceneObject& b) { return a.radius < b.radius; });
  for (const SceneObject& object : scene.objects) {
    if (&object != &*largest && largest->radius < kClearlyLarger * object.radius) return nullptr;
  }
  return &*largest;
}

// Ordered pairs that stand clearly beside each other; {i, i} means the only object against the
// picture's middle.
std::vector<std::pair<std::size_t, std::size_t>> beside(const Scene& scene) {
  std::vector<std::pair<std::size_t, std::size_t>> pairs;
  const auto& objects = scene.objects;
  if (objects.size() == 1) {
    const bool still = scene.pan == cv::Point2f(0, 0);
    const float middle = (kPictureSize - 1) / 2.0f;
    if (still && std::abs(objects[0].position.x - middle) >= kClearlyBeside / 2) {
      pairs.emplace_back(0, 0);
    }
    return pairs;
  }
  for (std::size_t i = 0; i < objects.size(); ++i) {
    for (std::size_t j = 0; j < objects.size(); ++j) {
      if (i != j && std::abs(objects[i].position.x - objects[j].position.x) >= kClearlyBeside) {
        pairs.emplace_back(i, j);
      }
    }
  }
  return pairs;
}

std::vector<const SceneObject*> movers(const Scene& scene) {
  std::vector<const SceneObject*> result;
  for (const SceneObject& object : scene.objects) {
    if (object.direction != Direction::none) result.push_back(&object);
  }
  return result;
}

const SceneObject& flashing(const Scene& scene) {
  const auto found =
      std::find_if(scene.objects.begin(), scene.objects.end(),
                   [](const SceneObject& object) { return !object.flashes.empty(); });
  assert(found != scene.objects.end());
  return *found;
}

// `count` of `all`, the answer among them, in random order.
Names choose_candidates(const Names& all, const std::string& answer, std::size_t count,
                        RandomStream& random) {
  Names others;
  for (const std::string& name : all) {
    if (name != answer) others.push_back(name);
  }
  random.shuffle(others);
  others.resize(std::min(others.size(), count - 1));
  others.push_back(answer);
  random.shuffle(others);
  return others;
}

Names numbers(int low, int high) {
  return {number_words().begin() + low, number_words().begin() + high + 1};
}

const std::string& direction_name(Direction direction) {
  static const Names names = {"left", "right", "up", "down"};
  return names.at(static_cast<std::size_t>(direction));
}

std::string opposite(Direction direction) {
  switch (direction) {
    case Direction::left:
      return "right";
    case Direction::right:
      return "left";
    case Direction::up:
      return "down";
    default:
      return "up";
  }
}

void ask_side(Question& question, const Scene& scene, RandomStream& random) {
  const auto [i, j] = random.choose(beside(scene));
  const SceneObject &object = scene.objects[i], &other = scene.objects[j];
  question.candidates = {"left", "right"};
  random.shuffle(question.candidates);
  const float border = i == j ? (kPictureSize - 1) / 2.0f : other.position.x;
  question.answer = object.position.x < border ? "left" : "right";
  question.text = i == j ? random.choose(side_of_picture())
                         : fill(random.choose(phrasings(QuestionType::side)), colour_of(object),
                                colour_of(other));
}

// before and after: objects of a sequence are in order of appearance.
void ask_neighbour(Question& question, const Scene& scene, RandomStream& random) {
  const auto& objects = scene.objects;
  const bool before = question.type == QuestionType::before;
  const std::size_t given = random.below(objects.size() - 1) + (before ? 1 : 0);
  question.text = fill(question.text, colour_of(objects[given]));
  question.answer = colour_of(objects[before ? given - 1 : given + 1]);
  if (before && given + 1 < objects.size())
    question.answer_reversed = colour_of(objects[given + 1]);
  if (!before && given > 0) question.answer_reversed = colour_of(objects[given - 1]);
  Names others = colours_of(objects);
  others.erase(others.begin() + static_cast<std::ptrdiff_t>(given));
  question.candidates = choose_candidates(others, question.answer, others.size(), random);
}

// Whether it is a question that was not asked before.
bool add_new(std::vector<Question>& questions, Question question) {
  for (const Question& earlier : questions) {
    if (earlier.text == question.text) return false;
  }
  questions.push_back(std::move(question));
  return true;
}

}  // namespace

std::string to_string(QuestionType type) { return type_names().at(static_cast<std::size_t>(type)); }

std::optional<QuestionType> question_type(const std::string& name) {
  const auto found = std::find(type_names().begin(), type_names().end(), name);
  if (found == type_names().end()) return std::nullopt;
  return static_cast<QuestionType>(found - type_names().begin());
}

bool is_temporal(QuestionType type) { return type >= QuestionType::direction; }

const std::vector<std::string>& number_words() {
  static const Names names = {"zero", "one", "two", "three", "four"};
  return names;
}

std::vector<QuestionType> askable(const Scene& scene) {
  std::vector<QuestionType> types = {QuestionType::shape};
  if (!unique_shapes(scene).empty()) types.push_back(QuestionType::colour);
  switch (scene.event) {
    case Event::quiet:
      types.push_back(QuestionType::count);
      if (!beside(scene).empty()) types.push_back(QuestionType::side);
      break;
    case Event::motion:
      // With fewer than three objects their number would give the answer away in part.
      if (scene.objects.size() == 3) types.push_back(QuestionType::movers);
      if (!movers(scene).empty()) types.push_back(QuestionType::direction);
      break;
    case Event::sequence:
      types.insert(types.end(), {QuestionType::first, QuestionType::last, QuestionType::before,
                                 QuestionType::after});
      break;
    case Event::cumulative:
      types.insert(types.end(), {QuestionType::first, QuestionType::last});
      break;
    case Event::flash:
      types.insert(types.end(), {QuestionType::flash, QuestionType::flash_count});
      break;
  }
  // Objects that are not shown together cannot be compared in one look.
  const bool together =
      scene.event == Event::quiet || scene.event == Event::motion || scene.event == Event::flash;
  if (together && clearly_largest(scene) != nullptr) types.push_back(QuestionType::largest);
  std::sort(types.begin(), types.end());
  return types;
}

Question ask(const Scene& scene, QuestionType type, RandomStream& random) {
  Question question;
  question.type = type;
  question.text = random.choose(phrasings(type));
  const auto& objects = scene.objects;
  const Names scene_colours = colours_of(objects);
  const auto set = [&](const std::string& answer, const Names& among, std::size_t count) {
    question.answer = answer;
    question.candidates = choose_candidates(among, answer, count, random);
  };
  switch (type) {
    case QuestionType::colour: {
      const SceneObject& object = *random.choose(unique_shapes(scene));
      question.text = fill(question.text, shape_of(object));
      set(colour_of(object), colour_names(), 4);
      break;
    }
    case QuestionType::shape: {
      const SceneObject& object = random.choose(objects);
      question.text = fill(question.text, colour_of(object));
      set(shape_of(object), shape_names(), 4);
      break;
    }
    case QuestionType::count:
      set(number_words()[objects.size()], numbers(1, 4), 4);
      break;
    case QuestionType::side:
      ask_side(question, scene, random);
      break;
    case QuestionType::largest:
      set(colour_of(*clearly_largest(scene)), scene_colours, 4);
      break;
    case QuestionType::direction: {
      const SceneObject& object = *random.choose(movers(scene));
      question.text = fill(question.text, colour_of(object));
      set(direction_name(object.direction), {"left", "right", "up", "down"}, 4);
      question.answer_reversed = opposite(object.direction);
      break;
    }
    case QuestionType::movers:
      set(number_words()[movers(scene).size()], numbers(0, 3), 4);
      break;
    case QuestionType::first:
      set(scene_colours.front(), scene_colours, 4);
      question.answer_reversed = scene_colours.back();
      break;
    case QuestionType::last:
      set(scene_colours.back(), scene_colours, 4);
      question.answer_reversed = scene_colours.front();
      break;
    case QuestionType::before:
    case QuestionType::after:
      ask_neighbour(question, scene, random);
      break;
    case QuestionType::flash:
      set(colour_of(flashing(scene)), scene_colours, 4);
      break;
    case QuestionType::flash_count: {
      const SceneObject& object = flashing(scene);
      question.text = fill(question.text, colour_of(object));
      set(number_words()[object.flashes.size()], numbers(1, 3), 3);
      break;
    }
  }
  return question;
}

std::vector<Question> ask_several(const Scene& scene, int count, RandomStream& random) {
  const std::vector<QuestionType> types = askable(scene);
  std::vector<QuestionType> open_temporal, open_static;
  std::vector<Question> questions;
  for (int repeats = 0; static_cast<int>(questions.size()) < count && repeats < kMostRepeats;) {
    if (open_temporal.empty() && open_static.empty()) {
      for (const QuestionType type : types) {
        (is_temporal(type) ? open_temporal : open_static).push_back(type);
      }
      random.shuffle(open_temporal);
      random.shuffle(open_static);
    }
    const bool temporal =
        open_static.empty() || (!open_temporal.empty() && random.chance(kTemporalShare));
    auto& open = temporal ? open_temporal : open_static;
    Question question = ask(scene, open.back(), random);
    open.pop_back();
    if (!add_new(questions, std::move(question))) ++repeats;
  }
  return questions;
}

std::vector<Question> ask_weighted(const Scene& scene, int count,
                                   const std::map<QuestionType, double>& weights,
                                   RandomStream& random) {
  const std::vector<QuestionType> types = askable(scene);
  std::vector<double> shares;
  for (const QuestionType type : types) {
    const auto weight = weights.find(type);
    shares.push_back(weight == weights.end() ? 1.0 : weight->second);
  }
  std::vector<Question> questions;
  for (int repeats = 0; static_cast<int>(questions.size()) < count && repeats < kMostRepeats;) {
    if (!add_new(questions, ask(scene, types[random.weighted(shares)], random))) ++repeats;
  }
  return questions;
}

}  // namespace winnow::micro_world
