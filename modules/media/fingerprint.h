#pragma once
// What a medium shows, in a few bytes: to tell equal media whatever their files are called.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "media/medium.h"

namespace cv {
class Mat;
}

namespace winnow {

// One bit for each of 16 x 16 cells and two directions: whether it gets clearly brighter there to
// the right, or downwards. Survives another size and another compression; what is evenly lit is all
// zeros.
inline constexpr std::size_t kFrameHashBits = 512;
using FrameHash = std::array<std::uint64_t, kFrameHashBits / 64>;

struct MediaFingerprint {
  // Digest of the files' bytes; empty when they could not be read.
  std::string bytes;
  // Of frames spread evenly over the clip, one for an image; empty when nothing could be decoded.
  std::vector<FrameHash> frames;
};

// Number of bits in which two hashes differ.
int distance(const FrameHash& a, const FrameHash& b);

// The largest distance of frames at equal places; nothing can be said (kFrameHashBits) when their
// numbers differ or when a medium has no frame that shows anything.
int distance(const MediaFingerprint& a, const MediaFingerprint& b);

// Never throws for a medium that cannot be read or decoded: what is missing stays empty. Of a clip
// `frames` frames are hashed. Pictures above `maximum_pixels` are not decoded.
MediaFingerprint fingerprint(const Media& media, std::int64_t frames,
                             std::int64_t maximum_pixels = 64'000'000);

// Of an 8-bit picture with one channel or three (RGB).
FrameHash hash_of_frame(const cv::Mat& image);

}  // namespace winnow
