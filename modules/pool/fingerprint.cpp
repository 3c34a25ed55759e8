#include "pool/fingerprint.h"

#include <algorithm>
#include <bit>

namespace winnow {
namespace {

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

}  // namespace winnow
