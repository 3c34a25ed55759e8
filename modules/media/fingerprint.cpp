#include "media/fingerprint.h"

#include <algorithm>
#include <bit>
#include <opencv2/imgproc.hpp>

#include "core/errors.h"
#include "core/hash.h"
#include "media/frames.h"

namespace winnow {
namespace {

constexpr int kCells = 16;
static_assert(2 * kCells * kCells == kFrameHashBits);
// Grey levels between two cells below which they count as equally bright: compression noise of an
// even background must not set bits.
constexpr float kClearlyBrighter = 4.0f;

std::string digest_of_files(const Media& media) {
  try {
    Digest digest;
    for (std::size_t i = 0; i < media.paths.size(); ++i) digest.add(media.file_digest(i));
    return digest.hex();
  } catch (const IoError&) {
    return "";
  }
}

// A picture with fewer bits than this is nearly blank and says nothing about what it is.
constexpr int kFewestBits = 8;

bool shows_anything(const MediaFingerprint& medium) {
  const FrameHash blank{};
  return std::any_of(medium.frames.begin(), medium.frames.end(),
                     [&](const FrameHash& frame) { return distance(frame, blank) >= kFewestBits; });
}

}  // namespace

int distance(const FrameHash& a, const FrameHash& b) {
  int bits = 0;
  for (std::size_t i = 0; i < a.size(); ++i) bits += std::popcount(a[i] ^ b[i]);
  return bits;
}

int distance(const MediaFingerprint& a, const MediaFingerprint& b) {
  if (a.frames.size() != b.frames.size() || !shows_anything(a) || !shows_anything(b)) {
    return static_cast<int>(kFrameHashBits);
  }
  int largest = 0;
  for (std::size_t i = 0; i < a.frames.size(); ++i) {
    largest = std::max(largest, distance(a.frames[i], b.frames[i]));
  }
  return largest;
}

FrameHash hash_of_frame(const cv::Mat& image) {
  cv::Mat grey, small;
  if (image.channels() == 3) {
    cv::cvtColor(image, grey, cv::COLOR_RGB2GRAY);
  } else {
    grey = image;
  }
  grey.convertTo(grey, CV_32F);
  cv::resize(grey, small, cv::Size(kCells + 1, kCells + 1), 0, 0, cv::INTER_AREA);
  FrameHash hash{};
  std::size_t bit = 0;
  const auto add = [&](float from, float to) {
    if (to - from > kClearlyBrighter) hash[bit / 64] |= std::uint64_t{1} << (bit % 64);
    ++bit;
  };
  for (int y = 0; y < kCells; ++y) {
    for (int x = 0; x < kCells; ++x) {
      add(small.at<float>(y, x), small.at<float>(y, x + 1));
      add(small.at<float>(y, x), small.at<float>(y + 1, x));
    }
  }
  return hash;
}

MediaFingerprint fingerprint(const Media& media, std::int64_t frames, std::int64_t maximum_pixels) {
  MediaFingerprint result;
  result.bytes = digest_of_files(media);
  SamplingOptions sampling;
  sampling.frames = frames;
  sampling.maximum_pixels = maximum_pixels;
  try {
    for (const cv::Mat& image : decode(media, sampling).images) {
      result.frames.push_back(hash_of_frame(image));
    }
  } catch (const DataError&) {
    result.frames.clear();
  }
  return result;
}

}  // namespace winnow
