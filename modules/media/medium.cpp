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
  add_timing(digest, *this);
  return to_string(kind) + ":" + digest.hex();
}

const std::string* Media::content(std::size_t number) const {
  assert(number < paths.size() && (contents.empty() || contents.size() == paths.size()));
  return contents.empty() ? nullptr : contents[number].get();
}

std::string Media::file_digest(std::size_t number) const {
  const std::string* bytes = content(number);
  return bytes != nullptr ? digest_of_file_content(*bytes) : digest_of_file(paths[number]);
}

void add_timing(Digest& digest, const Media& media) {
  digest.add(media.frames_per_second.value_or(0.0));
  if (media.start) digest.add("start").add(*media.start);
  if (media.end) digest.add("end").add(*media.end);
}

}  // namespace winnow
