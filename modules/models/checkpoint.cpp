#include "models/checkpoint.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "core/errors.h"
#include "core/files.h"

namespace winnow {
namespace json = boost::json;
namespace fs = std::filesystem;
namespace {

constexpr const char* kSingle = "model.safetensors";
constexpr const char* kIndex = "model.safetensors.index.json";
const std::map<std::string, std::string> kMetadata = {{"format", "pt"}};

// Tensor name -> file name.
std::map<std::string, std::string> read_index(const fs::path& path) {
  boost::system::error_code parse_error;
  const json::value index = json::parse(read_file(path), parse_error);
  const json::value* map = nullptr;
  if (!parse_error && index.is_object()) map = index.as_object().if_contains("weight_map");
  if (map == nullptr || !map->is_object()) {
    throw DataError(path.string() + ": needs a JSON object 'weight_map' from tensor to file name");
  }
  std::map<std::string, std::string> files;
  for (const auto& [name, file] : map->as_object()) {
    const std::string text = file.is_string() ? std::string(file.as_string()) : std::string();
    // A checkpoint is a folder: nothing outside it is opened on its word.
    if (text.empty() || text.find('\0') != std::string::npos || fs::path(text).filename() != text ||
        text == "." || text == "..") {
      throw DataError(path.string() + ": weight_map['" + std::string(name) +
                      "'] must be the name of a file in this folder");
    }
    files.emplace(name, text);
  }
  return files;
}

}  // namespace

Checkpoint::Checkpoint(const fs::path& folder) : folder_(folder) {
  const fs::path index = folder / kIndex;
  if (!fs::exists(index)) {
    if (!fs::exists(folder / kSingle)) {
      throw DataError(folder.string() + ": holds neither " + kSingle + " nor " + kIndex);
    }
    files_.emplace_back(folder / kSingle);
    for (const auto& [name, entry] : files_[0].entries()) place_.emplace(name, 0);
    return;
  }
  std::map<std::string, std::size_t> opened;  // file name -> index into files_
  for (const auto& [name, file] : read_index(index)) {
    const auto [place, is_new] = opened.emplace(file, files_.size());
    if (is_new) {
      if (!fs::exists(folder / file)) {
        throw DataError(index.string() + ": names the file " + file + ", which is missing");
      }
      files_.emplace_back(folder / file);
    }
    if (files_[place->second].entries().count(name) == 0) {
      throw DataError((folder / file).string() + ": lacks tensor '" + name +
                      "', which the index says is there");
    }
    place_.emplace(name, place->second);
  }
  for (const auto& [file, number] : opened) {
    for (const auto& [name, entry] : files_[number].entries()) {
      const auto found = place_.find(name);
      if (found == place_.end() || found->second != number) {
        throw DataError((folder / file).string() + ": holds tensor '" + name +
                        "', which the index does not place there");
      }
    }
  }
}

std::vector<std::string> Checkpoint::names() const {
  std::vector<std::string> names;
  for (const auto& [name, file] : place_) names.push_back(name);
  return names;
}

std::size_t Checkpoint::file_of(const std::string& name) const {
  const auto found = place_.find(name);
  if (found == place_.end()) throw DataError(folder_.string() + ": has no tensor '" + name + "'");
  return found->second;
}

const SafetensorsFile::Entry& Checkpoint::entry(const std::string& name) const {
  return files_[file_of(name)].entries().at(name);
}

torch::Tensor Checkpoint::tensor(const std::string& name) const {
  return files_[file_of(name)].tensor(name);
}

void Checkpoint::release(const std::string& name) const { files_[file_of(name)].release(name); }

void write_checkpoint(const fs::path& folder, const std::map<std::string, torch::Tensor>& tensors,
                      std::uint64_t maximum_bytes) {
  std::vector<std::map<std::string, torch::Tensor>> parts(1);
  std::uint64_t total = 0, used = 0;
  for (const auto& [name, tensor] : tensors) {
    const auto size = static_cast<std::uint64_t>(tensor.numel()) * tensor.element_size();
    if (used > 0 && used + size > maximum_bytes) {
      parts.emplace_back();
      used = 0;
    }
    parts.back().emplace(name, tensor);
    used += size;
    total += size;
  }
  if (parts.size() == 1) {
    write_safetensors(folder / kSingle, tensors, kMetadata);
    return;
  }
  json::object places;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const std::string file = fmt::format("model-{:05}-of-{:05}.safetensors", i + 1, parts.size());
    write_safetensors(folder / file, parts[i], kMetadata);
    for (const auto& [name, tensor] : parts[i]) places[name] = file;
  }
  const json::object index = {{"metadata", json::object{{"total_size", total}}},
                              {"weight_map", places}};
  write_file(folder / kIndex, json::serialize(index) + "\n");
}

}  // namespace winnow
