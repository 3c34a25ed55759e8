#pragma once
// One thing to look at: an image, a clip, or the frames of one.

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace winnow {

class Digest;

// One thing to look at, in the order of its placeholder in a sample's text.
struct Media {
  enum class Kind {
    image,   // paths = {one image file}
    frames,  // paths = frames of one video, in order (a row's `images` list of a video row)
    video,   // paths = {one container file}
  };
  Kind kind = Kind::image;
  // Absolute. A file whose bytes stand in the row itself has a relative name made of their digest.
  std::vector<std::filesystem::path> paths;
  // Of a `frames` list: its frames a second, above 0. Nothing when unknown, and for other kinds.
  std::optional<double> frames_per_second = {};
  std::filesystem::path root = {};  // folder of the whole pool; empty when unknown
  // The part of a clip that is meant, in seconds of the whole clip: frames from `start` to `end`,
  // both included. Nothing: from its beginning, to its end.
  std::optional<double> start = {}, end = {};
  // Bytes of files that stand in the row itself, one for each path and null for a real file; empty
  // when all files are real ones.
  std::vector<std::shared_ptr<const std::string>> contents = {};

  // Stable name for caches: the kind and a digest of paths, rate and part.
  std::string key() const;
  bool is_part() const { return start || end; }
  // The bytes of file `number` where they stand in the row; null for a real file.
  const std::string* content(std::size_t number) const;
  // Digest of the bytes of file `number`, as digest_of_file. Throws IoError.
  std::string file_digest(std::size_t number) const;
};
std::string to_string(Media::Kind kind);

// Adds how a medium's files are seen to a digest: the rate of a frame list and the part of a clip.
// An unknown rate adds what 0 would; no part adds nothing.
void add_timing(Digest& digest, const Media& media);

}  // namespace winnow
