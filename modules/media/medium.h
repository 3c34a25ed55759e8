#pragma once
// One thing to look at: an image, a clip, or the frames of one.

#include <filesystem>
#include <string>
#include <vector>

namespace winnow {

// One thing to look at, in the order of its placeholder in a sample's text.
struct Media {
  enum class Kind {
    image,   // paths = {one image file}
    frames,  // paths = frames of one video, in order (a row's `images` list of a video row)
    video,   // paths = {one container file}
  };
  Kind kind = Kind::image;
  std::vector<std::filesystem::path> paths;  // absolute
  double frames_per_second = 0.0;            // of a `frames` list; 0 when unknown
  std::filesystem::path root = {};           // folder of the whole pool; empty when unknown
  // Stable name for caches: the kind and a digest of paths and rate.
  std::string key() const;
};
std::string to_string(Media::Kind kind);

}  // namespace winnow
