#include "pool/row_fields.h"

#include <algorithm>
#include <array>

#include "pool/row_json.h"

namespace winnow {

using namespace row_json;

namespace {

namespace ondemand = simdjson::ondemand;
using ondemand::json_type;

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

// What ms-swift and LLaMA-Factory read of a row besides: preferences, which are no answer to learn,
// and options of their templates.
constexpr std::array kUnreadKeys = {"rejected_response",
                                    "rejected_messages",
                                    "rejected_images",
                                    "rejected_videos",
                                    "rejected",
                                    "chosen",
                                    "margin",
                                    "teacher_prompt"};

std::vector<std::vector<RowFile>> videos_of(Value value, const char* key) {
  std::vector<std::vector<RowFile>> videos;
  if (value.is_null()) return videos;
  if (value.type() != json_type::array) return {{file_of(value, key)}};
  bool flat = true;
  for (Value entry : value.get_array()) {
    if (entry.type() == json_type::array) {
      flat = false;
      videos.push_back(files_of(entry, key));
      if (videos.back().empty()) structure_error(std::string("`") + key + "` holds an empty clip");
    } else {
      videos.push_back({file_of(entry, key)});
    }
  }
  const bool one_clip =
      flat && std::all_of(videos.begin(), videos.end(), [](const std::vector<RowFile>& video) {
        return is_picture_path(video.front().path);
      });
  if (!one_clip || videos.empty()) return videos;
  std::vector<RowFile> frames;
  for (std::vector<RowFile>& video : videos) frames.push_back(std::move(video.front()));
  return {std::move(frames)};
}

RowNumber numbers_of(Value value) {
  RowNumber number;
  if (value.type() != json_type::array) {
    number.values.push_back(number_of(value));
    return number;
  }
  number.is_list = true;
  for (Value entry : value.get_array()) number.values.push_back(number_of(entry));
  return number;
}

// JSON in few bytes; a text is taken for JSON already.
std::string tools_of(Value value) {
  std::string text;
  if (value.type() == json_type::string) {
    text = text_of(value);
  } else if (value.type() == json_type::array) {
    ondemand::array list = value.get_array();
    text = std::string_view(list.raw_json());
  } else if (value.type() == json_type::object) {
    ondemand::object object = value.get_object();
    text = std::string_view(object.raw_json());
  }
  std::string small(text.size() + simdjson::SIMDJSON_PADDING, '\0');
  std::size_t size = 0;
  if (simdjson::minify(text.data(), text.size(), small.data(), size) != simdjson::SUCCESS) {
    return text;
  }
  small.resize(size);
  return small == "[]" || small == "{}" ? "" : small;
}

bool same_path(const RowFile& a, const RowFile& b) { return a.path == b.path; }

// Takes a row key by key; what depends on several keys is put together at the end.
class FieldReader {
 public:
  RowFields read(ondemand::document& document) {
    for (ondemand::field field : document.get_object()) {
      const std::string_view key = field.unescaped_key();
      Value value = field.value();
      if (!take_words(key, value) && !take_turns(key, value) && !take_media(key, value)) {
        take_unread(key, value);
      }
    }
    const char* rest = nullptr;
    if (document.current_location().get(rest) == simdjson::SUCCESS) {
      throw RowError("json", "something follows the row's object");
    }
    finish();
    return std::move(row_);
  }

 private:
  bool take_words(std::string_view key, Value value) {
    if (key == "id") {
      row_.id = text_or_number(value).value_or("");
      if (is_blank(row_.id)) row_.id.clear();
    } else if (key == "data_source" || key == "source" || key == "dataset") {
      const std::size_t rank = key == "data_source" ? 0 : key == "source" ? 1 : 2;
      sources_[rank] = text_or_number(value).value_or("");
    } else if (key == "system" || key == "system_prompt") {
      const std::optional<std::string> text = text_or_number(value);
      if (text && !is_blank(*text)) row_.system = *text;
      if (!text && !value.is_null()) note("unread_key", key);
    } else if (key == "tools") {
      row_.tools = tools_of(value);
    } else {
      return false;
    }
    return true;
  }

  bool take_turns(std::string_view key, Value value) {
    if (key == "messages") {
      messages_ = turns_of(value, "messages", row_.notes);
    } else if (key == "conversations") {
      conversations_ = turns_of(value, "conversations", row_.notes);
    } else if (key == "conversation") {
      if (value.type() != json_type::array) return false;
      try {
        conversation_ = turns_of(value, "conversation", row_.notes);
      } catch (const RowError& error) {
        no_conversation_ = error;  // no matter where there are `messages`
      }
    } else if (key == "history") {
      history_ = history_of(value);
    } else if (key == "instruction" || key == "query") {
      instruction_ = text_or_number(value);
    } else if (key == "input") {
      input_ = text_or_number(value);
    } else if (key == "output" || key == "response") {
      output_ = text_or_number(value);
    } else {
      return false;
    }
    return true;
  }

  bool take_media(std::string_view key, Value value) {
    if (key == "images") {
      row_.images = files_of(value, "images");
    } else if (key == "image") {
      image_ = files_of(value, "image");
    } else if (key == "videos") {
      row_.videos = videos_of(value, "videos");
    } else if (key == "video") {
      video_ = videos_of(value, "video");
    } else if (key == "video_id") {
      row_.has_null_video_id = value.is_null();
      row_.has_video_id = !is_blank(text_or_number(value).value_or(""));
    } else if (key == "audio" || key == "audios") {
      const json_type type = value.type();  // a flag says that there is one elsewhere
      if (type != json_type::boolean && type != json_type::number && !is_empty(value)) {
        throw RowError("unsupported", "the row has a sound (`" + std::string(key) +
                                          "`), and the models here hear nothing");
      }
    } else if (key == "objects") {
      row_.has_boxes = !is_empty(value);
    } else if (key == "chat_template_kwargs") {
      take_template_options(value);
    } else {
      return take_timing(key, value);
    }
    return true;
  }

  bool take_timing(std::string_view key, Value value) {
    const TimingKey kind = timing_key(key);
    if (kind.is == TimingKey::Is::none) return false;
    const bool is_null = value.is_null();
    RowNumber number = numbers_of(value);
    const bool says = std::any_of(number.values.begin(), number.values.end(),
                                  [](const auto& entry) { return entry.has_value(); });
    if (!says) {
      if (!is_null) unread_times_.emplace_back(key);
    } else if (kind.is == TimingKey::Is::start) {
      row_.start = std::move(number);
    } else if (kind.is == TimingKey::Is::end) {
      row_.end = std::move(number);
    } else if (kind.rank >= rate_rank_) {
      rate_rank_ = kind.rank;
      row_.frames_per_second = std::move(number);
    }
    return true;
  }

  // What ms-swift hands to the reader of each of the row's clips.
  void take_template_options(Value value) {
    if (value.type() != json_type::object) return;
    for (ondemand::field field : value.get_object()) {
      const std::string_view key = field.unescaped_key();
      Value option = field.value();
      // Its `fps` is a wish how to sample a container, not the rate of a list.
      if (key != "fps" && take_timing(key, option)) continue;
      if (!is_empty(option)) note("unread_key", "chat_template_kwargs: " + std::string(key));
    }
  }

  void take_unread(std::string_view key, Value value) {
    const bool family = std::find(kUnreadKeys.begin(), kUnreadKeys.end(), key) != kUnreadKeys.end();
    const json_type type = value.type();
    const bool may_name = type != json_type::number && type != json_type::boolean &&
                          type != json_type::null && sounds_like_media(key);
    // KTO's label says whether the answer is a good one.
    const bool judged = key == "label" && type == json_type::boolean;
    if (judged || (family && !is_empty(value))) {
      note("unread_key", key);
    } else if (!family && names_media(value)) {
      note("unread_media", key);
    } else if (may_name) {
      row_.maybe_media.emplace_back(key);
    }
  }

  void note(const char* kind, std::string_view what) {
    row_.notes.push_back({kind, std::string(what)});
  }

  void finish() {
    for (const std::string& source : sources_) {
      if (row_.source.empty() && !is_blank(source)) row_.source = source;
    }
    put_turns_together();
    if (row_.images.empty()) {
      row_.images = std::move(image_);
    } else if (!std::all_of(image_.begin(), image_.end(), [&](const RowFile& file) {
                 return std::any_of(row_.images.begin(), row_.images.end(),
                                    [&](const RowFile& other) { return same_path(file, other); });
               })) {
      note("unread_media", "image beside images");
    }
    if (row_.videos.empty()) {
      row_.videos = std::move(video_);
    } else if (!video_.empty() && !std::equal(video_.begin(), video_.end(), row_.videos.begin(),
                                              row_.videos.end(), [](const auto& a, const auto& b) {
                                                return std::equal(a.begin(), a.end(), b.begin(),
                                                                  b.end(), same_path);
                                              })) {
      note("unread_media", "video beside videos");
    }
    if (!row_.videos.empty()) {
      for (const std::string& key : unread_times_) note("unread_key", key);
    }
  }

  void put_turns_together() {
    for (auto* turns : {&messages_, &conversations_, &conversation_}) {
      if (!*turns) continue;
      if (!row_.turns) {
        row_.turns = std::move(*turns);
      } else {
        note("unread_key", turns == &conversations_ ? "conversations" : "conversation");
      }
    }
    if (row_.turns) return;
    if (no_conversation_) throw *no_conversation_;
    if (!output_) return;
    if (!history_) structure_error("`history` must be a list of [question, answer]");
    std::string question = instruction_.value_or("");
    if (input_ && !input_->empty()) question += (question.empty() ? "" : "\n") + *input_;
    row_.turns = std::move(*history_);
    row_.turns->push_back({"user", {{RowPiece::Kind::text, std::move(question)}}});
    row_.turns->push_back({"assistant", {{RowPiece::Kind::text, std::move(*output_)}}});
  }

  RowFields row_;
  std::array<std::string, 3> sources_;  // by precedence: data_source, source, dataset
  std::optional<std::vector<RowTurn>> messages_, conversations_, conversation_;
  std::optional<std::vector<RowTurn>> history_ = std::vector<RowTurn>();
  std::optional<RowError> no_conversation_;
  std::optional<std::string> instruction_, input_, output_;
  std::vector<RowFile> image_;
  std::vector<std::vector<RowFile>> video_;
  std::vector<std::string> unread_times_;
  int rate_rank_ = 0;
};

}  // namespace

std::optional<double> RowNumber::of_clip(std::size_t number) const {
  if (values.empty()) return std::nullopt;
  if (!is_list) return values.front();
  return number < values.size() ? values[number] : std::nullopt;
}

RowTiming RowFields::timing_of_clip(std::size_t number) const {
  return {frames_per_second.of_clip(number), start.of_clip(number), end.of_clip(number)};
}

struct RowParser::State {
  simdjson::dom::parser whole;
  ondemand::parser lazy;

  simdjson::error_code check(std::string& line) {
    line.reserve(line.size() + simdjson::SIMDJSON_PADDING);
    return whole.parse(line.data(), line.size(), false).error();
  }
};

RowParser::RowParser() : state_(std::make_unique<State>()) {}
RowParser::~RowParser() = default;

RowFields RowParser::parse(std::string& line) {
  if (line.starts_with(kByteOrderMark)) line.erase(0, kByteOrderMark.size());
  const std::size_t first = line.find_first_not_of(" \t\r\n");
  if (first != std::string::npos && line[first] == '[') {
    structure_error(
        "a JSON array begins here; in JSON lines every line holds one object: read the file as a "
        "JSON array");
  }
  const auto harmless = [](simdjson::error_code error) {
    // What the lazy parser cannot hold (huge numbers, half surrogates) matters only in keys that
    // are read.
    return error == simdjson::SUCCESS || error == simdjson::NUMBER_ERROR ||
           error == simdjson::STRING_ERROR;
  };
  try {
    // The lazy parser looks only at what it is asked for, so the whole line is checked first.
    simdjson::error_code error = state_->check(line);
    if (!harmless(error) && replace_non_finite(line)) error = state_->check(line);
    if (!harmless(error)) throw simdjson::simdjson_error(error);
    ondemand::document document = state_->lazy.iterate(
        simdjson::padded_string_view(line.data(), line.size(), line.capacity()));
    if (document.type() != json_type::object) structure_error("the row is not an object");
    return FieldReader().read(document);
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
