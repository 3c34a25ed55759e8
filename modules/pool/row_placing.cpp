#include "pool/row_placing.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <unordered_map>
#include <utility>

namespace winnow {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kImageWord = "<image>";
constexpr std::string_view kVideoWord = "<video>";

[[noreturn]] void structure_error(const std::string& reason) {
  throw RowError("structure", reason);
}

bool is_blank(const std::string& text) {
  return std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isspace(c); });
}

// The media of a row in order, given to placeholders from the front.
struct Queue {
  std::vector<Media> media;
  std::size_t next = 0;
};

// Parts with files of their own beside the same list at the row: the list says it once more. Only
// as many go as no placeholder waits for.
void drop_repeated(const std::vector<CutTurn>& turns, Queue& images, Queue& videos) {
  std::unordered_map<std::string, std::size_t> own;
  for (const CutTurn& turn : turns) {
    for (const Slot& slot : turn.slots) {
      if (!slot.own) continue;
      for (const fs::path& path : slot.own->paths) ++own[path.native()];
    }
  }
  if (own.empty()) return;
  const std::size_t of_images = count_slots(turns, RowPiece::Kind::image);
  const std::size_t of_videos = count_slots(turns, RowPiece::Kind::video);
  const auto drop = [&](Queue& queue, std::size_t slots) {
    std::size_t surplus = queue.media.size() - std::min(slots, queue.media.size());
    std::erase_if(queue.media, [&](const Media& medium) {
      const bool repeated = std::all_of(medium.paths.begin(), medium.paths.end(), [&](auto& path) {
        const auto found = own.find(path.native());
        return found != own.end() && found->second > 0;
      });
      if (!repeated || surplus == 0) return false;
      for (const fs::path& path : medium.paths) --own[path.native()];
      --surplus;
      return true;
    });
  };
  const bool one_kind = images.media.empty() || videos.media.empty();
  drop(images, one_kind ? of_images + of_videos : of_images);
  drop(videos, one_kind ? of_images + of_videos : of_videos);
}

// Models here answer in words: a medium that waits for a word of another turn cannot be placed.
void check_turns_without_media(const std::vector<CutTurn>& turns) {
  for (std::size_t i = 0; i < turns.size(); ++i) {
    if (turns[i].role == Turn::Role::user) continue;
    const std::string& text = turns[i].texts.front();
    if (text.find(kImageWord) == std::string::npos && text.find(kVideoWord) == std::string::npos) {
      continue;
    }
    const bool answer = turns[i].role == Turn::Role::assistant;
    throw RowError("unsupported",
                   fmt::format("turn {} {}: media are shown to the model by the user alone", i + 1,
                               answer ? "answers with a picture or clip"
                                      : "of the system shows a picture or clip"));
  }
}

}  // namespace

void cut_text(std::string_view text, CutTurn& turn) {
  std::size_t done = 0;
  for (std::size_t at = 0; turn.role == Turn::Role::user; ++at) {
    at = text.find('<', at);
    if (at == std::string_view::npos) break;
    const bool image = text.substr(at).starts_with(kImageWord);
    if (!image && !text.substr(at).starts_with(kVideoWord)) continue;
    turn.texts.back() += text.substr(done, at - done);
    turn.slots.push_back({image ? RowPiece::Kind::image : RowPiece::Kind::video});
    turn.texts.emplace_back();
    done = at + (image ? kImageWord : kVideoWord).size();
  }
  turn.texts.back() += text.substr(done);
}

std::size_t count_slots(const std::vector<CutTurn>& turns, RowPiece::Kind kind) {
  std::size_t count = 0;
  for (const CutTurn& turn : turns) {
    for (const Slot& slot : turn.slots) count += !slot.own && !slot.dropped && slot.kind == kind;
  }
  return count;
}

void merge_frame_slots(std::vector<CutTurn>& turns) {
  bool first = true;
  for (CutTurn& turn : turns) {
    for (std::size_t i = 0; i < turn.slots.size(); ++i) {
      if (turn.slots[i].own) continue;
      if (first) {
        first = false;
        continue;
      }
      turn.slots[i].dropped = true;
      if (!turn.texts[i].empty() && turn.texts[i].back() == '\n') turn.texts[i].pop_back();
    }
  }
}

void check_order(const std::vector<CutTurn>& turns) {
  std::size_t i = 0;
  while (i < turns.size() && turns[i].role == Turn::Role::system) ++i;
  if (i == turns.size()) throw RowError("no_answer", "the conversation has no turns");
  bool trained = false;
  for (bool user = true; i < turns.size(); ++i, user = !user) {
    const Turn::Role expected = user ? Turn::Role::user : Turn::Role::assistant;
    if (turns[i].role != expected) {
      structure_error("turn " + std::to_string(i + 1) + " should be the " +
                      (user ? "user's" : "assistant's") +
                      ": user and assistant take turns, after any system turns");
    }
    if (!user && is_blank(turns[i].texts.front())) {
      throw RowError("no_answer", "turn " + std::to_string(i + 1) + " of the assistant is empty");
    }
    trained = trained || (!user && turns[i].trained);
  }
  if (turns.back().role != Turn::Role::assistant) {
    throw RowError("no_answer", "the last turn is the user's");
  }
  if (!trained) throw RowError("no_answer", "every turn of the assistant has `loss`: false");
}

void place_media(std::vector<CutTurn>& turns, std::vector<Media> of_images,
                 std::vector<Media> of_videos, const std::string& hint, Sample& sample) {
  Queue images{std::move(of_images)}, videos{std::move(of_videos)};
  drop_repeated(turns, images, videos);
  const bool one_kind = images.media.empty() || videos.media.empty();
  if (one_kind) {  // either word stands for it
    const auto kind = images.media.empty() ? RowPiece::Kind::video : RowPiece::Kind::image;
    for (CutTurn& turn : turns) {
      for (Slot& slot : turn.slots) slot.kind = kind;
    }
  }
  std::string front;
  for (Queue* queue : {&images, &videos}) {
    const auto kind = queue == &images ? RowPiece::Kind::image : RowPiece::Kind::video;
    const std::size_t slots = count_slots(turns, kind);
    if (slots > queue->media.size()) {
      structure_error(std::to_string(slots) + " placeholders for " +
                      std::to_string(queue->media.size()) + " media" + hint);
    }
    if (slots < queue->media.size()) check_turns_without_media(turns);
    for (; queue->media.size() - queue->next > slots; ++queue->next) {
      sample.media.push_back(queue->media[queue->next]);
      front += std::string(kMediaPlaceholder) + "\n";
    }
  }
  for (CutTurn& turn : turns) {
    const bool user = turn.role == Turn::Role::user;
    Turn placed{turn.role, user ? std::exchange(front, "") : "", turn.trained};
    std::string text;
    for (std::size_t i = 0; i < turn.texts.size(); ++i) {
      text += turn.texts[i];
      if (i < turn.slots.size() && turn.slots[i].dropped) continue;
      placed.text += user ? escape_placeholders(std::exchange(text, "")) : std::exchange(text, "");
      if (i == turn.slots.size()) continue;
      Slot& slot = turn.slots[i];
      Queue& queue = slot.kind == RowPiece::Kind::image ? images : videos;
      sample.media.push_back(slot.own ? std::move(*slot.own) : queue.media[queue.next++]);
      placed.text += kMediaPlaceholder;
    }
    if (user && is_blank(placed.text)) structure_error("a user turn is empty");
    sample.turns.push_back(std::move(placed));
  }
}

}  // namespace winnow
