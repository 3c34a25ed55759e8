#pragma once
// Media of a row: from the files that it names to what can be opened.

#include <filesystem>
#include <string>
#include <unordered_map>
#include <vector>

#include "pool/row_fields.h"

namespace winnow {

// Media whose relative paths start from one folder.
class RowMedia {
 public:
  // `root` is absolute.
  explicit RowMedia(std::filesystem::path root);

  // An image of one file; a clip of one container, of the pictures of one folder, or of frames.
  // The rate is for frames alone. Throws RowError (`structure`) for a part that ends before it
  // begins, `missing_media` for a folder without pictures.
  Media make(RowPiece::Kind kind, const std::vector<RowFile>& files, const RowTiming& timing) const;

  // The files as frames of one clip, also a single one.
  Media make_frames(const std::vector<RowFile>& files, const RowTiming& timing) const;

  // Throws RowError (`missing_media`) when a file is not there.
  void check_exist(const Media& medium) const;

  // The first path of the medium that lies outside of the root, also by a link, where `follow`
  // looks for links; empty when there is none.
  std::filesystem::path outside(const Media& medium, bool follow);

 private:
  Media files_at(const std::vector<RowFile>& files) const;
  const std::filesystem::path& real_folder(const std::filesystem::path& folder);

  std::filesystem::path root_;
  // Folders without links in their paths; frames of a clip share one.
  std::unordered_map<std::string, std::filesystem::path> real_folders_;
};

}  // namespace winnow
