#include "media/clip_part.h"

#include <algorithm>
#include <cmath>

namespace winnow {
namespace {

// Containers count time in fractions of a millisecond: 1.9999 s is 2 s.
constexpr double kClockStep = 1e-4;

}  // namespace

FrameRange frames_of_part(const Media& media, const std::vector<double>& times) {
  auto first = times.begin(), end = times.end();
  if (media.start) first = std::lower_bound(first, end, *media.start - kClockStep);
  if (media.end) end = std::upper_bound(first, end, *media.end + kClockStep);
  return {first - times.begin(), end - first};
}

FrameRange frames_of_part(const Media& media, std::int64_t total,
                          std::optional<double> frames_per_second) {
  if (!media.is_part() || !frames_per_second) return {0, total};
  // Compared as doubles: far away times make more frames than an integer holds.
  const auto clamped = [&](double frame) {
    return static_cast<std::int64_t>(std::clamp(frame, 0.0, static_cast<double>(total)));
  };
  const double rate = *frames_per_second;
  const std::int64_t first = clamped(std::ceil((media.start.value_or(0.0) - kClockStep) * rate));
  const std::int64_t behind =
      media.end ? clamped(std::floor((*media.end + kClockStep) * rate) + 1) : total;
  return {first, std::max<std::int64_t>(behind - first, 0)};
}

std::optional<double> duration_of_part(const Media& media, std::optional<double> duration) {
  if (!duration || !media.is_part()) return duration;
  const double end = std::min(media.end.value_or(*duration), *duration);
  return std::max(end - media.start.value_or(0.0), 0.0);
}

}  // namespace winnow
