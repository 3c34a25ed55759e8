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
  // Whether an assistant turn counts in the loss; a row can exclude it (`loss: false`).
  bool trained = true;

  bool is_trained() const { return role == Role::assistant && trained; }
};
inline constexpr const char* kMediaPlaceholder = "<media>";

// The text around the media of a turn: one piece more than it has media. A user who writes about
// the tag "<media>" himself gets it back here; in Turn::text it stands with an invisible word
// joiner before its ">", put there by escape_placeholders().
std::vector<std::string> pieces_around_media(const Turn& turn);
std::string escape_placeholders(std::string_view text);

// Something in a row that is not honoured although the row is readable: counted and reported by
// pool/row_notes.h.
struct RowNote {
  std::string kind;  // "unread_media", see row_notes.h
  std::string what;  // the user's own key; empty where the kind says it all
  bool operator==(const RowNote&) const = default;
};

// Turns are system turns (if any), then user and assistant in alternation, an assistant turn last.
struct Sample {
  std::string id;      // unique in its pool: the row's id where unique, made unique otherwise
  std::string source;  // sub-dataset name, the unit of quotas and floors
  std::vector<Turn> turns;
  std::vector<Media> media;
  std::string tools = {};  // descriptions of callable tools, JSON text; models are not shown them
  std::string file = {};   // where it was read
  std::int64_t line = 0;
  std::vector<RowNote> notes = {};

  // video when any medium is a video or a frame list, else image when there is any, else text.
  Modality modality() const;
  // Text of the last user turn and of the last assistant turn.
  const std::string& question() const;
  const std::string& answer() const;
  // Digest of the conversation's text, of what is trained of it, and of the media's kinds, rates,
  // parts and paths below its root: equal content, equal digest, and the same for a pool that has
  // moved.
  std::string content_digest() const;
};

}  // namespace winnow
