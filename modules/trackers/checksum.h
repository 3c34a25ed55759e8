#pragma once
// Checksums of the trackers' file formats: CRC-32 over a reflected polynomial.

#include <cstdint>
#include <string_view>

namespace winnow {

// Castagnoli's polynomial: TensorFlow's records.
std::uint32_t crc32c(std::string_view bytes);
// As those records hold it.
std::uint32_t masked_crc32c(std::string_view bytes);
// IEEE's polynomial, zlib's crc32: W&B's records.
std::uint32_t crc32_ieee(std::string_view bytes);

}  // namespace winnow
