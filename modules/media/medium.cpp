#include "media/medium.h"

#include <cassert>

#include "core/hash.h"

namespace winnow {

std::string to_string(Media::Kind kind) {
  switch (kind) {
    case Media::Kind::image:
      return "image";
    case Media::Kind::frames:
      return "frames";
    case Media::Kind::video:
      return "video";
  }
  assert(false);
  return "";
}

std::string Media::key() const {
  // The digest keeps keys of long frame lists short; its length prefixes keep lists apart.
  Digest digest;
  digest.add(to_string(kind));
  for (const auto& path : paths) digest.add(path.native());
  digest.add(frames_per_second);
  return to_string(kind) + ":" + digest.hex();
}

}  // namespace winnow
