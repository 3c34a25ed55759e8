#pragma once
// Media by what they show; for the searches of decontamination.h.

#include "core/hash.h"
#include "pool/decontamination.h"

namespace winnow {

// Fingerprints of a list's media, in its order.
using Shown = std::vector<const MediaFingerprint*>;

inline Shown shown_in(const std::vector<Media>& media, const Fingerprints& fingerprints) {
  Shown shown;
  for (const Media& medium : media) shown.push_back(&fingerprints.at(medium.key()));
  return shown;
}

// Names what a sample or a question shows: its media's bytes, or their paths where unreadable.
inline std::uint64_t identity_of(const std::vector<Media>& media, const Shown& shown) {
  Digest digest;
  for (std::size_t i = 0; i < media.size(); ++i) {
    digest.add(shown[i]->bytes.empty() ? media[i].key() : shown[i]->bytes);
  }
  return hash64(digest.hex());
}

}  // namespace winnow
