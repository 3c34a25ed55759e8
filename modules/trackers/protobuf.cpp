#include "trackers/protobuf.h"

#include <bit>

namespace winnow {
namespace {

constexpr unsigned kVarint = 0, kFixed64 = 1, kLengthDelimited = 2, kFixed32 = 5;

void add_varint(std::string& wire, std::uint64_t value) {
  while (value >= 0x80) {
    wire += static_cast<char>(0x80 | (value & 0x7F));
    value >>= 7;
  }
  wire += static_cast<char>(value);
}

void add_tag(std::string& wire, int field, unsigned type) {
  add_varint(wire, (static_cast<std::uint64_t>(field) << 3) | type);
}

}  // namespace

std::string little_endian(std::uint64_t number, int bytes) {
  std::string result;
  for (int i = 0; i < bytes; ++i) result += static_cast<char>((number >> (8 * i)) & 0xFF);
  return result;
}

ProtobufMessage& ProtobufMessage::integer(int field, std::int64_t value) {
  add_tag(wire_, field, kVarint);
  add_varint(wire_, static_cast<std::uint64_t>(value));
  return *this;
}

ProtobufMessage& ProtobufMessage::number(int field, double value) {
  add_tag(wire_, field, kFixed64);
  wire_ += little_endian(std::bit_cast<std::uint64_t>(value), 8);
  return *this;
}

ProtobufMessage& ProtobufMessage::short_number(int field, float value) {
  add_tag(wire_, field, kFixed32);
  wire_ += little_endian(std::bit_cast<std::uint32_t>(value), 4);
  return *this;
}

ProtobufMessage& ProtobufMessage::bytes(int field, std::string_view value) {
  add_tag(wire_, field, kLengthDelimited);
  add_varint(wire_, value.size());
  wire_ += value;
  return *this;
}

}  // namespace winnow
