#pragma once
// Writes messages in the wire format of protocol buffers, which is all that event files need.

#include <cstdint>
#include <string>
#include <string_view>

namespace winnow {

// Fixed-width numbers, lowest byte first.
std::string little_endian(std::uint64_t number, int bytes);

class ProtobufMessage {
 public:
  ProtobufMessage& integer(int field, std::int64_t value);    // int32, int64, enum, bool
  ProtobufMessage& number(int field, double value);           // double
  ProtobufMessage& short_number(int field, float value);      // float
  ProtobufMessage& bytes(int field, std::string_view value);  // string, bytes
  ProtobufMessage& message(int field, const ProtobufMessage& value) {
    return bytes(field, value.wire());
  }
  const std::string& wire() const { return wire_; }

 private:
  std::string wire_;
};

}  // namespace winnow
