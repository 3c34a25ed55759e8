#include "gdo_release/python/hash.h"

#include <algorithm>
#include <bit>

namespace winnow::gdo_release::python {
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

}  // namespace

std::int64_t hash(std::string_view text) {
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
  const auto value = static_cast<std::int64_t>(state.a ^ state.b ^ state.c ^ state.d);
  return value == -1 ? -2 : value;
}

}  // namespace winnow::gdo_release::python
