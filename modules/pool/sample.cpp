#include "pool/sample.h"

#include <algorithm>
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

// Where a text names the tag, with `joiners` word joiners behind the name: how long that is.
struct Tag {
  std::size_t size = 0;  // 0: it does not stand there
  std::size_t joiners = 0;
};

constexpr std::string_view kTagName = "<media";
constexpr std::string_view kJoiner = "\xE2\x81\xA0";  // U+2060
static_assert(std::string_view(kMediaPlaceholder) == "<media>");

Tag tag_at(std::string_view text) {
  Tag tag;
  if (!text.starts_with(kTagName)) return tag;
  std::size_t size = kTagName.size();
  for (; text.substr(size).starts_with(kJoiner); size += kJoiner.size()) ++tag.joiners;
  if (text.substr(size).starts_with('>')) tag.size = size + 1;
  return tag;
}

}  // namespace

std::string escape_placeholders(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const std::size_t at = std::min(text.find(kTagName), text.size());
    result += text.substr(0, at);
    text.remove_prefix(at);
    if (text.empty()) break;
    result += kTagName;
    if (tag_at(text).size > 0) result += kJoiner;
    text.remove_prefix(kTagName.size());
  }
  return result;
}

std::vector<std::string> pieces_around_media(const Turn& turn) {
  if (turn.role != Turn::Role::user) return {turn.text};
  std::vector<std::string> pieces(1);
  std::string_view text = turn.text;
  while (!text.empty()) {
    const std::size_t at = std::min(text.find(kTagName), text.size());
    pieces.back() += text.substr(0, at);
    text.remove_prefix(at);
    const Tag tag = tag_at(text);
    if (tag.size > 0 && tag.joiners == 0) {
      pieces.emplace_back();
      text.remove_prefix(tag.size);
    } else if (!text.empty()) {
      pieces.back() += kTagName;
      text.remove_prefix(kTagName.size() + (tag.size > 0 ? kJoiner.size() : 0));
    }
  }
  return pieces;
}

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
    if (!turn.trained) digest.add("untrained");
  }
  if (!tools.empty()) digest.add("tools").add(tools);
  for (const Media& medium : media) {
    digest.add(to_string(medium.kind));
    add_timing(digest, medium);
    digest.add(static_cast<std::uint64_t>(medium.paths.size()));
    for (const auto& path : medium.paths) {
      digest.add(medium.root.empty() ? path.native()
                                     : path.lexically_proximate(medium.root).native());
    }
  }
  return digest.hex();
}

}  // namespace winnow
