#include "pool/sample.h"

#include <cassert>

#include "core/hash.h"

namespace winnow {
namespace {

const Turn* last_turn(const std::vector<Turn>& turns, Turn::Role role) {
  for (auto turn = turns.rbegin(); turn != turns.rend(); ++turn) {
    if (turn->role == role) return &*turn;
  }
  return nullptr;
}

}  // namespace

std::string to_string(Modality modality) {
  switch (modality) {
    case Modality::text:
      return "text";
    case Modality::image:
      return "image";
    case Modality::video:
      return "video";
  }
  assert(false);
  return "";
}

std::optional<Modality> parse_modality(std::string_view name) {
  for (const Modality modality : {Modality::text, Modality::image, Modality::video}) {
    if (to_string(modality) == name) return modality;
  }
  return std::nullopt;
}

Modality Sample::modality() const {
  for (const Media& medium : media) {
    if (medium.kind != Media::Kind::image) return Modality::video;
  }
  return media.empty() ? Modality::text : Modality::image;
}

const std::string& Sample::question() const {
  const Turn* turn = last_turn(turns, Turn::Role::user);
  assert(turn != nullptr && "a sample has a user turn");
  return turn->text;
}

const std::string& Sample::answer() const {
  assert(!turns.empty() && turns.back().role == Turn::Role::assistant);
  return turns.back().text;
}

std::string Sample::content_digest() const {
  Digest digest;
  digest.add(static_cast<std::uint64_t>(turns.size()));
  for (const Turn& turn : turns) {
    digest.add(static_cast<std::uint64_t>(turn.role)).add(turn.text);
  }
  for (const Media& medium : media) {
    digest.add(to_string(medium.kind)).add(medium.frames_per_second);
    digest.add(static_cast<std::uint64_t>(medium.paths.size()));
    for (const auto& path : medium.paths) {
      digest.add(medium.root.empty() ? path.native()
                                     : path.lexically_proximate(medium.root).native());
    }
  }
  return digest.hex();
}

}  // namespace winnow
