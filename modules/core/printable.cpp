#include "core/printable.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

namespace winnow {
namespace {

// The character at the front of a text, and how many bytes it takes; no bytes: not UTF-8.
struct Character {
  char32_t code = 0;
  std::size_t size = 0;
};

Character front(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  const std::size_t size = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < size) return {};
  char32_t code = lead & (0x7FU >> size);
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xC0U) != 0x80) return {};
    code = code << 6 | (byte(i) & 0x3FU);
  }
  const bool overlong = (size == 3 && code < 0x800) || (size == 4 && code < 0x10000);
  if (overlong || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) return {};
  return {code, size};
}

bool moves_the_terminal(char32_t c) {
  return c < 0x20 || (c >= 0x7F && c < 0xA0) ||                         // C0, DEL, C1
         c == 0x2028 || c == 0x2029 ||                                  // line, paragraph
         c == 0x061C || c == 0x200E || c == 0x200F ||                   // direction marks,
         (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);  // overrides, isolates
}

std::string shown(std::string_view text, bool keep_lines) {
  std::string result;
  result.reserve(text.size());
  while (!text.empty()) {
    const Character character = front(text);
    const bool kept = keep_lines && (character.code == '\n' || character.code == '\t');
    if (character.size == 0) {
      result += fmt::format("\\u{:04x}", static_cast<unsigned char>(text[0]));
    } else if (moves_the_terminal(character.code) && !kept) {
      result += fmt::format("\\u{:04x}", static_cast<std::uint32_t>(character.code));
    } else {
      result += text.substr(0, character.size);
    }
    text.remove_prefix(std::max<std::size_t>(character.size, 1));
  }
  return result;
}

}  // namespace

std::string printable(std::string_view text) { return shown(text, false); }
std::string printable_lines(std::string_view text) { return shown(text, true); }

std::string shortened(std::string_view text, std::size_t longest) {
  if (text.size() <= longest) return std::string(text);
  std::size_t size = longest;
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0U) == 0x80) --size;
  return std::string(text.substr(0, size)) + "...";
}

}  // namespace winnow
