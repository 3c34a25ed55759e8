#pragma once
// One instruction sample: a conversation over media. The unit that is measured, chosen and trained
// on.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "media/medium.h"

namespace winnow {

enum class Modality { text, image, video };
std::string to_string(Modality modality);
// The inverse; nothing for another word.
std::optional<Modality> parse_modality(std::string_view name);

struct Turn {
  enum class Role { system, user, assistant };
  Role role = Role::user;
  // As written, line breaks kept. Each medium stands as kMediaPlaceholder at its place, in user
  // turns only; a row that lacks placeholders gets them in front of its first user turn.
  std::string text;
};
inline constexpr const char* kMediaPlaceholder = "<media>";

// Turns are system turns (if any), then user and assistant in alternation, an assistant turn last.
struct Sample {
  std::string id;      // unique in its pool: the row's id where unique, made unique otherwise
  std::string source;  // sub-dataset name, the unit of quotas and floors
  std::vector<Turn> turns;
  std::vector<Media> media;
  std::string file;  // where it was read
  std::int64_t line = 0;

  // video when any medium is a video or a frame list, else image when there is any, else text.
  Modality modality() const;
  // Text of the last user turn and of the last assistant turn.
  const std::string& question() const;
  const std::string& answer() const;
  // Digest of the conversation's text and of the media's kinds, rates and paths below its root:
  // equal content, equal digest, and the same for a pool that has moved.
  std::string content_digest() const;
};

}  // namespace winnow
