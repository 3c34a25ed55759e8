#include "pool/row_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>

#include "core/base64.h"
#include "core/hash.h"
#include "core/printable.h"
#include "pool/row_error.h"

namespace winnow {
namespace {

constexpr std::size_t kShown = 100;  // bytes of a text that a message shows

[[noreturn]] void structure_error(std::string_view key, const std::string& reason) {
  throw RowError("structure", fmt::format("`{}` {}", key, reason));
}

// By the first bytes; empty for what no decoder here knows.
std::string_view ending_of(std::string_view bytes) {
  const auto starts = [&](std::string_view magic, std::size_t at = 0) {
    return bytes.size() > at && bytes.substr(at).starts_with(magic);
  };
  if (starts("\x89PNG")) return ".png";
  if (starts("\xFF\xD8\xFF")) return ".jpg";
  if (starts("RIFF") && starts("WEBP", 8)) return ".webp";
  if (starts("RIFF") && starts("AVI ", 8)) return ".avi";
  if (starts("GIF8")) return ".gif";
  if (starts("BM")) return ".bmp";
  if (starts("ftyp", 4)) return ".mp4";
  if (starts("\x1A\x45\xDF\xA3")) return ".webm";
  return "";
}

RowFile file_of_bytes(std::string bytes) {
  RowFile file;
  file.path = fmt::format("inline-{}{}", digest_of(bytes), ending_of(bytes));
  file.content = std::make_shared<const std::string>(std::move(bytes));
  return file;
}

int value_of_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// A percent sign without two digits behind it stays.
std::string without_percent_escapes(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int high = text[i] == '%' && i + 2 < text.size() ? value_of_digit(text[i + 1]) : -1;
    const int low = high >= 0 ? value_of_digit(text[i + 2]) : -1;
    if (low >= 0) {
      result += static_cast<char>(16 * high + low);
      i += 2;
    } else {
      result += text[i];
    }
  }
  return result;
}

// "http" of "http://..."; empty for a path.
std::string scheme_of(std::string_view text) {
  const std::size_t colon = text.find("://");
  if (colon == std::string_view::npos || colon == 0) return "";
  std::string scheme;
  for (const char c : text.substr(0, colon)) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) == 0 && c != '+' && c != '-' && c != '.') return "";
    scheme += static_cast<char>(std::tolower(byte));
  }
  return std::isalpha(static_cast<unsigned char>(scheme[0])) != 0 ? scheme : "";
}

RowFile file_of_data_uri(std::string_view text, std::string_view key) {
  const std::size_t comma = text.find(',');
  if (comma == std::string_view::npos) structure_error(key, "holds a data: URI without a comma");
  const std::string_view head = text.substr(0, comma), data = text.substr(comma + 1);
  if (head.ends_with(";base64")) return file_of_base64(data, key);
  return file_of_bytes(without_percent_escapes(data));
}

// How the pictures and clips begin that are written without saying that they are base64. A path of
// that length and without a dot would have to decode to one as well.
std::optional<std::string> bare_base64(std::string_view text) {
  constexpr std::size_t kShortest = 64;
  constexpr std::array kBeginnings = {"iVBORw0KGgo", "/9j/", "UklGR", "R0lGOD", "AAAA", "GkXfo"};
  const bool may_be =
      text.size() >= kShortest && std::any_of(kBeginnings.begin(), kBeginnings.end(),
                                              [&](auto start) { return text.starts_with(start); });
  if (!may_be) return std::nullopt;
  std::optional<std::string> bytes = from_base64(text);
  if (bytes && ending_of(*bytes).empty()) bytes.reset();
  return bytes;
}

template <std::size_t n>
bool ends_like(std::string_view path, const std::array<std::string_view, n>& endings) {
  return std::any_of(endings.begin(), endings.end(), [&](std::string_view ending) {
    if (path.size() <= ending.size()) return false;
    const std::string_view tail = path.substr(path.size() - ending.size());
    if (path[path.size() - ending.size() - 1] == '/') return false;  // a hidden file's whole name
    return std::equal(tail.begin(), tail.end(), ending.begin(), [](unsigned char a, char b) {
      return static_cast<char>(std::tolower(a)) == b;
    });
  });
}

}  // namespace

RowFile file_of_base64(std::string_view text, std::string_view key) {
  std::optional<std::string> bytes = from_base64(text);
  if (!bytes) structure_error(key, "holds broken base64");
  if (bytes->empty()) structure_error(key, "holds base64 of no bytes");
  return file_of_bytes(std::move(*bytes));
}

RowFile file_of_text(std::string text, std::string_view key) {
  if (std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isspace(c) != 0; })) {
    structure_error(key, "holds an empty path");
  }
  if (text.find('\0') != std::string::npos)
    structure_error(key, "holds a path with a NUL character");
  if (text.starts_with("data:")) return file_of_data_uri(text, key);
  const std::string scheme = scheme_of(text);
  if (scheme == "file") {
    std::string_view rest = std::string_view(text).substr(std::string_view("file://").size());
    constexpr std::string_view kHost = "localhost";
    if (rest.starts_with(kHost) && rest.substr(kHost.size()).starts_with('/')) {
      rest.remove_prefix(kHost.size());
    }
    if (rest.empty()) structure_error(key, "holds an empty path");
    return {without_percent_escapes(rest), nullptr};
  }
  if (!scheme.empty()) {
    throw RowError("remote_media",
                   fmt::format("`{}` names an address, {}: only local files are read; fetch it and "
                               "name the file",
                               key, shortened(text, kShown)));
  }
  if (std::optional<std::string> bytes = bare_base64(text)) return file_of_bytes(std::move(*bytes));
  return {std::move(text), nullptr};
}

bool is_picture_path(std::string_view path) {
  constexpr std::array<std::string_view, 5> kEndings = {".png", ".jpg", ".jpeg", ".webp", ".bmp"};
  return ends_like(path, kEndings);
}

bool is_media_path(std::string_view path) {
  constexpr std::array<std::string_view, 18> kEndings = {
      ".gif",  ".tif", ".tiff", ".heic", ".mp4", ".m4v", ".mov",  ".avi", ".mkv",
      ".webm", ".mpg", ".mpeg", ".wmv",  ".flv", ".wav", ".flac", ".mp3", ".ogg"};
  return is_picture_path(path) || ends_like(path, kEndings);
}

}  // namespace winnow
