#pragma once
// What an image file says of itself before anything is decoded.

#include <cstdint>
#include <string>
#include <string_view>

namespace winnow {

struct ImageHeader {
  std::string format;  // "PNG", "JPEG", "WebP", "BMP"
  std::int64_t width = 0, height = 0;
};

// Reads the header of a PNG, JPEG, WebP or BMP file and checks that the file is complete, as far as
// its structure tells. Throws std::invalid_argument with the reason ("truncated PNG", ...).
ImageHeader read_image_header(std::string_view bytes);

}  // namespace winnow
