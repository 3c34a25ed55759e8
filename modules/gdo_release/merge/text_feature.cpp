#include "gdo_release/merge/text_feature.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <string>

namespace winnow::gdo_release {
namespace {

struct SipState {
  std::uint64_t a = 0x736f6d6570736575, b = 0x646f72616e646f6d, c = 0x6c7967656e657261,
                d = 0x7465646279746573;

  void round() {
    a += b, c += d;
    b = std::rotl(b, 13) ^ a, d = std::rotl(d, 16) ^ c;
    a = std::rotl(a, 32) + d, c += b;
    b = std::rotl(b, 17) ^ c, d = std::rotl(d, 21) ^ a;
    c = std::rotl(c, 32);
  }
  void add(std::uint64_t word) {
    d ^= word;
    round();
    a ^= word;
  }
};

bool is_token_character(char character) {
  return (character >= 'a' && character <= 'z') || (character >= '0' && character <= '9') ||
         character == '_';
}

template <class Take>
void for_each_token(std::string_view text, Take take) {
  std::string token;
  const auto end = [&] {
    if (!token.empty()) take(token);
    token.clear();
  };
  while (!text.empty()) {
    // Lower-casing turns two characters beyond ASCII into ASCII letters: the Kelvin sign, and I
    // with a dot, whose dot becomes a mark of its own.
    constexpr std::string_view kKelvin = "\xE2\x84\xAA", kDottedI = "\xC4\xB0";
    if (text.starts_with(kKelvin)) {
      token += 'k';
      text.remove_prefix(kKelvin.size());
      continue;
    }
    if (text.starts_with(kDottedI)) {
      token += 'i';
      end();
      text.remove_prefix(kDottedI.size());
      continue;
    }
    const char character = text.front();
    const char lower =
        character >= 'A' && character <= 'Z' ? static_cast<char>(character | 0x20) : character;
    if (is_token_character(lower)) {
      token += lower;
    } else {
      end();
    }
    text.remove_prefix(1);
  }
  end();
}

}  // namespace

std::int64_t python_hash(std::string_view text) {
  if (text.empty()) return 0;
  SipState state;
  const std::uint64_t length = text.size();
  const auto word = [&] {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < std::min<std::size_t>(8, text.size()); ++i) {
      value |= static_cast<std::uint64_t>(static_cast<unsigned char>(text[i])) << (8 * i);
    }
    return value;
  };
  for (; text.size() >= 8; text.remove_prefix(8)) state.add(word());
  state.add(length << 56 | word());
  state.c ^= 0xFF;
  for (int i = 0; i < 3; ++i) state.round();
  const auto hash = static_cast<std::int64_t>(state.a ^ state.b ^ state.c ^ state.d);
  return hash == -1 ? -2 : hash;
}

std::array<float, 16> text_feature(std::string_view question, std::string_view answer) {
  std::array<float, 16> feature{};
  float squares = 0.0F;
  for (const std::string_view text : {question, answer}) {
    for_each_token(text, [&](std::string_view token) {
      ++feature[static_cast<std::uint64_t>(python_hash(token)) % feature.size()];
    });
  }
  for (const float value : feature) squares += value * value;
  const auto length = static_cast<float>(static_cast<double>(std::sqrt(squares)) + 1e-6);
  for (float& value : feature) value /= length;
  return feature;
}

}  // namespace winnow::gdo_release
