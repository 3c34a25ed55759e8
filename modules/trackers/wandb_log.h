#pragma once
// The log that W&B writes offline and `wandb sync` takes: blocks of 32 KiB in which records lie in
// pieces, each with a checksum; a record is a message of W&B's protocol buffers.

#include <cstdint>
#include <string>
#include <string_view>

namespace winnow {

// The bytes to put behind `length` bytes of a log so that it ends with this record; at 0 they begin
// with the file's header.
std::string wandb_record(std::uint64_t length, std::string_view data);

}  // namespace winnow
