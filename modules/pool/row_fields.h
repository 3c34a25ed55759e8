#pragma once
// A pool row as it is written, before its media are put in place: what simdjson reads.

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace winnow {

// Why a row is bad, on its way to the ledger.
class RowError : public std::runtime_error {
 public:
  RowError(std::string kind, const std::string& reason)
      : std::runtime_error(reason), kind_(std::move(kind)) {}
  const std::string& kind() const { return kind_; }

 private:
  std::string kind_;
};

// A piece of a turn's content: text, or a medium with or without paths of its own.
struct RowPiece {
  enum class Kind { text, image, video };
  Kind kind = Kind::text;
  std::string text;
  std::vector<std::string> paths;
  double frames_per_second = 0.0;
};

struct RowTurn {
  std::string role;  // as written
  std::vector<RowPiece> pieces;
};

struct RowFields {
  std::string id;
  std::string source;
  std::optional<std::vector<RowTurn>> messages, conversations;
  std::vector<std::string> images;
  std::vector<std::vector<std::string>> videos;  // one path: a container file; more: frames
  bool has_video_id = false;
  double frames_per_second = 0.0;
};

// Reads one line. Keys that no rule names are skipped, whatever their values (huge numbers, lone
// surrogates). Of a repeated key the last counts. Throws RowError of kind json, encoding,
// structure.
class RowParser {
 public:
  RowParser();
  ~RowParser();
  RowFields parse(std::string& line);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Whether a path ends like a picture rather than like a video container.
bool is_picture_path(const std::string& path);

}  // namespace winnow
