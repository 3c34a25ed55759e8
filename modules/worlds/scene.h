#pragma once
// A scene of the micro world: a few coloured shapes that stand, move, appear, vanish and flash in
// front of a textured background. A scene is a plain description; render() turns it into pictures
// and truth_of() into what a perfect observer would see.

#include <cstdint>
#include <opencv2/core.hpp>
#include <string>
#include <vector>

#include "core/random.h"
#include "worlds/style.h"

namespace winnow::micro_world {

inline constexpr int kPictureSize = 64;  // pixels, both sides
inline constexpr int kGrid = 4;          // cells of the truth, both sides
inline constexpr int kEventFrames = 8;   // frames in which something happens
inline constexpr int kColours = 6;
inline constexpr int kShapes = 4;

const std::vector<std::string>& colour_names();  // red green blue yellow purple cyan
const std::vector<std::string>& shape_names();   // circle square triangle cross

enum class Direction { left, right, up, down, none };

struct SceneObject {
  int colour = 0;  // index into colour_names(); distinct within a scene
  int shape = 0;   // index into shape_names()
  float radius = 8.0f;
  cv::Point2f position;  // centre in the event's first frame, pixels
  Direction direction = Direction::none;
  float speed = 0.0f;        // pixels per frame
  int rests = 0;             // frames of the event before it moves
  int steps = 0;             // frames it moves
  int appears = 0;           // first frame in which it is visible
  int vanishes = 0;          // first frame in which it no longer is
  std::vector<int> flashes;  // frames in which it is bright
  float brightness = 1.0f;
  float texture_phase = 0.0f;
};

struct Background {
  int begins = 0;  // first frame
  cv::Vec3f colour;
  float amplitude = 0.0f;
  cv::Point2f wave[2];  // radians per pixel
  float phase[2] = {0.0f, 0.0f};
};

// What happens; it decides which questions can be asked.
enum class Event {
  quiet,       // nothing moves; the camera may pan
  motion,      // some objects move
  sequence,    // one object after the other
  cumulative,  // objects appear and stay
  flash,       // one object flashes
};

struct Scene {
  Event event = Event::quiet;
  int frames = 1;
  int event_begins = 0;  // the event takes kEventFrames frames from here (1 in an image)
  std::vector<SceneObject> objects;  // those of the event
  std::vector<SceneObject> fillers;  // stand still before or after the event
  std::vector<Background> backgrounds;
  cv::Point2f pan;  // camera, pixels per frame
  float noise = 0.03f;
  std::uint64_t noise_seed = 0;

  bool is_visible(const SceneObject& object, int frame) const;
  // Centre in the picture at a frame, camera included.
  cv::Point2f centre(const SceneObject& object, int frame) const;
};

struct SceneRequest {
  Event event = Event::quiet;
  int frames = 1;        // 1: an image; otherwise at least kEventFrames
  bool may_pan = false;  // quiet scenes of several frames only
  int objects = 0;       // 0: drawn
};

// Draws a scene. Answers of every question type are uniform by construction: number of objects,
// number of movers, directions, order and colours are drawn first and places afterwards.
Scene draw_scene(const SceneRequest& request, RandomStream& random);

// The same scene seen again: places moved by less than a pixel, other noise, other brightness.
Scene seen_again(const Scene& scene, RandomStream& random);

// One picture per frame: RGB, 8 bits, kPictureSize square, anti-aliased.
std::vector<cv::Mat> render(const Scene& scene, const Style& style);

// What is to be seen where: one entry per visible object.
struct ObjectTruth {
  int cell = 0;  // row * kGrid + column of the centre
  int colour = 0;
  int shape = 0;
  float offset_x = 0.0f, offset_y = 0.0f;  // centre from the cell's middle, in cells: [-0.5, 0.5]
  float radius = 0.0f;                     // pixels of kPictureSize
  bool flashing = false;
};
struct SceneTruth {
  std::vector<std::vector<ObjectTruth>> frames;
};
SceneTruth truth_of(const Scene& scene);

}  // namespace winnow::micro_world
