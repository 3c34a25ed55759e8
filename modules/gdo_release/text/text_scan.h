#pragma once
// The inner loops of text.h: white space collapsed and words counted, 32 bytes at a time.

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "gdo_release/python/byte_block.h"
#include "gdo_release/python/json.h"
#include "gdo_release/python/text.h"

namespace winnow::gdo_release {

struct Measure {
  std::int64_t tokens = 0;
  bool temporal = false;  // a word of time stands in the text
  bool choice = false;    // "choice" or "choices" stands in it
};
// The words are looked for only when `words` is set.
Measure measure(std::string_view text, bool words);

// The first eight letters of an ASCII word in lower case, zeros behind a shorter one; different for
// different words of up to eight letters. Nothing is read from `end` on.
inline std::uint64_t first_letters(std::string_view word, const char* end) {
  std::uint64_t letters = 0;
  const std::ptrdiff_t readable = end - word.data();
  std::memcpy(&letters, word.data(), readable >= 8 ? 8 : static_cast<std::size_t>(readable));
  letters |= 0x2020202020202020u;
  return word.size() < 8 ? letters & ((std::uint64_t{1} << (8 * word.size())) - 1) : letters;
}

// Calls `take(token)` for the runs of [A-Za-z0-9_] in a text, until it says false.
template <class Take>
void each_token(std::string_view text, Take take) {
  const char* const end = text.data() + text.size();
  const auto tokens_at = [&](const char* p) {
    return p < end ? python::partial_block(p, end - p).word() : 0;
  };
  std::uint64_t before = 0;  // 1 when the byte in front of the block belongs to a token
  std::uint32_t current = tokens_at(text.data());
  for (const char* p = text.data(); p < end; p += python::ByteBlock::size) {
    const std::uint32_t following = tokens_at(p + python::ByteBlock::size);
    const std::uint64_t both = static_cast<std::uint64_t>(following) << 32 | current;
    auto starts = static_cast<std::uint32_t>(both & ~(both << 1 | before));
    for (; starts != 0; starts &= starts - 1) {
      const int at = std::countr_zero(starts);
      const char* const token = p + at;
      auto length = std::countr_one(both >> at);
      if (at + length == 64) {
        while (token + length < end && python::is_ascii_word(token[length])) ++length;
      }
      if (!take(std::string_view(token, static_cast<std::size_t>(length)))) return;
    }
    before = current >> 31;
    current = following;
  }
}

// The text with the two characters in place that lower-casing turns into ASCII letters: the Kelvin
// sign (k) and I with a dot (i, then a mark).
std::string with_ascii_tokens(std::string_view text);
// Whether either stands in the text.
bool needs_ascii_tokens(std::string_view text);

// The media token that `text` begins with, or an empty text.
inline std::string_view leading_media_token(std::string_view text) {
  for (const std::string_view token : {"<image>", "<video>", "<audio>"}) {
    if (text.starts_with(token)) return token;
  }
  return {};
}

enum class TextForm { plain, json };  // json: the inside of a JSON string, with its escapes

struct Normalized {
  char* end = nullptr;          // behind the text written
  bool half_surrogate = false;  // the text holds half a surrogate pair, written as three bytes
  bool again = false;           // an escape may be part of a media token: unescape first
};

// Writes the text in [p, end) with its white space collapsed to `out`, where 32 bytes more than the
// text's length must be writable. With `media`, media tokens are white space. For json, 32 bytes
// behind `end` must be readable.
template <TextForm form>
Normalized write_normalized(const char* p, const char* end, bool media, char* out) {
  constexpr bool kJson = form == TextForm::json;
  Normalized result;
  const char* const first = out;
  const auto after_space = [&] { return out == first || out[-1] == ' '; };
  const auto put_space = [&] {
    if (!after_space()) *out++ = ' ';
  };
  const auto put = [&](char32_t c) {
    if (python::is_white_space(c)) {
      put_space();
    } else {
      result.half_surrogate |= c >= 0xD800 && c <= 0xDFFF;
      out = python::encode_utf8(c, out);
    }
  };
  while (p < end) {
    const std::ptrdiff_t left = end - p;
    const python::ByteBlock block = kJson ? python::ByteBlock(p) : python::partial_block(p, left);
    const std::uint32_t spaces = block.equal(' ');
    std::uint32_t special = block.non_ascii() | block.control() |
                            (spaces & (spaces << 1 | static_cast<std::uint32_t>(after_space())));
    if (kJson) special |= block.equal('\\');
    if (media) special |= block.equal('<');
    block.store(out);
    const std::ptrdiff_t plain = std::min<std::ptrdiff_t>(std::countr_zero(special), left);
    out += plain;
    p += plain;
    if (plain == python::ByteBlock::size || p == end) continue;
    if (static_cast<unsigned char>(*p) >= 0x80) {
      do {
        const char* const start = p;
        if (python::is_white_space(python::decode_utf8(p))) {
          put_space();
        } else {
          out = std::copy(start, p, out);
        }
      } while (p < end && static_cast<unsigned char>(*p) >= 0x80);
    } else if (kJson && *p == '\\') {
      if (p[1] == 'u') {
        const char32_t c = python::decode_escape(p, end);
        if (media && c > ' ' && c < 0x7F) return result.again = true, result;
        put(c);
      } else {
        put(static_cast<char32_t>(python::simple_escape(p[1])));
        p += 2;
      }
    } else if (media && *p == '<') {
      const std::string_view token = leading_media_token({p, static_cast<std::size_t>(end - p)});
      if (token.empty()) {
        *out++ = *p++;
      } else {
        put_space();
        p += token.size();
      }
    } else {
      put(static_cast<char32_t>(*p++));
    }
  }
  if (out != first && out[-1] == ' ') --out;
  result.end = out;
  return result;
}

}  // namespace winnow::gdo_release
