// The conversation of a row: turns, and the parts of their content.

#include <algorithm>
#include <optional>

#include "pool/row_json.h"

namespace winnow::row_json {
namespace {

namespace ondemand = simdjson::ondemand;
using ondemand::json_type;

bool one_of(std::string_view key, std::initializer_list<std::string_view> keys) {
  return std::find(keys.begin(), keys.end(), key) != keys.end();
}

// The file of a part. What names a kind of medium comes first; beside it an address is where the
// file was fetched from.
class PartFile {
 public:
  // Whether `key` may name a file.
  bool take(std::string_view key, Value value) {
    const int rank = one_of(key, {"image", "image_url", "video", "video_url"}) ? 3
                     : one_of(key, {"path", "base64"})                         ? 2
                     // Anthropic's {type: base64, data} or {type: url, url}
                     : key == "source" && value.type() == json_type::object ? 2
                     : key == "url"                                         ? 1
                                                                            : 0;
    if (rank == 0) return false;
    if (rank < rank_ || value.is_null() || is_blank_text(value)) return true;
    if (key == "url" && value.type() == json_type::string) {
      address_ = text_of(value);
      return true;
    }
    std::vector<RowFile> files = key == "base64"
                                     ? std::vector{file_of_base64(text_of(value), "content")}
                                     : files_of(value, "content");
    if (files.empty()) return true;
    if (rank == 3) kind = key.substr(0, std::string_view("image").size());
    files_ = std::move(files);
    rank_ = rank;
    return true;
  }

  std::vector<RowFile> files() {
    if (files_.empty() && !address_.empty()) return {file_of_text(std::move(address_), "content")};
    return std::move(files_);
  }

  std::string kind;  // "image" or "video" where a key says so

 private:
  std::vector<RowFile> files_;
  std::string address_;
  int rank_ = 0;
};

// Sets what `key` says of a clip's time; whether it was such a key. `rank`: of the rate so far.
bool read_timing(std::string_view key, Value value, RowTiming& timing, int& rank) {
  const TimingKey kind = timing_key(key);
  if (kind.is == TimingKey::Is::none) return false;
  const std::optional<double> number = number_of(value);
  if (!number) return value.is_null();
  if (kind.is == TimingKey::Is::start) {
    timing.start = number;
  } else if (kind.is == TimingKey::Is::end) {
    timing.end = number;
  } else if (kind.rank > rank) {
    timing.frames_per_second = number;
    rank = kind.rank;
  }
  return true;
}

RowPiece part_of(Object object, std::vector<RowNote>& notes) {
  RowPiece piece;
  std::string type, text;
  bool has_text = false;
  PartFile file;
  int rank = 0;
  for (ondemand::field field : object) {
    const std::string_view key = field.unescaped_key();
    Value value = field.value();
    if (key == "type") {
      type = text_or_number(value).value_or("");
    } else if (key == "text") {
      has_text = !value.is_null();
      text = text_or_number(value).value_or("");
    } else if (!file.take(key, value) && !read_timing(key, value, piece.timing, rank) &&
               !is_empty(value)) {
      notes.push_back({"unread_key", "content: " + std::string(key)});
    }
  }
  if (type.empty()) type = !file.kind.empty() ? file.kind : has_text ? "text" : "";
  if (type == "text") return {RowPiece::Kind::text, std::move(text)};
  const bool image = one_of(type, {"image", "image_url"});
  if (!image && !one_of(type, {"video", "video_url"})) {
    const std::string reason =
        "a content part has type '" + type + "'; known are text, image, video";
    if (type.find("audio") != std::string::npos || type.find("tool") != std::string::npos) {
      throw RowError("unsupported", reason);
    }
    structure_error(reason);
  }
  piece.kind = image ? RowPiece::Kind::image : RowPiece::Kind::video;
  piece.files = file.files();
  if (!image && piece.files.size() == 1 && !is_picture_path(piece.files.front().path) && rank > 0) {
    // Of a container a rate is a wish how to sample it, which the model's own options decide.
    notes.push_back({"unread_key", "content: fps of a video file"});
  }
  return piece;
}

std::vector<RowPiece> content_of(Value value, std::vector<RowNote>& notes) {
  if (value.is_null()) return {};
  if (value.type() != json_type::array) {
    const auto text = text_or_number(value);
    if (!text) structure_error("a turn's content must be text or a list of parts");
    return {{RowPiece::Kind::text, *text}};
  }
  std::vector<RowPiece> pieces;
  for (Value entry : value.get_array()) {
    if (entry.type() == json_type::object) {
      pieces.push_back(part_of(entry.get_object(), notes));
    } else if (entry.type() == json_type::string) {
      pieces.push_back({RowPiece::Kind::text, text_of(entry)});
    } else {
      structure_error("a content part must be an object or text");
    }
  }
  return pieces;
}

std::vector<RowPiece> text_piece(std::string text) {
  return {{RowPiece::Kind::text, std::move(text)}};
}

// ms-swift's `loss` and `loss_scale`, OpenAI's `weight`: nothing where the turn does not say.
std::optional<bool> trained_by(std::string_view key, Value value, std::vector<RowNote>& notes) {
  if (value.is_null()) return std::nullopt;
  if (value.type() == json_type::boolean) return bool(value.get_bool());
  const std::optional<double> scale = number_of(value);
  if (scale && (*scale == 0.0 || *scale == 1.0)) return *scale == 1.0;
  notes.push_back({"unread_key", std::string(key)});
  return std::nullopt;
}

// One turn; of {human, assistant} pairs two.
class TurnReader {
 public:
  explicit TurnReader(std::vector<RowNote>& notes) : notes_(notes) {}

  std::vector<RowTurn> read(Object object) {
    for (ondemand::field field : object) {
      const std::string_view key = field.unescaped_key();
      take(key, field.value());
    }
    if (question_ && answer_ && !role_ && !from_) {
      return {{"user", text_piece(std::move(*question_))},
              {"assistant", text_piece(std::move(*answer_))}};
    }
    return {turn()};
  }

 private:
  void take(std::string_view key, Value value) {
    if (key == "role") {
      role_ = text_or_number(value).value_or("");
    } else if (key == "from") {
      from_ = text_or_number(value).value_or("");
    } else if (key == "content") {
      content_ = content_of(value, notes_);
    } else if (key == "value") {
      speech_ = content_of(value, notes_);
    } else if (one_of(key, {"human", "user"})) {
      question_ = text_or_number(value);
    } else if (one_of(key, {"assistant", "gpt", "bot"})) {
      answer_ = text_or_number(value);
    } else if (key == "loss") {
      loss_ = trained_by(key, value, notes_);
    } else if (one_of(key, {"loss_scale", "weight"})) {
      scale_ = trained_by(key, value, notes_);
    } else if (key == "tool_calls") {
      if (!is_empty(value)) throw RowError("unsupported", "a turn calls tools (`tool_calls`)");
    } else if (one_of(key, {"reasoning_content", "reasoning", "thinking"})) {
      if (!is_empty(value)) notes_.push_back({"unread_key", std::string(key)});
    } else if (names_media(value)) {
      notes_.push_back({"unread_media", std::string(key)});
    }
  }

  RowTurn turn() {
    RowTurn turn;
    turn.role = role_.value_or(from_.value_or(""));
    if (turn.role.empty()) structure_error("a turn has neither `role` nor `from`");
    if (content_) {
      turn.pieces = std::move(*content_);
    } else if (speech_) {
      turn.pieces = std::move(*speech_);
    } else {
      structure_error("a turn has neither `content` nor `value`");
    }
    turn.trained = loss_.value_or(scale_.value_or(true));
    return turn;
  }

  std::vector<RowNote>& notes_;
  std::optional<std::string> role_, from_, question_, answer_;
  std::optional<std::vector<RowPiece>> content_, speech_;
  std::optional<bool> loss_, scale_;
};

}  // namespace

std::optional<std::vector<RowTurn>> turns_of(Value value, const char* key,
                                             std::vector<RowNote>& notes) {
  if (value.is_null()) return std::nullopt;
  if (value.type() != json_type::array) {
    structure_error(std::string("`") + key + "` must be a list of turns");
  }
  std::vector<RowTurn> turns;
  for (Value entry : value.get_array()) {
    if (entry.type() != json_type::object) {
      structure_error(std::string("`") + key + "` holds something that is not a turn");
    }
    for (RowTurn& turn : TurnReader(notes).read(entry.get_object())) {
      turns.push_back(std::move(turn));
    }
  }
  return turns;
}

std::optional<std::vector<RowTurn>> history_of(Value value) {
  std::vector<RowTurn> turns;
  if (value.is_null()) return turns;
  if (value.type() != json_type::array) return std::nullopt;
  for (Value entry : value.get_array()) {
    if (entry.type() != json_type::array) return std::nullopt;
    std::vector<std::string> pair;
    for (Value text : entry.get_array()) pair.push_back(text_or_number(text).value_or(""));
    if (pair.size() != 2) return std::nullopt;
    turns.push_back({"user", text_piece(std::move(pair[0]))});
    turns.push_back({"assistant", text_piece(std::move(pair[1]))});
  }
  return turns;
}

}  // namespace winnow::row_json
