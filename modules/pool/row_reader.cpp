#include "pool/row_reader.h"

#include <algorithm>
#include <cctype>
#include <optional>
#include <system_error>
#include <utility>

#include "pool/row_fields.h"

namespace winnow {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kImageWord = "<image>";
constexpr std::string_view kVideoWord = "<video>";

[[noreturn]] void structure_error(const std::string& reason) {
  throw RowError("structure", reason);
}

// A turn cut at its placeholders. `own` is a medium that the turn itself brings.
struct Slot {
  RowPiece::Kind kind = RowPiece::Kind::image;
  std::optional<Media> own;
  bool dropped = false;
};
struct CutTurn {
  Turn::Role role = Turn::Role::user;
  std::vector<std::string> texts;  // one more than slots
  std::vector<Slot> slots;
};

Turn::Role role_of(const std::string& written) {
  std::string name;
  for (const unsigned char c : written) {
    if (!std::isspace(c)) name += static_cast<char>(std::tolower(c));
  }
  if (name == "user" || name == "human") return Turn::Role::user;
  if (name == "assistant" || name == "gpt" || name == "model") return Turn::Role::assistant;
  if (name == "system") return Turn::Role::system;
  structure_error("unknown role '" + written +
                  "'; known are user, human, assistant, gpt, model, system");
}

bool is_blank(const std::string& text) {
  return std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isspace(c); });
}

void cut_text(std::string_view text, CutTurn& turn) {
  if (text.find(kMediaPlaceholder) != std::string_view::npos) {
    structure_error(std::string("the text holds the reserved word ") + kMediaPlaceholder);
  }
  while (turn.role == Turn::Role::user) {
    const std::size_t at = std::min(text.find(kImageWord), text.find(kVideoWord));
    if (at == std::string_view::npos) break;
    turn.texts.back() += text.substr(0, at);
    const bool image = text.substr(at).starts_with(kImageWord);
    turn.slots.push_back({image ? RowPiece::Kind::image : RowPiece::Kind::video, {}, false});
    turn.texts.emplace_back();
    text.remove_prefix(at + (image ? kImageWord : kVideoWord).size());
  }
  turn.texts.back() += text;
}

bool is_llava_video_split(const std::string& source) {
  std::size_t i = 0;
  const auto digits = [&] {
    const std::size_t start = i;
    while (i < source.size() && std::isdigit(static_cast<unsigned char>(source[i]))) ++i;
    return i > start;
  };
  const auto character = [&](std::string_view any) {
    return i < source.size() && any.find(source[i++]) != std::string_view::npos;
  };
  return digits() && character("_") && digits() && character("_") && character("sm") &&
         character("_");
}

std::size_t count_slots(const std::vector<CutTurn>& turns, RowPiece::Kind kind) {
  std::size_t count = 0;
  for (const CutTurn& turn : turns) {
    for (const Slot& slot : turn.slots) count += !slot.own && !slot.dropped && slot.kind == kind;
  }
  return count;
}

// One placeholder for each frame of a clip becomes one for the clip; line breaks between them go.
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

// The media of a row in order, given to placeholders from the front.
struct Queue {
  std::vector<Media> media;
  std::size_t next = 0;
};

}  // namespace

struct RowReader::State {
  fs::path file, media_root;
  PoolOptions options;
  RowParser parser;

  Media medium(RowPiece::Kind kind, const std::vector<std::string>& paths, double rate) const {
    Media result;
    for (const std::string& path : paths) {
      result.paths.push_back((media_root / path).lexically_normal());
    }
    if (kind == RowPiece::Kind::image) {
      result.kind = Media::Kind::image;
    } else if (paths.size() == 1 && !is_picture_path(paths.front())) {
      result.kind = Media::Kind::video;
    } else {
      result.kind = Media::Kind::frames;
      result.frames_per_second = rate;
    }
    return result;
  }

  CutTurn cut(const RowTurn& written) const {
    CutTurn turn;
    turn.role = role_of(written.role);
    turn.texts.emplace_back();
    for (const RowPiece& piece : written.pieces) {
      if (piece.kind == RowPiece::Kind::text) {
        cut_text(piece.text, turn);
        continue;
      }
      if (turn.role != Turn::Role::user) structure_error("a medium stands outside a user turn");
      if (piece.kind == RowPiece::Kind::image && piece.paths.size() > 1) {
        structure_error("an image part names " + std::to_string(piece.paths.size()) + " files");
      }
      Slot slot{piece.kind, {}, false};
      if (!piece.paths.empty()) slot.own = medium(piece.kind, piece.paths, piece.frames_per_second);
      turn.slots.push_back(std::move(slot));
      turn.texts.emplace_back();
    }
    return turn;
  }

  bool is_clip(const RowFields& row, const std::string& source,
               const std::vector<CutTurn>& turns) const {
    if (row.images.empty()) return false;
    if (options.image_lists == PoolOptions::ImageLists::images) return false;
    if (options.image_lists == PoolOptions::ImageLists::frames) return true;
    const bool asks_image = count_slots(turns, RowPiece::Kind::image) > 0;
    const bool asks_video = count_slots(turns, RowPiece::Kind::video) > 0;
    if (!row.videos.empty()) return !(asks_image && asks_video);
    return row.has_video_id || (asks_video && !asks_image) || is_llava_video_split(source);
  }

  void check_exist(const Sample& sample) const {
    for (const Media& medium : sample.media) {
      for (const fs::path& path : medium.paths) {
        std::error_code error;
        if (!fs::is_regular_file(path, error)) {
          throw RowError("missing_media", path.string() + ": no such " +
                                              (fs::exists(path, error) ? "regular file" : "file"));
        }
      }
    }
  }

  Sample sample_of(const RowFields& row, std::int64_t number) const;
};

namespace {

void check_order(const std::vector<CutTurn>& turns) {
  std::size_t i = 0;
  while (i < turns.size() && turns[i].role == Turn::Role::system) ++i;
  if (i == turns.size()) throw RowError("no_answer", "the conversation has no turns");
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
  }
  if (turns.back().role != Turn::Role::assistant) {
    throw RowError("no_answer", "the last turn is the user's");
  }
}

// Fills the placeholders in order; what is left over goes in front of the first user turn.
void place_media(std::vector<CutTurn>& turns, Queue images, Queue videos, Sample& sample) {
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
                      std::to_string(queue->media.size()) + " media");
    }
    for (; queue->media.size() - queue->next > slots; ++queue->next) {
      sample.media.push_back(queue->media[queue->next]);
      front += std::string(kMediaPlaceholder) + "\n";
    }
  }
  for (CutTurn& turn : turns) {
    Turn placed{turn.role, turn.role == Turn::Role::user ? std::exchange(front, "") : ""};
    for (std::size_t i = 0; i < turn.texts.size(); ++i) {
      placed.text += turn.texts[i];
      if (i == turn.slots.size() || turn.slots[i].dropped) continue;
      Slot& slot = turn.slots[i];
      Queue& queue = slot.kind == RowPiece::Kind::image ? images : videos;
      sample.media.push_back(slot.own ? std::move(*slot.own) : queue.media[queue.next++]);
      placed.text += kMediaPlaceholder;
    }
    if (turn.role == Turn::Role::user && is_blank(placed.text)) {
      structure_error("a user turn is empty");
    }
    sample.turns.push_back(std::move(placed));
  }
}

}  // namespace

Sample RowReader::State::sample_of(const RowFields& row, std::int64_t number) const {
  if (!row.messages && !row.conversations) {
    structure_error("the row has neither `messages` nor `conversations`");
  }
  Sample sample;
  sample.id = row.id;
  sample.source = row.source.empty() ? file.stem().string() : row.source;
  sample.file = file.string();
  sample.line = number;
  std::vector<CutTurn> turns;
  for (const RowTurn& turn : row.messages ? *row.messages : *row.conversations) {
    turns.push_back(cut(turn));
  }
  check_order(turns);
  Queue images, videos;
  if (is_clip(row, sample.source, turns)) {
    Media clip = medium(RowPiece::Kind::image, row.images, 0.0);
    clip.kind = Media::Kind::frames;
    clip.frames_per_second = row.frames_per_second;
    videos.media.push_back(std::move(clip));
    const std::size_t slots =
        count_slots(turns, RowPiece::Kind::image) + count_slots(turns, RowPiece::Kind::video);
    if (slots > 1 && slots == row.images.size()) merge_frame_slots(turns);
  } else {
    for (const std::string& path : row.images) {
      images.media.push_back(medium(RowPiece::Kind::image, {path}, 0.0));
    }
    for (const auto& paths : row.videos) {
      videos.media.push_back(medium(RowPiece::Kind::video, paths, row.frames_per_second));
    }
  }
  place_media(turns, std::move(images), std::move(videos), sample);
  if (options.check_media) check_exist(sample);
  return sample;
}

RowReader::RowReader(fs::path file, fs::path media_root, const PoolOptions& options)
    : state_(std::make_unique<State>()) {
  state_->file = std::move(file);
  state_->media_root = std::move(media_root);
  state_->options = options;
}
RowReader::~RowReader() = default;

std::variant<Sample, BadRow> RowReader::read(std::string& line, std::int64_t number) {
  try {
    return state_->sample_of(state_->parser.parse(line), number);
  } catch (const RowError& error) {
    return BadRow{state_->file.string(), number, error.kind(), error.what()};
  }
}

}  // namespace winnow
