#pragma once
// 32 bytes looked at together. A mask has bit i set where byte i has the property.

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#ifdef __AVX2__
#include <immintrin.h>
#endif

namespace winnow::gdo_release::python {

// `\w` of ASCII: [A-Za-z0-9_].
inline bool is_ascii_word(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
}

// On any processor.
class PortableByteBlock {
 public:
  static constexpr std::ptrdiff_t size = 32;
  explicit PortableByteBlock(const char* bytes) { std::memcpy(bytes_.data(), bytes, size); }
  void store(char* out) const { std::memcpy(out, bytes_.data(), size); }

  std::uint32_t equal(char c) const {
    return mask([c](char byte) { return byte == c; });
  }
  // Below the space.
  std::uint32_t control() const {
    return mask([](char byte) { return static_cast<unsigned char>(byte) < 0x20; });
  }
  std::uint32_t non_ascii() const {
    return mask([](char byte) { return static_cast<unsigned char>(byte) >= 0x80; });
  }
  std::uint32_t word() const { return mask(is_ascii_word); }

 private:
  template <class Property>
  std::uint32_t mask(Property property) const {
    std::uint32_t result = 0;
    for (std::size_t i = 0; i < bytes_.size(); ++i) {
      result |= static_cast<std::uint32_t>(property(bytes_[i])) << i;
    }
    return result;
  }
  std::array<char, size> bytes_;
};

#ifdef __AVX2__

// The same in a few instructions.
class Avx2ByteBlock {
 public:
  static constexpr std::ptrdiff_t size = 32;
  explicit Avx2ByteBlock(const char* bytes)
      : bytes_(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(bytes))) {}
  void store(char* out) const { _mm256_storeu_si256(reinterpret_cast<__m256i*>(out), bytes_); }

  std::uint32_t equal(char c) const { return mask(_mm256_cmpeq_epi8(bytes_, _mm256_set1_epi8(c))); }
  std::uint32_t control() const {
    return mask(_mm256_cmpeq_epi8(_mm256_min_epu8(bytes_, _mm256_set1_epi8(0x1F)), bytes_));
  }
  std::uint32_t non_ascii() const { return mask(bytes_); }
  // The high half of a byte chooses a class, the low half says which classes take it.
  std::uint32_t word() const {
    const __m256i low_classes =
        twice(_mm_setr_epi8(0b1101, 0b1111, 0b1111, 0b1111, 0b1111, 0b1111, 0b1111, 0b1111, 0b1111,
                            0b1111, 0b1110, 0b0010, 0b0010, 0b0010, 0b0010, 0b0110));
    const __m256i high_classes = twice(
        _mm_setr_epi8(0, 0, 0, 0b0001, 0b0010, 0b0100, 0b0010, 0b1000, 0, 0, 0, 0, 0, 0, 0, 0));
    const __m256i high = _mm256_and_si256(_mm256_srli_epi16(bytes_, 4), _mm256_set1_epi8(0x0F));
    const __m256i both = _mm256_and_si256(_mm256_shuffle_epi8(low_classes, bytes_),
                                          _mm256_shuffle_epi8(high_classes, high));
    return ~mask(_mm256_cmpeq_epi8(both, _mm256_setzero_si256()));
  }

 private:
  static std::uint32_t mask(__m256i bytes) {
    return static_cast<std::uint32_t>(_mm256_movemask_epi8(bytes));
  }
  static __m256i twice(__m128i half) { return _mm256_broadcastsi128_si256(half); }
  __m256i bytes_;
};

using ByteBlock = Avx2ByteBlock;

#else

using ByteBlock = PortableByteBlock;

#endif

// The block at `bytes`, of which only `count` may be read; the rest is zero.
inline ByteBlock partial_block(const char* bytes, std::ptrdiff_t count) {
  if (count >= ByteBlock::size) return ByteBlock(bytes);
  std::array<char, ByteBlock::size> padded{};
  std::memcpy(padded.data(), bytes, static_cast<std::size_t>(count));
  return ByteBlock(padded.data());
}

}  // namespace winnow::gdo_release::python
