#pragma once
// Fingerprints of media: of their bytes, and of what their frames look like.

#include "media/frames.h"
#include "pool/fingerprint.h"

namespace winnow {

// Never throws for a medium that cannot be read or decoded: what is missing stays empty. Of a clip
// `frames` frames are hashed.
MediaFingerprint fingerprint(const Media& media, std::int64_t frames,
                             std::int64_t maximum_pixels = SamplingOptions().maximum_pixels);

// Of an 8-bit picture with one channel or three (RGB).
FrameHash hash_of_frame(const cv::Mat& image);

}  // namespace winnow
