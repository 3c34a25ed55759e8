#pragma once
// How exported rows name their media, and the files that are put beside them.

#include <boost/describe.hpp>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "pool/sample.h"

namespace winnow {

// path: by absolute path. relative: from `root`. copy: copied into the export's folder. link: hard
// links in it, symbolic ones across file systems.
enum class ExportedMedia { path, relative, copy, link };
BOOST_DESCRIBE_ENUM(ExportedMedia, path, relative, copy, link)

class ExportMedia {
 public:
  // `root` and `folder`, where the export will lie, are absolute; `pending` is where it is being
  // written. Without mode relative there may be no root.
  ExportMedia(ExportedMedia mode, std::filesystem::path root, std::filesystem::path folder,
              std::filesystem::path pending);

  // What a row calls file `number` of a medium. Puts the file into the folder where the mode asks
  // for it or where its bytes stand in the row: once, under a name that no other file has. Throws
  // DataError when there is no such file, or when it lies outside of `root` in mode relative;
  // IoError when it cannot be written.
  std::string name_of(const Media& medium, std::size_t number);

  std::int64_t files() const { return files_; }  // put into the folder so far

 private:
  std::filesystem::path place_of(const Media& medium, const std::filesystem::path& path);

  ExportedMedia mode_;
  std::filesystem::path root_, folder_, pending_;
  std::optional<std::filesystem::path> pool_root_;  // of the first medium
  std::int64_t files_ = 0;
};

}  // namespace winnow
