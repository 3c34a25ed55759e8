#include "gdo_release/select/scan/row.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "core/errors.h"
#include "gdo_release/python/text.h"
#include "gdo_release/python/value.h"
#include "gdo_release/text/text.h"
#include "gdo_release/text/text_scan.h"

namespace winnow::gdo_release {
namespace {

constexpr std::size_t kNumberRoom = 20;

using python::JsonScanner;
using python::name_of;

bool read_message(JsonScanner& scanner, RawRow::Message& message) {
  std::string buffer;
  return scanner.object([&](const RawValue& key) {
    const std::string_view name = name_of(key, buffer);
    RawValue other;
    RawValue& target = name == "role"      ? message.role
                       : name == "content" ? message.content
                       : name == "from"    ? message.from
                       : name == "value"   ? message.value
                                           : other;
    return scanner.value(target);
  });
}

bool read_messages(JsonScanner& scanner, RawRow& row) {
  row.messages.clear();
  RawValue other;
  if (*scanner.position() != '[') return scanner.value(other);
  return scanner.list([&] {
    if (*scanner.position() != '{') return scanner.value(other);
    return read_message(scanner, row.messages.emplace_back());
  });
}

bool read_images(JsonScanner& scanner, RawRow& row) {
  row.images = row.first_image = RawValue{};
  row.true_images = 0;
  if (*scanner.position() != '[') return scanner.value(row.images);
  row.images.kind = RawValue::Kind::list;
  row.images.begin = scanner.position();
  RawValue item;
  const bool good = scanner.list([&] {
    if (!scanner.value(item)) return false;
    if (row.first_image.is_absent()) row.first_image = item;
    row.true_images += python::is_truthy(item);
    return true;
  });
  row.images.end = scanner.position();
  return good;
}

bool is_ascii_word(std::string_view text, std::string_view lowered) {
  if (text.size() != lowered.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if ((c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c) != lowered[i]) return false;
  }
  return true;
}

}  // namespace

RowKind read_row(const char* begin, const char* end, RawRow& row) {
  row.id = row.video_id = row.source = row.images = row.first_image = RawValue{};
  row.true_images = 0;
  row.messages.clear();
  JsonScanner scanner(begin);
  scanner.skip_white();
  const bool object = *scanner.position() == '{';
  RawValue other;
  std::string buffer;
  const auto field = [&](const RawValue& key) {
    const std::string_view name = name_of(key, buffer);
    if (name == "images") return read_images(scanner, row);
    if (name == "messages") return read_messages(scanner, row);
    RawValue& target = name == "id"            ? row.id
                       : name == "data_source" ? row.source
                       : name == "video_id"    ? row.video_id
                                               : other;
    return scanner.value(target);
  };
  if (object ? !scanner.object(field) : !scanner.value(other)) return RowKind::bad_json;
  if (!scanner.ends_at(end)) return RowKind::bad_json;
  return object ? RowKind::row : RowKind::not_an_object;
}

PairMaker::PairMaker(bool video, std::int64_t target_frames, std::string where)
    : video_(video), target_frames_(target_frames), where_(std::move(where)) {
  pair_.video = video;
}

std::string_view PairMaker::keep(std::string text, bool media, bool* half_surrogate) {
  *half_surrogate |= python::has_half_surrogate(text);
  return kept_.emplace_back(media ? strip_media_tokens(text) : normalize_text(text));
}

// normalize_text(value), or strip_media_tokens of it. Never longer than what is written.
std::string_view PairMaker::text_of(const RawValue& value, bool media, bool* half_surrogate) {
  if (value.is_absent() || value.is_null()) return {};
  if (!value.is_string()) return keep(python::str(python::value_of(value)), media, half_surrogate);
  const Normalized written = write_normalized<TextForm::json>(value.begin, value.end, media, free_);
  if (written.again) return keep(python::unescaped(value), media, half_surrogate);
  *half_surrogate |= written.half_surrogate;
  const std::string_view text(free_, static_cast<std::size_t>(written.end - free_));
  free_ = written.end;
  return text;
}

PairMaker::Role PairMaker::role_of(const RawRow::Message& message) {
  const RawValue& value = message.role.is_absent() ? message.from : message.role;
  if (!value.is_string()) return Role::other;  // its text is no role's name
  std::string_view name = value.text();
  if (name == "user" || name == "human") return Role::user;
  if (name == "assistant" || name == "gpt") return Role::assistant;
  bool half_surrogate = false;
  name = text_of(value, false, &half_surrogate);
  if (is_ascii_word(name, "user") || is_ascii_word(name, "human")) return Role::user;
  if (is_ascii_word(name, "assistant") || is_ascii_word(name, "gpt")) return Role::assistant;
  return Role::other;
}

void PairMaker::stop_at_half_surrogate(const char* what) const {
  throw DataError(fmt::format(
      "{}:{}: the {} holds half a surrogate pair (an escape \\ud800 to \\udfff without its other "
      "half), at which the release stops; write the whole pair or leave it out",
      where_, pair_.line, what));
}

std::int64_t PairMaker::begin_row(const RawRow& row, std::int64_t line, std::int64_t offset,
                                  std::size_t length) {
  if (row.images.kind != RawValue::Kind::list || row.first_image.is_absent()) {
    return 0;
  }
  std::int64_t frames = 1;
  if (video_) {
    if (row.true_images == 0) return 0;
    if (row.true_images > target_frames_ && target_frames_ == 1) return -1;  // divides by zero
    frames = std::min(row.true_images, target_frames_);
  }
  if (row.messages.empty()) return 0;

  bool half_surrogate = false;  // in an identifier it matters only when the row is written
  kept_.clear();
  std::string_view long_id;
  if (!row.id.is_string()) long_id = text_of(row.id, false, &half_surrogate);
  // All texts of the row fit: each is at most as long as what is written.
  const std::size_t room = length + long_id.size() + 3 * kNumberRoom + 64 + python::ByteBlock::size;
  if (arena_size_ < room) {
    arena_size_ = std::max(room, 2 * arena_size_);
    arena_ = std::make_unique<char[]>(arena_size_);
  }
  free_ = arena_.get();
  pair_.line = line;
  pair_.offset = offset;
  pair_.turn = 0;
  pair_.frames = frames;
  pair_.duration = video_ ? duration_bucket(frames) : "image";

  const auto put = [&](std::string_view text) {
    free_ = std::copy(text.begin(), text.end(), free_);
  };
  char* const uid = free_;
  put(video_ ? "vv::" : "ov::");
  char* const id_begin = free_;
  if (row.id.is_absent()) {
    put(video_ ? "video-" : "onevision-");
    free_ = std::to_chars(free_, free_ + kNumberRoom, line).ptr;
  } else if (row.id.is_string()) {
    text_of(row.id, false, &half_surrogate);  // goes right here
  } else {
    put(long_id);
  }
  const std::string_view id(id_begin, static_cast<std::size_t>(free_ - id_begin));
  put("::t");
  uid_number_ = free_;
  pair_.uid = {uid, static_cast<std::size_t>(free_ - uid)};
  free_ += kNumberRoom;
  if (video_) {
    const bool absent = row.video_id.is_absent();
    pair_.video_uid = absent ? id : text_of(row.video_id, false, &half_surrogate);
  }
  half_surrogate = false;
  pair_.raw_source = row.source.is_absent() ? (video_ ? "llava_video" : "onevision")
                                            : text_of(row.source, false, &half_surrogate);
  pair_.source_group = source_group(pair_.raw_source);
  source_half_ = half_surrogate;
  return frames;
}

bool PairMaker::next_pair(const RawRow& row, std::size_t& next) {
  const RawValue* user = nullptr;
  while (next < row.messages.size()) {
    const RawRow::Message& message = row.messages[next++];
    const Role role = role_of(message);
    if (role == Role::other) continue;
    const RawValue& content = message.content.is_absent() ? message.value : message.content;
    if (role == Role::user) {
      user = &content;
      continue;
    }
    if (user == nullptr) continue;
    bool half_surrogate = false;
    pair_.question = text_of(*std::exchange(user, nullptr), true, &half_surrogate);
    if (pair_.question.empty()) continue;
    bool half_in_answer = false;
    pair_.answer = text_of(content, false, &half_in_answer);
    if (pair_.answer.empty()) continue;
    if (half_surrogate) stop_at_half_surrogate("question");
    if (half_in_answer) stop_at_half_surrogate("answer");
    if (source_half_) stop_at_half_surrogate("source");

    const char* const uid = pair_.uid.data();
    const char* const number_end =
        std::to_chars(uid_number_, uid_number_ + kNumberRoom, pair_.turn).ptr;
    pair_.uid = {uid, static_cast<std::size_t>(number_end - uid)};
    return true;
  }
  return false;
}

void PairMaker::measure_texts() {
  const Measure question = measure(pair_.question, true);
  pair_.question_tokens = question.tokens;
  pair_.form = question.choice ? "MCQ" : "Open";
  pair_.temporal = !video_ ? "Static" : question.temporal ? "Temporal" : "Mixed";
  pair_.question_length = question_length_bucket(pair_.question_tokens);
  pair_.answer_tokens = measure(pair_.answer, false).tokens;
  pair_.answer_length = answer_length_bucket(pair_.answer_tokens);
}

const Pair* PairMaker::find_pair(const RawRow& row, std::int64_t line, std::int64_t offset,
                                 std::size_t length, std::int64_t turn) {
  if (begin_row(row, line, offset, length) <= 0) return nullptr;
  for (std::size_t next = 0; next_pair(row, next); ++pair_.turn) {
    if (pair_.turn == turn) return &pair_;
  }
  return nullptr;
}

}  // namespace winnow::gdo_release
