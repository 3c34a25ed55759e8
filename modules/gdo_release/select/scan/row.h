#pragma once
// One line of a pool file as the release reads it. Inside this folder only.

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "gdo_release/python/json.h"
#include "gdo_release/select/scan/pair.h"

namespace winnow::gdo_release {

using python::RawValue;

// The values of a row that the release looks at, as they are written.
struct RawRow {
  struct Message {
    RawValue role, from, content, value;
  };
  RawValue id, video_id, source;
  RawValue images;               // kind list when it is one
  RawValue first_image;          // absent in an empty list
  std::int64_t true_images = 0;  // items that Python takes for true
  std::vector<Message> messages;
};

enum class RowKind { row, bad_json, not_an_object };

// Reads the line in [begin, end): valid UTF-8, with a NUL at `end` and 32 readable bytes behind it.
RowKind read_row(const char* begin, const char* end, RawRow& row);

// Makes the pairs of rows, one row after the other. What a pair shows lives until the next row.
class PairMaker {
 public:
  // `where` names the file in errors.
  PairMaker(bool video, std::int64_t target_frames, std::string where);

  // False where the release skips the row as a bad sample; else calls `take(pair)` for every pair.
  template <class Take>
  bool each_pair(const RawRow& row, std::int64_t line, std::int64_t offset, std::size_t length,
                 Take take);
  // The pair of that turn, or null. Nothing of its texts is measured: no tokens and no parts of its
  // stratum but the duration.
  const Pair* find_pair(const RawRow& row, std::int64_t line, std::int64_t offset,
                        std::size_t length, std::int64_t turn);

 private:
  // Sets what all pairs of the row share. Returns the number of frames; 0: no pairs, -1: a bad
  // sample.
  std::int64_t begin_row(const RawRow& row, std::int64_t line, std::int64_t offset,
                         std::size_t length);
  // Finds the texts of the next pair from message `next` on, which moves behind it. False when
  // there is none.
  bool next_pair(const RawRow& row, std::size_t& next);
  void measure_texts();
  enum class Role { user, assistant, other };
  Role role_of(const RawRow::Message& message);
  std::string_view text_of(const RawValue& value, bool media, bool* half_surrogate);
  std::string_view keep(std::string text, bool media, bool* half_surrogate);
  [[noreturn]] void stop_at_half_surrogate(const char* what) const;

  bool video_;
  std::int64_t target_frames_;
  std::string where_;
  Pair pair_;
  std::unique_ptr<char[]> arena_;
  std::size_t arena_size_ = 0;
  char* free_ = nullptr;
  char* uid_number_ = nullptr;  // where the turn's number is written
  bool source_half_ = false;    // half a surrogate pair stands in the source
  std::deque<std::string> kept_;
};

template <class Take>
bool PairMaker::each_pair(const RawRow& row, std::int64_t line, std::int64_t offset,
                          std::size_t length, Take take) {
  const std::int64_t frames = begin_row(row, line, offset, length);
  if (frames <= 0) return frames == 0;
  for (std::size_t next = 0; next_pair(row, next); ++pair_.turn) {
    measure_texts();
    take(pair_);
  }
  return true;
}

}  // namespace winnow::gdo_release
