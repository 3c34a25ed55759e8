#pragma once
// A media file as a row names it: a path, an address, or the file's own bytes.

#include <memory>
#include <string>
#include <string_view>

namespace winnow {

struct RowFile {
  // Of a real file; of one whose bytes stand in the row, a name made of their digest.
  std::string path;
  std::shared_ptr<const std::string> content;  // the bytes; null for a real file
};

// What a text names: a path, a file:// address (percent escapes are read), a data: URI, or bare
// base64 of a picture or clip. `key` is the row's key, for messages, which never show more than the
// beginning of the text. Throws RowError: `remote_media` for an address elsewhere (http, s3),
// `structure` for an empty path or broken base64.
RowFile file_of_text(std::string text, std::string_view key);

// The file whose bytes are given in base64.
RowFile file_of_base64(std::string_view text, std::string_view key);

// Whether a path ends like a picture rather than like a video container.
bool is_picture_path(std::string_view path);

// Whether a path ends like a picture, a video container or a sound.
bool is_media_path(std::string_view path);

}  // namespace winnow
