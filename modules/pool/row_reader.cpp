#include "pool/row_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <optional>
#include <utility>

#include "core/printable.h"
#include "pool/row_fields.h"
#include "pool/row_media.h"
#include "pool/row_placing.h"

namespace winnow {
namespace fs = std::filesystem;
namespace {

[[noreturn]] void structure_error(const std::string& reason) {
  throw RowError("structure", reason);
}

Turn::Role role_of(const std::string& written) {
  std::string name;
  for (const unsigned char c : written) {
    if (!std::isspace(c)) name += static_cast<char>(std::tolower(c));
  }
  if (name == "user" || name == "human") return Turn::Role::user;
  if (name == "assistant" || name == "gpt" || name == "bot" || name == "model") {
    return Turn::Role::assistant;
  }
  if (name == "system") return Turn::Role::system;
  for (const char* word : {"tool", "function", "observation"}) {
    if (name.find(word) == std::string::npos) continue;
    throw RowError("unsupported", "a turn of role '" + written + "': calls of tools are not read");
  }
  structure_error("unknown role '" + shortened(written, 80) +
                  "'; known are user, human, assistant, gpt, bot, model, system");
}

}  // namespace

bool names_llava_video_split(const std::string& source) {
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

namespace {

void add_note(Sample& sample, RowNote note) {
  auto& notes = sample.notes;
  if (std::find(notes.begin(), notes.end(), note) == notes.end()) notes.push_back(std::move(note));
}

}  // namespace

struct RowReader::State {
  State(fs::path file_of_rows, fs::path media_root, const PoolOptions& pool_options)
      : file(std::move(file_of_rows)),
        root(media_root),
        media(std::move(media_root)),
        options(pool_options) {}

  fs::path file, root;
  RowMedia media;
  PoolOptions options;
  RowParser parser;

  // `clips`: how many clips the turns before have brought.
  CutTurn cut(const RowTurn& written, const RowFields& row, std::size_t& clips) const {
    CutTurn turn;
    turn.role = role_of(written.role);
    turn.trained = turn.role != Turn::Role::assistant || written.trained;
    turn.texts.emplace_back();
    for (const RowPiece& piece : written.pieces) {
      if (piece.kind == RowPiece::Kind::text) {
        cut_text(piece.text, turn);
        continue;
      }
      if (turn.role != Turn::Role::user) {
        throw RowError("unsupported", "a medium stands outside a user turn");
      }
      if (piece.kind == RowPiece::Kind::image && piece.files.size() > 1) {
        structure_error("an image part names " + std::to_string(piece.files.size()) + " files");
      }
      Slot slot{piece.kind};
      if (!piece.files.empty()) {
        RowTiming timing = piece.timing;
        if (piece.kind == RowPiece::Kind::video) fill_timing(timing, row.timing_of_clip(clips++));
        slot.own = media.make(piece.kind, piece.files, timing);
      }
      turn.slots.push_back(std::move(slot));
      turn.texts.emplace_back();
    }
    return turn;
  }

  // The turns with the system's text, which may stand beside them.
  std::vector<CutTurn> turns_of(const RowFields& row, Sample& sample) const {
    if (!row.turns) {
      structure_error(
          "the row has neither `messages` nor `conversations` (nor `instruction` with `output`)");
    }
    std::vector<CutTurn> turns;
    std::size_t clips = 0;
    for (const RowTurn& turn : *row.turns) turns.push_back(cut(turn, row, clips));
    if (row.system.empty()) return turns;
    if (turns.empty() || turns.front().role != Turn::Role::system) {
      turns.insert(turns.begin(), CutTurn{Turn::Role::system, {row.system}, {}});
    } else if (turns.front().texts.front() != row.system) {
      add_note(sample, {"second_system", ""});
    }
    return turns;
  }

  bool is_clip(const RowFields& row, const std::string& source,
               const std::vector<CutTurn>& turns) const {
    if (row.images.empty()) return false;
    if (options.image_lists == PoolOptions::ImageLists::images) return false;
    if (options.image_lists == PoolOptions::ImageLists::frames) return true;
    const bool asks_image = count_slots(turns, RowPiece::Kind::image) > 0;
    const bool asks_video = count_slots(turns, RowPiece::Kind::video) > 0;
    if (!row.videos.empty()) return !(asks_image && asks_video);
    return row.has_video_id || (asks_video && !asks_image) ||
           (names_llava_video_split(source) && !row.has_null_video_id);
  }

  // What a part does not say of its clip, the row may.
  static void fill_timing(RowTiming& timing, const RowTiming& row) {
    if (!timing.frames_per_second) timing.frames_per_second = row.frames_per_second;
    if (timing.start || timing.end) return;
    timing.start = row.start;
    timing.end = row.end;
  }

  static void check_lists(const RowFields& row, std::size_t clips) {
    for (const RowNumber* number : {&row.frames_per_second, &row.start, &row.end}) {
      if (!number->is_list || number->values.size() == clips) continue;
      structure_error(
          fmt::format("{} rates, starts or ends for {} videos", number->values.size(), clips));
    }
  }

  static void check_boxes(const RowFields& row) {
    if (!row.has_boxes) return;
    for (const RowTurn& turn : *row.turns) {
      for (const RowPiece& piece : turn.pieces) {
        for (const char* word : {"<bbox>", "<ref-object>"}) {
          if (piece.text.find(word) == std::string::npos) continue;
          throw RowError("unsupported",
                         std::string("`objects` are to be written in the place of ") + word +
                             ", each model in its own way; write them in");
        }
      }
    }
  }

  void check_media(Sample& sample) {
    for (const Media& medium : sample.media) {
      if (options.check_media) media.check_exist(medium);
      const fs::path path = media.outside(medium, options.check_media);
      if (path.empty()) continue;
      if (options.outside_media == PoolOptions::OutsideMedia::refuse) {
        throw RowError(
            "outside_media_root",
            shortened(path.string(), 300) + ": lies outside of the media root " + root.string());
      }
      add_note(sample, {"outside_media_root", ""});
    }
  }

  // What the row names and nobody reads, where that may be the reason.
  static std::string hint_of(const RowFields& row) {
    std::string keys;
    const auto add = [&](const std::string& key) {
      keys += (keys.empty() ? "`" : ", `") + key + "`";
    };
    for (const RowNote& note : row.notes) {
      if (note.kind == "unread_media") add(note.what);
    }
    for (const std::string& key : row.maybe_media) add(key);
    if (keys.empty()) return "";
    return "; media are read from `image`, `images`, `video` and `videos`, not from " +
           shortened(keys, 200);
  }

  Sample sample_of(const RowFields& row, std::int64_t number) {
    Sample sample;
    sample.id = row.id;
    sample.source = row.source.empty() ? file.stem().string() : row.source;
    sample.file = file.string();
    sample.line = number;
    sample.tools = row.tools;
    std::vector<CutTurn> turns = turns_of(row, sample);
    check_order(turns);
    check_boxes(row);
    std::vector<Media> images, videos;
    if (is_clip(row, sample.source, turns)) {
      check_lists(row, 1);
      videos.push_back(media.make_frames(row.images, row.timing_of_clip(0)));
      const std::size_t slots =
          count_slots(turns, RowPiece::Kind::image) + count_slots(turns, RowPiece::Kind::video);
      if (slots > 1 && slots == row.images.size()) merge_frame_slots(turns);
    } else {
      if (!row.videos.empty()) check_lists(row, row.videos.size());
      for (const RowFile& image : row.images) {
        images.push_back(media.make(RowPiece::Kind::image, {image}, {}));
      }
      for (std::size_t i = 0; i < row.videos.size(); ++i) {
        videos.push_back(media.make(RowPiece::Kind::video, row.videos[i], row.timing_of_clip(i)));
      }
    }
    place_media(turns, std::move(images), std::move(videos), hint_of(row), sample);
    for (const RowNote& note : row.notes) add_note(sample, note);
    if (sample.media.empty()) {
      for (const std::string& key : row.maybe_media) add_note(sample, {"unread_media", key});
    }
    if (!sample.tools.empty()) add_note(sample, {"tools", ""});
    check_media(sample);
    return sample;
  }
};

RowReader::RowReader(fs::path file, fs::path media_root, const PoolOptions& options)
    : state_(std::make_unique<State>(std::move(file), std::move(media_root), options)) {}
RowReader::~RowReader() = default;

std::variant<Sample, BadRow> RowReader::read(std::string& line, std::int64_t number) {
  try {
    return state_->sample_of(state_->parser.parse(line), number);
  } catch (const RowError& error) {
    return BadRow{state_->file.string(), number, error.kind(), error.what()};
  }
}

}  // namespace winnow
