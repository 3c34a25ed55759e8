#pragma once
// The printable character that tokenizer.json and vocab.json write for each byte.

#include <string>
#include <vector>

namespace winnow {

// [256] in UTF-8: the byte itself where it is printable in Latin-1, else one of the characters from
// U+0100 on, in order; all below U+0144.
inline std::vector<std::string> byte_characters() {
  std::vector<std::string> characters;
  unsigned next = 0x100;
  for (unsigned byte = 0; byte < 256; ++byte) {
    const bool is_printable = (byte >= '!' && byte <= '~') || (byte >= 0xA1 && byte != 0xAD);
    const unsigned code = is_printable ? byte : next++;
    if (code < 0x80) {
      characters.emplace_back(1, static_cast<char>(code));
    } else {
      characters.push_back(
          {static_cast<char>(0xC0U | code >> 6), static_cast<char>(0x80U | (code & 0x3FU))});
    }
  }
  return characters;
}

}  // namespace winnow
