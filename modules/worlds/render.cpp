#include <algorithm>
#include <array>
#include <cmath>

#include "worlds/scene.h"

namespace winnow::micro_world {
namespace {

const std::array<cv::Vec3f, kColours> kPaint = {
    cv::Vec3f{0.85f, 0.11f, 0.10f}, cv::Vec3f{0.12f, 0.68f, 0.14f}, cv::Vec3f{0.13f, 0.22f, 0.90f},
    cv::Vec3f{0.88f, 0.82f, 0.10f}, cv::Vec3f{0.66f, 0.16f, 0.78f}, cv::Vec3f{0.10f, 0.76f, 0.80f}};

float box_distance(float x, float y, float half_width, float half_height) {
  return std::max(std::abs(x) - half_width, std::abs(y) - half_height);
}

// Signed distance (negative inside) of a point from the outline of a shape of radius r at 0.
float distance_to_outline(int shape, float x, float y, float r) {
  switch (shape) {
    case 0:
      return std::hypot(x, y) - 0.94f * r;
    case 1:
      return box_distance(x, y, 0.82f * r, 0.82f * r);
    case 2: {  // equilateral, one corner up
      const float slanted = 0.8660254f * std::abs(x) - 0.5f * y;
      return std::max(slanted, y) - 0.58f * r;
    }
    default:
      return std::min(box_distance(x, y, r, 0.34f * r), box_distance(x, y, 0.34f * r, r));
  }
}

void paint_background(cv::Mat& picture, const Background& background, cv::Point2f moved) {
  std::array<std::array<float, kPictureSize>, 2> sine, cosine;
  for (int i = 0; i < 2; ++i) {
    for (int x = 0; x < kPictureSize; ++x) {
      const float angle =
          background.wave[i].x * (static_cast<float>(x) - moved.x) + background.phase[i];
      sine[i][x] = std::sin(angle);
      cosine[i][x] = std::cos(angle);
    }
  }
  for (int y = 0; y < kPictureSize; ++y) {
    auto* row = picture.ptr<cv::Vec3f>(y);
    std::array<float, 2> s, c;
    for (int i = 0; i < 2; ++i) {
      const float angle = background.wave[i].y * (static_cast<float>(y) - moved.y);
      s[i] = std::sin(angle);
      c[i] = std::cos(angle);
    }
    for (int x = 0; x < kPictureSize; ++x) {
      const float wave = background.amplitude * (sine[0][x] * c[0] + cosine[0][x] * s[0] +
                                                 sine[1][x] * c[1] + cosine[1][x] * s[1]);
      row[x] = background.colour + cv::Vec3f(wave, wave, wave);
    }
  }
}

void paint_object(cv::Mat& picture, const SceneObject& object, cv::Point2f centre, bool flashing) {
  const int reach = static_cast<int>(std::ceil(object.radius * 1.2f)) + 1;
  const int left = std::max(0, static_cast<int>(centre.x) - reach);
  const int right = std::min(kPictureSize - 1, static_cast<int>(centre.x) + reach);
  const int top = std::max(0, static_cast<int>(centre.y) - reach);
  const int bottom = std::min(kPictureSize - 1, static_cast<int>(centre.y) + reach);
  cv::Vec3f paint = kPaint[static_cast<std::size_t>(object.colour)] * object.brightness;
  if (flashing) paint = paint * 0.4f + cv::Vec3f(0.6f, 0.6f, 0.6f);
  for (int y = top; y <= bottom; ++y) {
    auto* row = picture.ptr<cv::Vec3f>(y);
    for (int x = left; x <= right; ++x) {
      const float dx = static_cast<float>(x) - centre.x, dy = static_cast<float>(y) - centre.y;
      // Half a pixel on both sides of the outline is the coverage of a box filter.
      const float cover =
          std::clamp(0.5f - distance_to_outline(object.shape, dx, dy, object.radius), 0.0f, 1.0f);
      if (cover <= 0) continue;
      const float texture = 1 + 0.06f * std::sin(0.9f * dx + 0.7f * dy + object.texture_phase);
      row[x] = row[x] * (1 - cover) + paint * (cover * texture);
    }
  }
}

}  // namespace

std::vector<cv::Mat> render(const Scene& scene, const Style& style) {
  std::vector<cv::Mat> frames;
  cv::Mat picture(kPictureSize, kPictureSize, CV_32FC3);
  for (int frame = 0; frame < scene.frames; ++frame) {
    const Background* background = &scene.backgrounds.front();
    for (const Background& candidate : scene.backgrounds) {
      if (candidate.begins <= frame) background = &candidate;
    }
    const int elapsed = std::clamp(frame - scene.event_begins, 0, kEventFrames - 1);
    paint_background(picture, *background, scene.pan * static_cast<float>(elapsed));
    for (const auto* group : {&scene.objects, &scene.fillers}) {
      for (const SceneObject& object : *group) {
        if (!scene.is_visible(object, frame)) continue;
        const bool flashing =
            std::find(object.flashes.begin(), object.flashes.end(), frame) != object.flashes.end();
        paint_object(picture, object, scene.centre(object, frame), flashing);
      }
    }
    frames.push_back(photograph(picture, style, scene.noise,
                                scene.noise_seed + 0x9e3779b97f4a7c15ULL * (frame + 1)));
  }
  return frames;
}

}  // namespace winnow::micro_world
