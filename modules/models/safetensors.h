#pragma once
// Named tensors in one file, in the safetensors format: an 8-byte little-endian header length, a
// JSON header (name -> dtype, shape, byte offsets), then the raw data.

#include <torch/torch.h>

#include <filesystem>
#include <map>
#include <string>

namespace winnow {

// Atomic. Tensors are written contiguous, on the CPU, sorted by name: equal tensors, equal bytes.
void write_safetensors(const std::filesystem::path& path,
                       const std::map<std::string, torch::Tensor>& tensors);

// Throws DataError naming the file and what is wrong with it: truncated, a header that is too long
// or not JSON, unknown dtype, offsets out of range, overlapping or not matching the shape.
std::map<std::string, torch::Tensor> read_safetensors(const std::filesystem::path& path);

}  // namespace winnow
