#include "pool/row_fields.h"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <filesystem>

namespace winnow {
namespace {

namespace ondemand = simdjson::ondemand;

[[noreturn]] void structure_error(const std::string& reason) {
  throw RowError("structure", reason);
}

bool is_blank(const std::string& text) {
  return std::all_of(text.begin(), text.end(),
                     [](unsigned char c) { return std::isspace(c) != 0; });
}

std::string trimmed(std::string_view text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back()))) {
    text.remove_suffix(1);
  }
  return std::string(text);
}

std::string text_of(ondemand::value value) {
  const std::string_view text = value.get_string();
  // simdjson lets a low surrogate without its high one through.
  if (!simdjson::validate_utf8(text)) {
    throw RowError("encoding", "an escape is half a surrogate pair, not a character");
  }
  return std::string(text);
}

// Text, or a number as it is written; nothing for null and other types.
std::optional<std::string> text_or_number(ondemand::value value) {
  switch (value.type()) {
    case ondemand::json_type::string:
      return text_of(value);
    case ondemand::json_type::number:
      return trimmed(value.raw_json_token());
    default:
      return std::nullopt;
  }
}

std::string path_of(ondemand::value value, const char* key) {
  if (value.type() != ondemand::json_type::string) {
    structure_error(std::string("`") + key + "` must hold paths as text");
  }
  std::string path = text_of(value);
  if (is_blank(path)) structure_error(std::string("`") + key + "` holds an empty path");
  if (path.find('\0') != std::string::npos) {
    structure_error(std::string("`") + key + "` holds a path with a NUL character");
  }
  return path;
}

// A path, a list of paths, or null.
std::vector<std::string> paths_of(ondemand::value value, const char* key) {
  std::vector<std::string> paths;
  if (value.is_null()) return paths;
  if (value.type() != ondemand::json_type::array) return {path_of(value, key)};
  for (ondemand::value entry : value.get_array()) paths.push_back(path_of(entry, key));
  return paths;
}

std::vector<std::vector<std::string>> videos_of(ondemand::value value, const char* key) {
  std::vector<std::vector<std::string>> videos;
  if (value.is_null()) return videos;
  if (value.type() != ondemand::json_type::array) return {{path_of(value, key)}};
  std::vector<std::string> flat;
  for (ondemand::value entry : value.get_array()) {
    if (entry.type() == ondemand::json_type::array) {
      videos.push_back(paths_of(entry, key));
      if (videos.back().empty()) structure_error(std::string("`") + key + "` holds an empty clip");
    } else {
      flat.push_back(path_of(entry, key));
    }
  }
  if (!flat.empty() && !videos.empty()) {
    structure_error(std::string("`") + key + "` mixes paths and lists of frames");
  }
  if (!flat.empty() && std::all_of(flat.begin(), flat.end(), is_picture_path)) return {flat};
  for (std::string& path : flat) videos.push_back({std::move(path)});
  return videos;
}

double rate_of(ondemand::value value) {
  double rate = 0;
  if (value.get_double().get(rate) != simdjson::SUCCESS || !(rate > 0) || !std::isfinite(rate)) {
    return 0.0;  // unknown, as when the key is absent
  }
  return rate;
}

RowPiece part_of(ondemand::object object) {
  RowPiece piece;
  std::string type, text;
  bool has_text = false;
  for (ondemand::field field : object) {
    const std::string_view key = field.unescaped_key();
    ondemand::value value = field.value();
    if (key == "type") {
      type = text_or_number(value).value_or("");
    } else if (key == "text") {
      text = text_or_number(value).value_or("");
      has_text = true;
    } else if (key == "image" || key == "video" || key == "path" || key == "url") {
      piece.paths = paths_of(value, "content");
    } else if (key == "fps" || key == "frames_per_second") {
      piece.frames_per_second = rate_of(value);
    }
  }
  if (type == "text" || (type.empty() && has_text)) {
    return {RowPiece::Kind::text, std::move(text), {}, 0.0};
  }
  if (type != "image" && type != "video") {
    structure_error("a content part has type '" + type + "'; known are text, image, video");
  }
  piece.kind = type == "image" ? RowPiece::Kind::image : RowPiece::Kind::video;
  return piece;
}

std::vector<RowPiece> content_of(ondemand::value value) {
  if (value.is_null()) return {};
  if (value.type() != ondemand::json_type::array) {
    const auto text = text_or_number(value);
    if (!text) structure_error("a turn's content must be text or a list of parts");
    return {{RowPiece::Kind::text, *text, {}, 0.0}};
  }
  std::vector<RowPiece> pieces;
  for (ondemand::value entry : value.get_array()) {
    if (entry.type() == ondemand::json_type::object) {
      pieces.push_back(part_of(entry.get_object()));
    } else if (entry.type() == ondemand::json_type::string) {
      pieces.push_back({RowPiece::Kind::text, text_of(entry), {}, 0.0});
    } else {
      structure_error("a content part must be an object or text");
    }
  }
  return pieces;
}

RowTurn turn_of(ondemand::object object) {
  RowTurn turn;
  std::optional<std::string> role, from;
  std::optional<std::vector<RowPiece>> content, speech;
  for (ondemand::field field : object) {
    const std::string_view key = field.unescaped_key();
    ondemand::value value = field.value();
    if (key == "role") role = text_or_number(value).value_or("");
    if (key == "from") from = text_or_number(value).value_or("");
    if (key == "content") content = content_of(value);
    if (key == "value") speech = content_of(value);
  }
  turn.role = role.value_or(from.value_or(""));
  if (turn.role.empty()) structure_error("a turn has neither `role` nor `from`");
  if (content) {
    turn.pieces = std::move(*content);
  } else if (speech) {
    turn.pieces = std::move(*speech);
  } else {
    structure_error("a turn has neither `content` nor `value`");
  }
  return turn;
}

std::optional<std::vector<RowTurn>> turns_of(ondemand::value value, const char* key) {
  if (value.is_null()) return std::nullopt;
  if (value.type() != ondemand::json_type::array) {
    structure_error(std::string("`") + key + "` must be a list of turns");
  }
  std::vector<RowTurn> turns;
  for (ondemand::value entry : value.get_array()) {
    if (entry.type() != ondemand::json_type::object) {
      structure_error(std::string("`") + key + "` holds something that is not a turn");
    }
    turns.push_back(turn_of(entry.get_object()));
  }
  return turns;
}

RowFields fields_of(ondemand::document& document) {
  RowFields row;
  std::array<std::string, 3> sources;  // by precedence: data_source, source, dataset
  std::vector<std::string> single_images;
  std::vector<std::vector<std::string>> single_videos;
  for (ondemand::field field : document.get_object()) {
    const std::string_view key = field.unescaped_key();
    ondemand::value value = field.value();
    if (key == "id") {
      row.id = text_or_number(value).value_or("");
      if (is_blank(row.id)) row.id.clear();
    } else if (key == "data_source" || key == "source" || key == "dataset") {
      const std::size_t rank = key == "data_source" ? 0 : key == "source" ? 1 : 2;
      sources[rank] = text_or_number(value).value_or("");
    } else if (key == "messages") {
      row.messages = turns_of(value, "messages");
    } else if (key == "conversations") {
      row.conversations = turns_of(value, "conversations");
    } else if (key == "images") {
      row.images = paths_of(value, "images");
    } else if (key == "image") {
      single_images = paths_of(value, "image");
    } else if (key == "videos") {
      row.videos = videos_of(value, "videos");
    } else if (key == "video") {
      single_videos = videos_of(value, "video");
    } else if (key == "video_id") {
      row.has_video_id = !is_blank(text_or_number(value).value_or(""));
    } else if (key == "fps" || key == "frames_per_second") {
      row.frames_per_second = rate_of(value);
    }
  }
  const char* rest = nullptr;
  if (document.current_location().get(rest) == simdjson::SUCCESS) {
    throw RowError("json", "something follows the row's object");
  }
  for (const std::string& source : sources) {
    if (row.source.empty() && !is_blank(source)) row.source = source;
  }
  if (row.images.empty()) row.images = std::move(single_images);
  if (row.videos.empty()) row.videos = std::move(single_videos);
  return row;
}

}  // namespace

bool is_picture_path(const std::string& path) {
  std::string ending = std::filesystem::path(path).extension().string();
  std::transform(ending.begin(), ending.end(), ending.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  constexpr std::array kPictures = {".png", ".jpg", ".jpeg", ".webp", ".bmp"};
  return std::any_of(kPictures.begin(), kPictures.end(),
                     [&](const char* picture) { return ending == picture; });
}

struct RowParser::State {
  simdjson::dom::parser whole;
  ondemand::parser lazy;
};

RowParser::RowParser() : state_(std::make_unique<State>()) {}
RowParser::~RowParser() = default;

RowFields RowParser::parse(std::string& line) {
  line.reserve(line.size() + simdjson::SIMDJSON_PADDING);
  try {
    // The lazy parser looks only at what it is asked for, so the whole line is checked first. What
    // that parser cannot hold (huge numbers, half surrogates) matters only in keys that are read.
    const simdjson::error_code error = state_->whole.parse(line.data(), line.size(), false).error();
    if (error != simdjson::SUCCESS && error != simdjson::NUMBER_ERROR &&
        error != simdjson::STRING_ERROR) {
      throw simdjson::simdjson_error(error);
    }
    ondemand::document document = state_->lazy.iterate(
        simdjson::padded_string_view(line.data(), line.size(), line.capacity()));
    if (document.type() != ondemand::json_type::object) {
      structure_error("the row is not an object");
    }
    return fields_of(document);
  } catch (const simdjson::simdjson_error& error) {
    if (error.error() == simdjson::UTF8_ERROR) {
      throw RowError("encoding", "the line is not valid UTF-8");
    }
    if (error.error() == simdjson::STRING_ERROR &&
        (line.find("\\ud") != std::string::npos || line.find("\\uD") != std::string::npos)) {
      throw RowError("encoding", "an escape is half a surrogate pair, not a character");
    }
    throw RowError("json", error.what());
  }
}

}  // namespace winnow
