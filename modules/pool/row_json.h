#pragma once
// Values of a row's JSON, for the two files that read rows (row_fields.cpp, row_turns.cpp).

#include <simdjson.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pool/row_fields.h"

namespace winnow::row_json {

using Value = simdjson::ondemand::value;
using Object = simdjson::ondemand::object;

[[noreturn]] void structure_error(const std::string& reason);
bool is_blank(std::string_view text);

// Throws RowError when an escape in it is half a surrogate pair.
std::string text_of(Value value);
// Text, or a number as it is written; nothing for null and other types.
std::optional<std::string> text_or_number(Value value);
// A finite number, also one written as text; nothing for anything else.
std::optional<double> number_of(Value value);
// Text of white space alone. The value may be read afterwards.
bool is_blank_text(Value value);
// null, "", [] or {}. The value cannot be read afterwards.
bool is_empty(Value value);

// A text, or an object {bytes, path, url, data} as Hugging Face datasets and chat APIs write it.
// `key` is the row's key, for messages.
RowFile file_of(Value value, std::string_view key);
// One of these, a list of them, or null.
std::vector<RowFile> files_of(Value value, std::string_view key);

// Whether a value that nobody reads looks like a media file or a list of them. Reads no more of it
// than that takes, and never throws.
bool names_media(Value value);
bool sounds_like_media(std::string_view key);

// Keys of a clip's time, of a row or a part. Of rates the higher rank wins: what a list says of
// itself, then any rate, then that of the film it was taken from.
struct TimingKey {
  enum class Is { none, rate, start, end };
  Is is = Is::none;
  int rank = 0;
};
TimingKey timing_key(std::string_view key);

// The turns under `messages`, `conversations` or `conversation`; nothing for null.
std::optional<std::vector<RowTurn>> turns_of(Value value, const char* key,
                                             std::vector<RowNote>& notes);
// `history`: pairs of question and answer; nothing for what is no list of them.
std::optional<std::vector<RowTurn>> history_of(Value value);

// Python writes NaN and Infinity, which are no JSON: null in their place. Whether there were any.
bool replace_non_finite(std::string& json);

}  // namespace winnow::row_json
