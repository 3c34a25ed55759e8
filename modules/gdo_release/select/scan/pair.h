#pragma once
// Question-answer pairs as the GDO release sees them: one pair for every turn of a row, with the
// release's own normalisation, identifiers and strata.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace winnow::gdo_release {

struct Pair {
  bool video = false;
  std::string_view uid;        // "ov::<id>::t<turn>" or "vv::<id>::t<turn>"
  std::string_view video_uid;  // may be empty; always empty for an image
  std::string_view question;   // media tokens stripped, white space collapsed
  std::string_view answer;
  std::string_view raw_source;
  std::string_view source_group;
  std::string_view duration, temporal, form, question_length, answer_length;  // stratum names
  std::int64_t question_tokens = 0, answer_tokens = 0;
  std::int64_t frames = 0;  // after sampling; 1 for an image
  std::int64_t turn = 0;    // number in the uid
  std::int64_t line = 0;    // 1-based, in its file
  std::int64_t offset = 0;  // byte offset of that line
};

struct ScanOptions {
  std::filesystem::path onevision, video;
  std::int64_t target_frames = 32;
  std::int64_t maximum_lines_onevision = 0, maximum_lines_video = 0;  // 0: all
};

// Rows that the release skips, by its names of the kinds ("onevision_json", ...), counted once.
using ParseErrors = std::map<std::string, std::int64_t>;

// Calls `take` for every pair of both files in the release's order (image rows first). The views
// live until `take` returns. Question, answer and source are valid UTF-8; in uid and video_uid half
// a surrogate pair may stand as three bytes. Throws IoError for a file that cannot be read, and
// DataError, naming file and line, where the release stops: at bytes that are not UTF-8 and at half
// a surrogate pair in a question, an answer or a source.
ParseErrors scan(const ScanOptions& options, const std::function<void(const Pair&)>& take);

}  // namespace winnow::gdo_release
