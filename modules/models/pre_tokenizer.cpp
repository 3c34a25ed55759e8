#include "models/pre_tokenizer.h"

#include <unicode/bytestream.h>
#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include <algorithm>
#include <stdexcept>

namespace winnow {

const char* const kQwenPattern =
    "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| "
    "?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

namespace {

enum class Kind { letter, number, space, line_break, other, end };

struct Character {
  UChar32 code = -1;  // negative: not UTF-8, or the end
  Kind kind = Kind::end;
  std::size_t end = 0;  // where the next one begins
};

Kind kind_of(UChar32 code) {
  if (code < 0) return Kind::other;
  if (code < 0x80) {
    const auto c = static_cast<char>(code);
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) return Kind::letter;
    if (c >= '0' && c <= '9') return Kind::number;
    if (c == '\r' || c == '\n') return Kind::line_break;
    return c == ' ' || (c >= '\t' && c <= '\r') ? Kind::space : Kind::other;
  }
  const auto mask = U_GET_GC_MASK(code);
  if ((mask & U_GC_L_MASK) != 0) return Kind::letter;
  if ((mask & U_GC_N_MASK) != 0) return Kind::number;
  return u_isUWhiteSpace(code) ? Kind::space : Kind::other;
}

class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  // End of the word that begins at `at`, which is before the end of the text.
  std::size_t word_end(std::size_t at) const {
    const Character first = read(at);
    if (const std::size_t end = contraction_end(at); end > at) return end;
    if (first.kind == Kind::letter) return run_end(first.end, Kind::letter);
    const Character second = read(first.end);
    if (first.kind != Kind::number && first.kind != Kind::line_break &&
        second.kind == Kind::letter) {
      return run_end(second.end, Kind::letter);
    }
    if (first.kind == Kind::number) return first.end;
    if (first.kind == Kind::other || (first.code == ' ' && second.kind == Kind::other)) {
      return run_end(run_end(first.end, Kind::other), Kind::line_break);
    }
    return white_space_end(at);
  }

 private:
  Character read(std::size_t at) const {
    Character result;
    result.end = at;
    if (at >= text_.size()) return result;
    std::size_t next = at;
    U8_NEXT(text_.data(), next, text_.size(), result.code);
    result.end = next;
    result.kind = kind_of(result.code);
    return result;
  }

  std::size_t run_end(std::size_t at, Kind kind) const {
    for (Character next = read(at); next.kind == kind; next = read(at)) at = next.end;
    return at;
  }

  UChar32 folded(const Character& character) const {
    return character.code < 0 ? -1 : u_foldCase(character.code, U_FOLD_CASE_DEFAULT);
  }

  // End of "'s", "'re" and so on in any case; `at` when there is none.
  std::size_t contraction_end(std::size_t at) const {
    if (text_[at] != '\'') return at;
    const Character first = read(at + 1);
    const UChar32 a = folded(first);
    if (a == 's' || a == 't' || a == 'm' || a == 'd') return first.end;
    const Character second = read(first.end);
    const UChar32 b = folded(second);
    const bool is_two = (a == 'r' && b == 'e') || (a == 'v' && b == 'e') || (a == 'l' && b == 'l');
    return is_two ? second.end : at;
  }

  std::size_t white_space_end(std::size_t at) const {
    std::size_t end = at, last = at, after_break = at;  // `last`: where the last one begins
    for (Character next = read(end); next.kind == Kind::space || next.kind == Kind::line_break;
         next = read(end)) {
      last = end;
      end = next.end;
      if (next.kind == Kind::line_break) after_break = end;
    }
    if (after_break > at) return after_break;
    return end < text_.size() && last > at ? last : end;
  }

  std::string_view text_;
};

}  // namespace

std::vector<std::string_view> split_words(std::string_view text) {
  const Scanner scanner(text);
  std::vector<std::string_view> words;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = scanner.word_end(at);
    words.push_back(text.substr(at, end - at));
    at = end;
  }
  return words;
}

std::string normalized(std::string_view text) {
  const bool is_ascii = std::all_of(text.begin(), text.end(),
                                    [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  if (is_ascii) return std::string(text);
  UErrorCode error = U_ZERO_ERROR;
  const icu::Normalizer2* normalizer = icu::Normalizer2::getNFCInstance(error);
  if (U_FAILURE(error)) throw std::runtime_error("ICU has no normalisation data");
  std::string result;
  icu::StringByteSink<std::string> sink(&result);
  const auto compose = [&](std::size_t begin, std::size_t end) {  // valid UTF-8
    if (begin == end) return;
    const icu::StringPiece piece(text.data() + begin, static_cast<std::int32_t>(end - begin));
    normalizer->normalizeUTF8(0, piece, sink, nullptr, error);
    if (U_FAILURE(error)) throw std::runtime_error("ICU cannot normalise a text");
  };
  std::size_t begin = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t first = at;
    UChar32 code = 0;
    U8_NEXT(text.data(), at, text.size(), code);
    if (code >= 0) continue;
    compose(begin, first);
    result.append(text.substr(first, at - first));
    begin = at;
  }
  compose(begin, text.size());
  return result;
}

}  // namespace winnow
