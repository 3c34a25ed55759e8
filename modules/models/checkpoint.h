#pragma once
// The weights of a checkpoint folder: `model.safetensors`, or several files named by
// `model.safetensors.index.json`.

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "models/safetensors.h"
#include "models/torch.h"

namespace winnow {

class Checkpoint {
 public:
  // Opens all files of the folder and checks that each holds exactly the tensors the index gives
  // it. Throws DataError naming the file and the tensor.
  explicit Checkpoint(const std::filesystem::path& folder);

  std::vector<std::string> names() const;  // sorted
  bool contains(const std::string& name) const { return place_.count(name) > 0; }
  // Shape and dtype without touching the data. Throws DataError for an unknown name.
  const SafetensorsFile::Entry& entry(const std::string& name) const;
  // A read-only view, see SafetensorsFile::tensor.
  torch::Tensor tensor(const std::string& name) const;
  void release(const std::string& name) const;  // see SafetensorsFile::release

 private:
  std::size_t file_of(const std::string& name) const;

  std::filesystem::path folder_;
  std::vector<SafetensorsFile> files_;
  std::map<std::string, std::size_t> place_;  // name -> index into files_
};

// Writes the weights into `folder`: one file when they fit into `maximum_bytes`, else numbered
// files, filled in order of name, and their index. Each file is atomic; the folder is not (see
// PendingDirectory).
void write_checkpoint(const std::filesystem::path& folder,
                      const std::map<std::string, torch::Tensor>& tensors,
                      std::uint64_t maximum_bytes);

}  // namespace winnow
