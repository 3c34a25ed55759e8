#include "pool/row_json.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <cstdlib>

namespace winnow::row_json {
namespace {

namespace ondemand = simdjson::ondemand;
using ondemand::json_type;

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back()))) {
    text.remove_suffix(1);
  }
  return text;
}

// The text between the quotes as it is spelt; empty for what is no text.
std::string_view raw_text(Value value) {
  const std::string_view token = trimmed(value.raw_json_token());
  if (token.size() < 2 || token.front() != '"') return {};
  return token.substr(1, token.size() - 2);
}

bool raw_text_names_media(std::string_view text) {
  return is_media_path(text) || text.starts_with("data:image/") || text.starts_with("data:video/");
}

RowFile file_of_object(Object object, std::string_view key) {
  std::string path;
  std::optional<RowFile> file;
  for (ondemand::field field : object) {
    const std::string_view name = field.unescaped_key();
    Value value = field.value();
    if (value.is_null()) continue;
    if (name == "bytes" || name == "data" || name == "base64") {
      if (value.type() != json_type::string) {
        structure_error("`" + std::string(key) + "` holds `" + std::string(name) +
                        "` that are not base64 text");
      }
      file = file_of_base64(text_of(value), key);
    } else if (name == "path" || name == "url") {
      path = text_or_number(value).value_or("");
    }
  }
  // The path beside bytes is the name that they had elsewhere.
  if (file) return std::move(*file);
  return file_of_text(std::move(path), key);
}

}  // namespace

void structure_error(const std::string& reason) { throw RowError("structure", reason); }

bool is_blank(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](unsigned char c) { return std::isspace(c) != 0; });
}

std::string text_of(Value value) {
  const std::string_view text = value.get_string();
  // simdjson lets a low surrogate without its high one through.
  if (!simdjson::validate_utf8(text)) {
    throw RowError("encoding", "an escape is half a surrogate pair, not a character");
  }
  return std::string(text);
}

std::optional<std::string> text_or_number(Value value) {
  switch (value.type()) {
    case json_type::string:
      return text_of(value);
    case json_type::number:
      return std::string(trimmed(value.raw_json_token()));
    default:
      return std::nullopt;
  }
}

std::optional<double> number_of(Value value) {
  const json_type type = value.type();
  double number = 0;
  if (type == json_type::number) {
    if (value.get_double().get(number) != simdjson::SUCCESS) return std::nullopt;
  } else if (type == json_type::string) {
    const std::string text = text_of(value);
    char* end = nullptr;
    number = std::strtod(text.c_str(), &end);
    if (end == text.c_str() || !is_blank(end)) return std::nullopt;
  } else {
    return std::nullopt;
  }
  return std::isfinite(number) ? std::optional(number) : std::nullopt;
}

bool is_blank_text(Value value) {
  return value.type() == json_type::string && is_blank(raw_text(value));
}

bool is_empty(Value value) {
  switch (value.type()) {
    case json_type::null:
      return true;
    case json_type::string:
      return is_blank(raw_text(value));
    case json_type::array: {
      ondemand::array list = value.get_array();
      return list.begin() == list.end();
    }
    case json_type::object: {
      ondemand::object object = value.get_object();
      return object.begin() == object.end();
    }
    default:
      return false;
  }
}

RowFile file_of(Value value, std::string_view key) {
  switch (value.type()) {
    case json_type::string:
      return file_of_text(text_of(value), key);
    case json_type::object:
      return file_of_object(value.get_object(), key);
    default:
      structure_error("`" + std::string(key) + "` must hold paths as text");
  }
}

std::vector<RowFile> files_of(Value value, std::string_view key) {
  std::vector<RowFile> files;
  if (value.is_null()) return files;
  if (value.type() != json_type::array) {
    files.push_back(file_of(value, key));
    return files;
  }
  for (Value entry : value.get_array()) files.push_back(file_of(entry, key));
  return files;
}

bool names_media(Value value) {
  try {
    switch (value.type()) {
      case json_type::string:
        return raw_text_names_media(raw_text(value));
      case json_type::array:
        for (Value entry : value.get_array()) return names_media(entry);
        return false;
      case json_type::object:
        for (ondemand::field field : value.get_object()) {
          const ondemand::raw_json_string key = field.key();
          Value entry = field.value();
          if (key == "bytes" && entry.type() == json_type::string) return true;
          if ((key == "path" || key == "url") && names_media(entry)) return true;
        }
        return false;
      default:
        return false;
    }
  } catch (const simdjson::simdjson_error&) {
    return false;
  }
}

bool sounds_like_media(std::string_view key) {
  std::string name(key);
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  constexpr std::array kWords = {"image", "img",   "picture", "photo", "video",
                                 "clip",  "frame", "audio",   "media"};
  return std::any_of(kWords.begin(), kWords.end(),
                     [&](const char* word) { return name.find(word) != std::string::npos; });
}

TimingKey timing_key(std::string_view key) {
  using Is = TimingKey::Is;
  if (key == "sample_fps") return {Is::rate, 3};
  if (key == "fps" || key == "frames_per_second") return {Is::rate, 2};
  if (key == "raw_fps") return {Is::rate, 1};
  if (key == "video_start" || key == "start") return {Is::start, 0};
  if (key == "video_end" || key == "end") return {Is::end, 0};
  return {};
}

bool replace_non_finite(std::string& json) {
  std::string result;
  bool in_text = false, replaced = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const std::string_view rest = std::string_view(json).substr(i);
    if (in_text) {
      if (rest[0] == '\\' && rest.size() > 1) {
        result += rest[0];
        ++i;
      } else if (rest[0] == '"') {
        in_text = false;
      }
      result += json[i];
      continue;
    }
    std::size_t size = 0;
    for (const std::string_view word : {"NaN", "-NaN", "Infinity", "-Infinity"}) {
      if (rest.starts_with(word)) size = word.size();
    }
    if (size > 0) {
      result += "null";
      replaced = true;
      i += size - 1;
    } else {
      in_text = rest[0] == '"';
      result += rest[0];
    }
  }
  if (replaced) json = std::move(result);
  return replaced;
}

}  // namespace winnow::row_json
