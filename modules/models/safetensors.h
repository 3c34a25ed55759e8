#pragma once
// Named tensors in one file, in the safetensors format: an 8-byte little-endian header length, a
// JSON header (name -> dtype, shape, byte offsets), then the raw data.

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/mapped_file.h"
#include "models/torch.h"

namespace winnow {

// Atomic. Tensors are written contiguous, on the CPU, sorted by name: equal tensors, equal bytes.
// `metadata` goes into the header; other tools want {"format", "pt"} of a model's file.
void write_safetensors(const std::filesystem::path& path,
                       const std::map<std::string, torch::Tensor>& tensors,
                       const std::map<std::string, std::string>& metadata = {});

// Throws DataError naming the file and what is wrong with it: truncated, a header that is too long
// or not JSON, unknown dtype, offsets out of range, overlapping, leaving bytes to no tensor or not
// matching the shape.
std::map<std::string, torch::Tensor> read_safetensors(const std::filesystem::path& path);

// A safetensors file opened for reading without a copy of its data.
class SafetensorsFile {
 public:
  struct Entry {
    torch::ScalarType type = torch::kFloat32;
    std::vector<std::int64_t> shape;
    std::uint64_t begin = 0, end = 0;  // bytes, from the beginning of the data
  };

  // Maps the file and checks its whole header. Throws as read_safetensors does, IoError when the
  // file cannot be opened.
  explicit SafetensorsFile(const std::filesystem::path& path);

  const std::map<std::string, Entry>& entries() const { return entries_; }
  // A view of the mapped bytes, which it keeps alive. Read only: writing to it ends the program.
  // Throws DataError when there is no such tensor.
  torch::Tensor tensor(const std::string& name) const;
  // Gives back the memory that reading this tensor took; its views stay good.
  void release(const std::string& name) const;

 private:
  const Entry& entry(const std::string& name) const;

  std::filesystem::path path_;
  std::shared_ptr<const MappedFile> file_;
  std::uint64_t data_begin_ = 0;
  std::map<std::string, Entry> entries_;
};

}  // namespace winnow
