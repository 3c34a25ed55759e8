#include "gdo_release/python/text.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <string>
#include <system_error>

namespace winnow::gdo_release::python {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Digits and white space of any script as ASCII ones, every other character beyond ASCII as '?'.
std::string in_ascii(std::string_view text) {
  const std::string padded = std::string(text) + std::string(3, '\0');  // a text may be cut short
  std::string result;
  const char* p = padded.data();
  for (const char* const end = p + text.size(); p < end;) {
    const char32_t c = decode_utf8(p);
    const int digit = p > end ? -1 : decimal_digit(c);
    if (c < 0x80) {
      result += static_cast<char>(c);
    } else if (p <= end && is_white_space(c)) {
      result += ' ';
    } else {
      result += digit < 0 ? '?' : static_cast<char>('0' + digit);
    }
  }
  return result;
}

// Without underscores, each of which must stand between two digits; nothing where one does not.
std::optional<std::string> without_underscores(std::string_view text) {
  std::string result;
  char before = '\0';
  for (const char c : text) {
    if (c == '_') {
      if (!is_digit(before)) return std::nullopt;
    } else {
      if (before == '_' && !is_digit(c)) return std::nullopt;
      result += c;
    }
    before = c;
  }
  if (before == '_') return std::nullopt;
  return result;
}

}  // namespace

std::optional<double> float_of_text(std::string_view text) {
  const std::string ascii = in_ascii(text);
  std::string_view trimmed = ascii;
  constexpr std::string_view kBlank = " \t\n\v\f\r";
  trimmed.remove_prefix(std::min(trimmed.find_first_not_of(kBlank), trimmed.size()));
  trimmed = trimmed.substr(0, trimmed.find_last_not_of(kBlank) + 1);
  const std::optional<std::string> plain = without_underscores(trimmed);
  if (!plain) return std::nullopt;
  const char* at = plain->data();
  const char* const end = at + plain->size();
  const bool negative = at < end && *at == '-';
  if (negative || (at < end && *at == '+')) ++at;
  if (at == end || *at == '-') return std::nullopt;  // from_chars would take a second sign
  double value = 0.0;
  const auto [stop, error] = std::from_chars(at, end, value);
  if (stop != end || error == std::errc::invalid_argument) return std::nullopt;
  if (plain->find('(') != std::string::npos) return std::nullopt;  // nan(...) is C's alone
  if (error == std::errc::result_out_of_range) value = std::strtod(at, nullptr);
  return negative ? -value : value;
}

bool has_half_surrogate(std::string_view text) {
  for (std::size_t i = text.find('\xED'); i != std::string_view::npos;
       i = text.find('\xED', i + 1)) {
    if (i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) >= 0xA0) return true;
  }
  return false;
}

}  // namespace winnow::gdo_release::python
