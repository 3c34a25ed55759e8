#include "trackers/wandb_log.h"

#include <algorithm>

#include "trackers/checksum.h"
#include "trackers/protobuf.h"

namespace winnow {
namespace {

constexpr std::size_t kBlock = 32768, kPieceHead = 7;
constexpr std::string_view kFileHead = {":W&B\xE1\xBE\x00", 7};  // version 0
constexpr char kWhole = 1, kFirst = 2, kMiddle = 3, kLast = 4;

}  // namespace

std::string wandb_record(std::uint64_t length, std::string_view data) {
  std::string bytes(length == 0 ? kFileHead : std::string_view());
  bool is_first = true;
  do {
    const std::size_t left = kBlock - (length + bytes.size()) % kBlock;
    if (left < kPieceHead) {
      bytes.append(left, '\0');
      continue;
    }
    const std::size_t size = std::min(data.size(), left - kPieceHead);
    const bool is_last = size == data.size();
    const char kind = is_first ? (is_last ? kWhole : kFirst) : (is_last ? kLast : kMiddle);
    const std::string piece = std::string(1, kind) + std::string(data.substr(0, size));
    bytes += little_endian(crc32_ieee(piece), 4) + little_endian(size, 2) + piece;
    data.remove_prefix(size);
    is_first = false;
    if (is_last) return bytes;
  } while (true);
}

}  // namespace winnow
