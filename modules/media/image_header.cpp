#include "media/image_header.h"

#include <stdexcept>

namespace winnow {
namespace {

// Bytes with bounds: reading past the end says that the file is truncated.
class Reader {
 public:
  Reader(std::string_view bytes, std::string format) : bytes_(bytes), format_(std::move(format)) {}

  std::uint32_t byte(std::size_t at) const {
    if (at >= bytes_.size()) throw std::invalid_argument("truncated " + format_);
    return static_cast<unsigned char>(bytes_[at]);
  }
  std::uint32_t big16(std::size_t at) const { return byte(at) << 8 | byte(at + 1); }
  std::uint32_t big32(std::size_t at) const { return big16(at) << 16 | big16(at + 2); }
  std::uint32_t little16(std::size_t at) const { return byte(at) | byte(at + 1) << 8; }
  std::uint32_t little24(std::size_t at) const { return little16(at) | byte(at + 2) << 16; }
  std::uint32_t little32(std::size_t at) const { return little16(at) | little16(at + 2) << 16; }
  std::string_view text(std::size_t at, std::size_t size) const {
    byte(at + size - 1);
    return bytes_.substr(at, size);
  }
  std::size_t size() const { return bytes_.size(); }

 private:
  std::string_view bytes_;
  std::string format_;
};

ImageHeader png(const Reader& file) {
  if (file.text(12, 4) != "IHDR") throw std::invalid_argument("a PNG without its header");
  const ImageHeader header{"PNG", file.big32(16), file.big32(20)};
  std::size_t chunk = 8;
  while (file.text(chunk + 4, 4) != "IEND") chunk += 12 + std::size_t{file.big32(chunk)};
  file.big32(chunk + 8);  // the closing checksum is there
  return header;
}

bool is_frame_header(std::uint32_t marker) {
  return marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
}

ImageHeader jpeg(const Reader& file, std::string_view bytes) {
  ImageHeader header{"JPEG", 0, 0};
  std::size_t at = 2;
  while (true) {
    if (file.byte(at) != 0xFF) throw std::invalid_argument("a JPEG with a broken segment");
    const std::uint32_t marker = file.byte(at + 1);
    if (marker == 0xFF) {  // padding
      ++at;
      continue;
    }
    if (marker == 0x01 || (marker >= 0xD0 && marker <= 0xD8)) {  // markers without a segment
      at += 2;
      continue;
    }
    if (marker == 0xD9) throw std::invalid_argument("a JPEG without picture data");
    if (is_frame_header(marker)) {
      header.height = file.big16(at + 5);
      header.width = file.big16(at + 7);
    }
    if (marker == 0xDA) break;
    at += 2 + std::size_t{file.big16(at + 2)};
  }
  // From here on FF D9 can only be the end marker: data bytes FF are stuffed.
  if (bytes.find("\xFF\xD9", at) == std::string_view::npos) {
    throw std::invalid_argument("truncated JPEG");
  }
  return header;
}

ImageHeader webp(const Reader& file) {
  if (file.size() < std::size_t{file.little32(4)} + 8) {
    throw std::invalid_argument("truncated WebP");
  }
  const std::string_view kind = file.text(12, 4);
  if (kind == "VP8X") return {"WebP", file.little24(24) + 1, file.little24(27) + 1};
  if (kind == "VP8L") {
    const std::uint32_t bits = file.little32(21);
    return {"WebP", (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1};
  }
  if (kind == "VP8 ") return {"WebP", file.little16(26) & 0x3FFF, file.little16(28) & 0x3FFF};
  throw std::invalid_argument("a WebP of unknown kind");
}

ImageHeader bmp(const Reader& file) {
  if (file.little32(14) == 12) return {"BMP", file.little16(18), file.little16(20)};
  const auto width = static_cast<std::int32_t>(file.little32(18));
  const auto height = static_cast<std::int32_t>(file.little32(22));
  // A negative height means rows from the top.
  return {"BMP", width, height < 0 ? -std::int64_t{height} : height};
}

}  // namespace

ImageHeader read_image_header(std::string_view bytes) {
  ImageHeader header;
  if (bytes.empty()) throw std::invalid_argument("an empty file");
  if (bytes.starts_with("\x89PNG\r\n\x1A\n")) {
    header = png(Reader(bytes, "PNG"));
  } else if (bytes.starts_with("\xFF\xD8\xFF")) {
    header = jpeg(Reader(bytes, "JPEG"), bytes);
  } else if (bytes.starts_with("RIFF") && bytes.substr(0, 12).ends_with("WEBP")) {
    header = webp(Reader(bytes, "WebP"));
  } else if (bytes.starts_with("BM")) {
    header = bmp(Reader(bytes, "BMP"));
  } else {
    throw std::invalid_argument("not an image (PNG, JPEG, WebP and BMP are read)");
  }
  if (header.width <= 0 || header.height <= 0) {
    throw std::invalid_argument("a " + header.format + " without a size");
  }
  return header;
}

}  // namespace winnow
