#pragma once
// A pool row as it is written, before its media are put in place: what simdjson reads.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "pool/row_error.h"
#include "pool/row_file.h"
#include "pool/sample.h"

namespace winnow {

// What a row or a part of its content says of a clip's time, in seconds.
struct RowTiming {
  std::optional<double> frames_per_second, start, end;
};

// A piece of a turn's content: text, or a medium with or without files of its own.
struct RowPiece {
  enum class Kind { text, image, video };
  Kind kind = Kind::text;
  std::string text = {};
  std::vector<RowFile> files = {};
  RowTiming timing = {};
};

struct RowTurn {
  std::string role;  // as written
  std::vector<RowPiece> pieces;
  bool trained = true;
};

// A number for all clips of the row, or one for each.
struct RowNumber {
  bool is_list = false;
  std::vector<std::optional<double>> values;
  std::optional<double> of_clip(std::size_t number) const;
};

struct RowFields {
  std::string id;
  std::string source;
  std::string system;                         // beside the conversation; empty: none
  std::optional<std::vector<RowTurn>> turns;  // nothing: the row has no conversation
  std::string tools;
  std::vector<RowFile> images;
  std::vector<std::vector<RowFile>> videos;  // one file: a container; more: frames
  // `video_id`: a text, or present and null, which says that `images` are no clip.
  bool has_video_id = false, has_null_video_id = false;
  RowNumber frames_per_second, start, end;
  // What the row says of the time of its clip with that number.
  RowTiming timing_of_clip(std::size_t number) const;
  bool has_boxes = false;  // `objects`, which ms-swift writes into the texts
  std::vector<RowNote> notes;
  // Keys that sound like media and hold something, though no path: worth a note where the row has
  // no medium.
  std::vector<std::string> maybe_media;
};

// Reads one line. Keys that no rule names are skipped, whatever their values (huge numbers, lone
// surrogates, Python's NaN and Infinity); those that look like media, or that change training
// elsewhere, leave a note. A byte order mark in front is skipped. Of a repeated key the last
// counts. Throws RowError of kind json, encoding, structure, remote_media or unsupported.
class RowParser {
 public:
  RowParser();
  ~RowParser();
  RowFields parse(std::string& line);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace winnow
