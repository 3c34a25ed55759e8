#include "models/safetensors.h"

#include <algorithm>
#include <boost/json.hpp>
#include <cstring>
#include <fstream>
#include <vector>

#include "core/errors.h"
#include "core/files.h"

namespace winnow {
namespace json = boost::json;
namespace {

constexpr std::uint64_t kMaximumHeader = 100'000'000;
constexpr std::size_t kMaximumDimensions = 16;

struct NamedType {
  const char* name;
  torch::ScalarType type;
};
constexpr NamedType kTypes[] = {
    {"F64", torch::kFloat64},   {"F32", torch::kFloat32}, {"F16", torch::kFloat16},
    {"BF16", torch::kBFloat16}, {"I64", torch::kInt64},   {"I32", torch::kInt32},
    {"U8", torch::kUInt8},      {"BOOL", torch::kBool},
};

std::string type_name(torch::ScalarType type) {
  for (const NamedType& entry : kTypes) {
    if (entry.type == type) return entry.name;
  }
  throw std::logic_error("no safetensors name for this dtype");
}

[[noreturn]] void malformed(const std::filesystem::path& path, const std::string& what) {
  throw DataError(path.string() + ": not a valid safetensors file: " + what);
}

using Entry = SafetensorsFile::Entry;

Entry parse_entry(const std::filesystem::path& path, std::string_view name,
                  const json::value& value, std::uint64_t data_size) {
  const std::string tensor = "tensor '" + std::string(name) + "' ";
  Entry entry;
  try {
    const json::object& object = value.as_object();
    const std::string dtype(object.at("dtype").as_string());
    bool known = false;
    for (const NamedType& type : kTypes) {
      if (dtype == type.name) {
        entry.type = type.type;
        known = true;
      }
    }
    if (!known) malformed(path, tensor + "has unknown dtype " + dtype);
    const json::array& shape = object.at("shape").as_array();
    if (shape.size() > kMaximumDimensions) malformed(path, tensor + "has an impossible shape");
    std::uint64_t bytes = torch::elementSize(entry.type);
    std::int64_t room = static_cast<std::int64_t>(bytes);  // with empty extents taken as 1: strides
    for (const json::value& size : shape) {
      const auto extent = json::value_to<std::int64_t>(size);
      if (extent < 0 || __builtin_mul_overflow(room, std::max<std::int64_t>(extent, 1), &room)) {
        malformed(path, tensor + "has an impossible shape");
      }
      bytes *= static_cast<std::uint64_t>(extent);
      entry.shape.push_back(extent);
    }
    const json::array& offsets = object.at("data_offsets").as_array();
    if (offsets.size() != 2) malformed(path, tensor + "needs two data_offsets");
    entry.begin = json::value_to<std::uint64_t>(offsets.at(0));
    entry.end = json::value_to<std::uint64_t>(offsets.at(1));
    if (entry.begin > entry.end || entry.end > data_size) {
      malformed(path, tensor + "has offsets outside the file");
    }
    if (entry.end - entry.begin != bytes) {
      malformed(path, tensor + "has offsets that do not match its shape and dtype");
    }
  } catch (const Error&) {
    throw;
  } catch (const std::exception& error) {
    malformed(path, tensor + "has a malformed entry: " + error.what());
  }
  return entry;
}

}  // namespace

void write_safetensors(const std::filesystem::path& path,
                       const std::map<std::string, torch::Tensor>& tensors,
                       const std::map<std::string, std::string>& metadata) {
  json::object header;
  if (!metadata.empty()) header["__metadata__"] = json::value_from(metadata);
  std::vector<torch::Tensor> data;
  std::uint64_t offset = 0;
  for (const auto& [name, tensor] : tensors) {
    data.push_back(tensor.detach().cpu().contiguous());
    const std::uint64_t size = data.back().nbytes();
    json::array shape;
    for (const std::int64_t extent : tensor.sizes()) shape.push_back(extent);
    header[name] = {{"dtype", type_name(tensor.scalar_type())},
                    {"shape", shape},
                    {"data_offsets", {offset, offset + size}}};
    offset += size;
  }
  std::string text = json::serialize(header);
  text.resize((text.size() + 7) / 8 * 8, ' ');  // aligns the data
  const std::uint64_t length = text.size();
  write_file_with(path, [&](const std::filesystem::path& temporary) {
    std::ofstream file(temporary, std::ios::binary);
    file.write(reinterpret_cast<const char*>(&length), sizeof length);
    file.write(text.data(), static_cast<std::streamsize>(text.size()));
    for (const torch::Tensor& tensor : data) {
      file.write(static_cast<const char*>(tensor.data_ptr()),
                 static_cast<std::streamsize>(tensor.nbytes()));
    }
    file.close();
    if (!file) throw IoError(path.string() + ": writing failed: " + std::strerror(errno));
  });
}

SafetensorsFile::SafetensorsFile(const std::filesystem::path& path)
    : path_(path), file_(std::make_shared<const MappedFile>(path)) {
  const std::string_view bytes = file_->bytes();
  std::uint64_t length = 0;
  if (bytes.size() < sizeof length) malformed(path, "shorter than its 8-byte header length");
  std::memcpy(&length, bytes.data(), sizeof length);
  if (length > kMaximumHeader || length > bytes.size() - sizeof length) {
    malformed(path, "header length " + std::to_string(length) + " exceeds the file");
  }
  boost::system::error_code parse_error;
  const json::value header = json::parse(bytes.substr(sizeof length, length), parse_error);
  if (parse_error || !header.is_object()) malformed(path, "its header is not a JSON object");

  data_begin_ = sizeof length + length;
  const std::uint64_t data_size = bytes.size() - data_begin_;
  std::map<std::uint64_t, std::uint64_t> used;  // begin -> end
  for (const auto& [name, value] : header.as_object()) {
    if (name == "__metadata__") continue;
    const Entry entry = parse_entry(path, name, value, data_size);
    if (entry.begin < entry.end && !used.emplace(entry.begin, entry.end).second) {
      malformed(path, "two tensors overlap");
    }
    entries_.emplace(name, entry);
  }
  std::uint64_t last_end = 0;
  for (const auto& [begin, end] : used) {
    if (begin < last_end) malformed(path, "two tensors overlap");
    if (begin > last_end) malformed(path, "bytes of its data belong to no tensor");
    last_end = end;
  }
  if (last_end != data_size) malformed(path, "bytes of its data belong to no tensor");
}

const SafetensorsFile::Entry& SafetensorsFile::entry(const std::string& name) const {
  const auto found = entries_.find(name);
  if (found == entries_.end()) throw DataError(path_.string() + ": has no tensor '" + name + "'");
  return found->second;
}

void SafetensorsFile::release(const std::string& name) const {
  const Entry& place = entry(name);
  file_->release(file_->bytes().substr(data_begin_ + place.begin, place.end - place.begin));
}

torch::Tensor SafetensorsFile::tensor(const std::string& name) const {
  const Entry& entry = this->entry(name);
  const char* data = file_->bytes().data() + data_begin_ + entry.begin;
  const std::uint64_t size = entry.end - entry.begin;
  if (size == 0 || reinterpret_cast<std::uintptr_t>(data) % torch::elementSize(entry.type) != 0) {
    // The format does not promise alignment; arithmetic wants it.
    torch::Tensor copy = torch::empty(entry.shape, entry.type);
    if (size > 0) std::memcpy(copy.data_ptr(), data, size);
    return copy;
  }
  return torch::from_blob(
      const_cast<char*>(data), entry.shape, [file = file_](void*) {},
      torch::TensorOptions(entry.type));
}

std::map<std::string, torch::Tensor> read_safetensors(const std::filesystem::path& path) {
  const SafetensorsFile file(path);
  std::map<std::string, torch::Tensor> tensors;
  for (const auto& [name, entry] : file.entries()) tensors.emplace(name, file.tensor(name).clone());
  return tensors;
}

}  // namespace winnow
