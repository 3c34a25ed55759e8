#include "trackers/checksum.h"

#include <array>

namespace winnow {
namespace {

using Table = std::array<std::uint32_t, 256>;

constexpr Table table_of(std::uint32_t polynomial) {
  Table table{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t remainder = byte;
    for (int bit = 0; bit < 8; ++bit) {
      remainder = (remainder >> 1) ^ ((remainder & 1) != 0 ? polynomial : 0);
    }
    table[byte] = remainder;
  }
  return table;
}

constexpr Table kCastagnoli = table_of(0x82F63B78), kIeee = table_of(0xEDB88320);

std::uint32_t checksum(const Table& table, std::string_view bytes) {
  std::uint32_t remainder = 0xFFFFFFFF;
  for (const char byte : bytes) {
    remainder = (remainder >> 8) ^ table[(remainder ^ static_cast<unsigned char>(byte)) & 0xFF];
  }
  return ~remainder;
}

}  // namespace

std::uint32_t crc32c(std::string_view bytes) { return checksum(kCastagnoli, bytes); }

std::uint32_t masked_crc32c(std::string_view bytes) {
  const std::uint32_t crc = crc32c(bytes);
  return ((crc >> 15) | (crc << 17)) + 0xA282EAD8U;
}

std::uint32_t crc32_ieee(std::string_view bytes) { return checksum(kIeee, bytes); }

}  // namespace winnow
