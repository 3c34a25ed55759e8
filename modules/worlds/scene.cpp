#include "worlds/scene.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numeric>

namespace winnow::micro_world {
namespace {

constexpr float kTriangleReach = 1.16f;  // circumradius over radius; the other shapes stay inside
constexpr float kGap = 2.5f;             // pixels between two objects, at least

cv::Point2f step(Direction direction) {
  switch (direction) {
    case Direction::left:
      return {-1, 0};
    case Direction::right:
      return {1, 0};
    case Direction::up:
      return {0, -1};
    case Direction::down:
      return {0, 1};
    case Direction::none:
      return {0, 0};
  }
  return {0, 0};
}

float real(RandomStream& random, double low, double high) {
  return static_cast<float>(random.uniform(low, high));
}

// `count` ascending frames of [0, frames), no two of them adjacent.
std::vector<int> separated_frames(int count, int frames, RandomStream& random) {
  const auto chosen = random.sample_indices(frames - count + 1, count);
  std::vector<int> result(chosen.begin(), chosen.end());
  std::sort(result.begin(), result.end());
  for (int i = 0; i < count; ++i) result[i] += i;
  return result;
}

Background draw_background(int begins, RandomStream& random) {
  Background background;
  background.begins = begins;
  const double level = random.uniform(0.12, 0.42);
  for (int c = 0; c < 3; ++c) background.colour[c] = real(random, level - 0.05, level + 0.05);
  background.amplitude = real(random, 0.01, 0.05);
  for (int i = 0; i < 2; ++i) {
    const double angle = random.uniform(0, 2 * CV_PI), wave = 2 * CV_PI / random.uniform(8, 30);
    background.wave[i] = {static_cast<float>(wave * std::cos(angle)),
                          static_cast<float>(wave * std::sin(angle))};
    background.phase[i] = real(random, 0, 2 * CV_PI);
  }
  return background;
}

// Radii such that in most scenes one object is clearly the largest.
void draw_sizes(std::vector<SceneObject>& objects, RandomStream& random) {
  const bool one_large = objects.size() > 1 && random.chance(0.6);
  const std::size_t large = random.below(objects.size());
  for (std::size_t i = 0; i < objects.size(); ++i) {
    if (one_large) {
      objects[i].radius = i == large ? real(random, 10.2, 11.0) : real(random, 7.5, 8.3);
    } else {
      objects[i].radius = real(random, 7.5, objects.size() > 3 ? 8.8 : 10.0);
    }
  }
}

bool shown_together(const SceneObject& a, const SceneObject& b) {
  return std::max(a.appears, b.appears) < std::min(a.vanishes, b.vanishes);
}

bool placement_is_free(const Scene& scene, std::size_t placed) {
  const SceneObject& object = scene.objects[placed];
  const int begin = scene.event_begins;
  const int end = std::min(begin + kEventFrames, scene.frames);
  const float margin = object.radius * kTriangleReach + 0.5f;
  for (int frame = begin; frame < end; ++frame) {
    const cv::Point2f centre = scene.centre(object, frame);
    if (std::min(centre.x, centre.y) < margin) return false;
    if (std::max(centre.x, centre.y) > kPictureSize - 1 - margin) return false;
    for (std::size_t other = 0; other < placed; ++other) {
      const SceneObject& second = scene.objects[other];
      if (!shown_together(object, second)) continue;
      const cv::Point2f apart = centre - scene.centre(second, frame);
      if (std::hypot(apart.x, apart.y) < object.radius + second.radius + kGap) return false;
    }
  }
  return true;
}

// Finds places for all objects. The answers are already drawn, so a scene that does not fit is
// slowed down and tried again rather than redrawn.
//
// Every object has a quarter of the picture of its own: a vision tower then has one object in each
// of its tokens, and what a small model learns of one question is not spent on unmixing them. A
// mover's path has its middle there and may leave it at both ends: were it to stay, it would have
// to begin at the border that it moves away from, and the first frame would tell its direction.
void place(Scene& scene, RandomStream& random) {
  std::vector<int> quarters = {0, 1, 2, 3};
  assert(scene.objects.size() <= quarters.size());
  for (int round = 0;; ++round) {
    bool fits = true;
    random.shuffle(quarters);
    for (std::size_t i = 0; i < scene.objects.size() && fits; ++i) {
      SceneObject& object = scene.objects[i];
      const cv::Point2f travel =
          step(object.direction) * object.speed * static_cast<float>(object.steps);
      const cv::Point2f drift =
          scene.pan * static_cast<float>(std::min(kEventFrames, scene.frames) - 1);
      // A mover keeps as far from the border across its path as along it, lest its place tell its
      // direction.
      const float path = std::max(std::abs(travel.x), std::abs(travel.y)) / 2;
      const float margin = object.radius * kTriangleReach + 0.5f + path;
      const float border = kPictureSize - 1 - margin, middle = kPictureSize / 2.0f;
      const bool right = quarters[i] % 2 == 1, below = quarters[i] / 2 == 1;
      const float low_x = (right ? middle + 1 : margin) + std::max(0.0f, -drift.x);
      const float low_y = (below ? middle + 1 : margin) + std::max(0.0f, -drift.y);
      const float high_x = (right ? border : middle - 1) - std::max(0.0f, drift.x);
      const float high_y = (below ? border : middle - 1) - std::max(0.0f, drift.y);
      fits = false;
      if (low_x > high_x || low_y > high_y) continue;
      for (int attempt = 0; attempt < 25 && !fits; ++attempt) {
        const cv::Point2f centre(real(random, low_x, high_x), real(random, low_y, high_y));
        object.position = centre - travel / 2;
        fits = placement_is_free(scene, i);
      }
    }
    if (fits) return;
    if (round % 12 == 11) {
      scene.pan *= 0.75f;
      for (SceneObject& object : scene.objects) {
        object.speed = std::max(1.6f, object.speed * 0.85f);
        object.radius = std::max(7.0f, object.radius * 0.97f);
      }
    }
  }
}

int draw_object_count(const SceneRequest& request, RandomStream& random) {
  if (request.objects > 0) return request.objects;
  switch (request.event) {
    case Event::quiet:
      return static_cast<int>(random.integer(1, 4));
    case Event::motion:
      return static_cast<int>(1 + random.weighted({0.2, 0.25, 0.55}));
    case Event::sequence:
      return static_cast<int>(random.integer(3, 4));
    case Event::cumulative:
      return 3;
    case Event::flash:
      return 3;
  }
  return 1;
}

void draw_event(Scene& scene, const SceneRequest& request, RandomStream& random) {
  const int begin = scene.event_begins, count = static_cast<int>(scene.objects.size());
  switch (request.event) {
    case Event::quiet:
      if (request.may_pan && scene.frames > 1) {
        const double angle = random.uniform(0, 2 * CV_PI), speed = random.uniform(1.2, 2.4);
        scene.pan = {static_cast<float>(speed * std::cos(angle)),
                     static_cast<float>(speed * std::sin(angle))};
      }
      break;
    case Event::motion: {
      const auto movers = static_cast<std::size_t>(random.integer(0, count));
      for (const std::size_t i : random.sample_indices(count, movers)) {
        scene.objects[i].direction = static_cast<Direction>(random.below(4));
        scene.objects[i].speed = real(random, 1.8, 2.6);
        // A part of the clip: a shorter path leaves more places open, which then tell less.
        scene.objects[i].steps = static_cast<int>(random.integer(4, 5));
        scene.objects[i].rests =
            static_cast<int>(random.integer(0, kEventFrames - 1 - scene.objects[i].steps));
      }
      break;
    }
    case Event::sequence: {
      const auto spare = static_cast<std::uint64_t>(kEventFrames - 2 * count);
      int frame = begin + static_cast<int>(random.below(spare + 1));
      for (SceneObject& object : scene.objects) {
        object.appears = frame;
        object.vanishes = frame += 2;
      }
      break;
    }
    case Event::cumulative: {
      const std::vector<int> times = separated_frames(count, kEventFrames - 1, random);
      for (int i = 0; i < count; ++i) scene.objects[i].appears = begin + times[i];
      break;
    }
    case Event::flash: {
      const auto flashes = static_cast<int>(random.integer(1, 3));
      SceneObject& object = scene.objects[random.below(scene.objects.size())];
      object.flashes = separated_frames(flashes, kEventFrames, random);
      for (int& frame : object.flashes) frame += begin;
      break;
    }
  }
}

// Pieces of at most kEventFrames frames before and after the event. They are empty where an extra
// object would make an answer wrong (counts, order); elsewhere they may show one that stands still
// and whose colour is not in the event.
void draw_fillers(Scene& scene, const std::vector<std::size_t>& unused_colours,
                  RandomStream& random) {
  const int event_ends = scene.event_begins + kEventFrames;
  const bool may_hold_objects = scene.event == Event::motion || scene.event == Event::flash;
  std::vector<std::pair<int, int>> pieces;
  for (int frame = 0; frame < scene.event_begins; frame += kEventFrames) {
    pieces.emplace_back(frame, std::min(frame + kEventFrames, scene.event_begins));
  }
  for (int frame = event_ends; frame < scene.frames; frame += kEventFrames) {
    pieces.emplace_back(frame, std::min(frame + kEventFrames, scene.frames));
  }
  for (const auto& [begin, end] : pieces) {
    scene.backgrounds.push_back(draw_background(begin, random));
    if (!may_hold_objects || unused_colours.empty() || random.chance(0.5)) continue;
    SceneObject object;
    object.colour = static_cast<int>(random.choose(unused_colours));
    object.shape = static_cast<int>(random.below(kShapes));
    object.radius = real(random, 7.5, 10.0);
    object.position = {real(random, 13, 50), real(random, 13, 50)};
    object.appears = begin;
    object.vanishes = end;
    object.brightness = real(random, 0.9, 1.05);
    object.texture_phase = real(random, 0, 2 * CV_PI);
    scene.fillers.push_back(object);
  }
}

}  // namespace

const std::vector<std::string>& colour_names() {
  static const std::vector<std::string> names = {"red",    "green",  "blue",
                                                 "yellow", "purple", "cyan"};
  return names;
}

const std::vector<std::string>& shape_names() {
  static const std::vector<std::string> names = {"circle", "square", "triangle", "cross"};
  return names;
}

bool Scene::is_visible(const SceneObject& object, int frame) const {
  return frame >= object.appears && frame < object.vanishes;
}

cv::Point2f Scene::centre(const SceneObject& object, int frame) const {
  const int elapsed = std::clamp(frame - event_begins, 0, kEventFrames - 1);
  const int moved = std::clamp(elapsed - object.rests, 0, object.steps);
  return object.position + step(object.direction) * (object.speed * static_cast<float>(moved)) +
         pan * static_cast<float>(elapsed);
}

Scene draw_scene(const SceneRequest& request, RandomStream& random) {
  assert(request.frames == 1 || request.frames >= kEventFrames);
  assert(request.frames > 1 || request.event == Event::quiet);
  Scene scene;
  scene.event = request.event;
  scene.frames = request.frames;
  const int length = std::min(kEventFrames, request.frames);
  scene.event_begins = static_cast<int>(random.integer(0, request.frames - length));
  scene.noise = real(random, 0.015, 0.035);
  scene.noise_seed = random.next();
  scene.backgrounds.push_back(draw_background(scene.event_begins, random));
  scene.objects.resize(static_cast<std::size_t>(draw_object_count(request, random)));
  const auto colours = random.sample_indices(kColours, kColours);
  for (std::size_t i = 0; i < scene.objects.size(); ++i) {
    SceneObject& object = scene.objects[i];
    object.colour = static_cast<int>(colours[i]);
    object.shape = static_cast<int>(random.below(kShapes));
    object.appears = scene.event_begins;
    object.vanishes = scene.event_begins + length;
    object.brightness = real(random, 0.9, 1.05);
    object.texture_phase = real(random, 0, 2 * CV_PI);
  }
  draw_sizes(scene.objects, random);
  draw_event(scene, request, random);
  place(scene, random);
  if (request.frames > length) {
    const std::vector<std::size_t> unused(
        colours.begin() + static_cast<std::ptrdiff_t>(scene.objects.size()), colours.end());
    draw_fillers(scene, unused, random);
    std::sort(scene.backgrounds.begin(), scene.backgrounds.end(),
              [](const Background& a, const Background& b) { return a.begins < b.begins; });
  }
  return scene;
}

Scene seen_again(const Scene& scene, RandomStream& random) {
  Scene again = scene;
  const cv::Point2f shake(real(random, -0.45, 0.45), real(random, -0.45, 0.45));
  for (auto* group : {&again.objects, &again.fillers}) {
    for (SceneObject& object : *group) {
      object.position += shake;
      object.brightness *= real(random, 0.98, 1.02);
    }
  }
  again.noise_seed = random.next();
  return again;
}

SceneTruth truth_of(const Scene& scene) {
  SceneTruth truth;
  truth.frames.resize(static_cast<std::size_t>(scene.frames));
  constexpr float kCell = static_cast<float>(kPictureSize) / kGrid;
  for (int frame = 0; frame < scene.frames; ++frame) {
    for (const auto* group : {&scene.objects, &scene.fillers}) {
      for (const SceneObject& object : *group) {
        if (!scene.is_visible(object, frame)) continue;
        // Pixel centres lie at whole numbers, so the picture spans [-0.5, size - 0.5].
        const cv::Point2f place = (scene.centre(object, frame) + cv::Point2f(0.5f, 0.5f)) / kCell;
        const int column = std::clamp(static_cast<int>(place.x), 0, kGrid - 1);
        const int row = std::clamp(static_cast<int>(place.y), 0, kGrid - 1);
        ObjectTruth seen;
        seen.cell = row * kGrid + column;
        seen.colour = object.colour;
        seen.shape = object.shape;
        seen.offset_x = place.x - static_cast<float>(column) - 0.5f;
        seen.offset_y = place.y - static_cast<float>(row) - 0.5f;
        seen.radius = object.radius;
        seen.flashing =
            std::find(object.flashes.begin(), object.flashes.end(), frame) != object.flashes.end();
        truth.frames[static_cast<std::size_t>(frame)].push_back(seen);
      }
    }
  }
  return truth;
}

}  // namespace winnow::micro_world
