#pragma once
// Where media stand in a conversation: turns are cut at their placeholders, and the row's media are
// put into the gaps.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pool/row_fields.h"

namespace winnow {

// A placeholder. `own` is a medium that the turn itself brings.
struct Slot {
  RowPiece::Kind kind = RowPiece::Kind::image;
  std::optional<Media> own = {};
  bool dropped = false;
};

struct CutTurn {
  Turn::Role role = Turn::Role::user;
  std::vector<std::string> texts;  // one more than slots
  std::vector<Slot> slots;
  bool trained = true;
};

// Adds a text to a turn; a user's is cut at <image> and <video>.
void cut_text(std::string_view text, CutTurn& turn);

// Placeholders of a kind that wait for a medium of the row.
std::size_t count_slots(const std::vector<CutTurn>& turns, RowPiece::Kind kind);

// One placeholder for each frame of a clip becomes one for the clip; line breaks between them go.
void merge_frame_slots(std::vector<CutTurn>& turns);

// Throws RowError (`structure`, `no_answer`) when user and assistant do not take turns, or when
// nothing is to be learnt.
void check_order(const std::vector<CutTurn>& turns);

// Fills the placeholders of `turns` with the row's media in order and appends turns and media to
// the sample; media left over go in front of the first user turn. `hint` follows the message about
// missing media. Throws RowError (`structure`, `unsupported`).
void place_media(std::vector<CutTurn>& turns, std::vector<Media> images, std::vector<Media> videos,
                 const std::string& hint, Sample& sample);

}  // namespace winnow
