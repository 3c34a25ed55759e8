#include "models/safetensors.h"

#include <fcntl.h>
#include <unistd.h>

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

struct Entry {
  torch::ScalarType type = torch::kFloat32;
  std::vector<std::int64_t> shape;
  std::uint64_t begin = 0, end = 0;
};

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
    std::uint64_t bytes = torch::elementSize(entry.type);
    for (const json::value& size : object.at("shape").as_array()) {
      entry.shape.push_back(json::value_to<std::int64_t>(size));
      if (entry.shape.back() < 0 ||
          __builtin_mul_overflow(bytes, static_cast<std::uint64_t>(entry.shape.back()), &bytes)) {
        malformed(path, tensor + "has an impossible shape");
      }
    }
    const json::array& offsets = object.at("data_offsets").as_array();
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
                       const std::map<std::string, torch::Tensor>& tensors) {
  json::object header;
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

std::map<std::string, torch::Tensor> read_safetensors(const std::filesystem::path& path) {
  std::error_code error;
  const std::uint64_t file_size = std::filesystem::file_size(path, error);
  if (error) throw IoError(path.string() + ": cannot be read: " + error.message());
  std::ifstream file(path, std::ios::binary);
  if (!file) throw IoError(path.string() + ": cannot be opened for reading");
  std::uint64_t length = 0;
  file.read(reinterpret_cast<char*>(&length), sizeof length);
  if (!file) malformed(path, "shorter than its 8-byte header length");
  if (length > kMaximumHeader || length > file_size - sizeof length) {
    malformed(path, "header length " + std::to_string(length) + " exceeds the file");
  }
  std::string text(length, '\0');
  file.read(text.data(), static_cast<std::streamsize>(length));
  boost::system::error_code parse_error;
  const json::value header = json::parse(text, parse_error);
  if (parse_error || !header.is_object()) malformed(path, "its header is not a JSON object");

  const std::uint64_t data_begin = sizeof length + length;
  const std::uint64_t data_size = file_size - data_begin;
  std::map<std::string, torch::Tensor> tensors;
  std::map<std::uint64_t, std::uint64_t> used;  // begin -> end
  for (const auto& [name, value] : header.as_object()) {
    if (name == "__metadata__") continue;
    const Entry entry = parse_entry(path, name, value, data_size);
    if (entry.begin < entry.end) used[entry.begin] = entry.end;
    torch::Tensor tensor = torch::empty(entry.shape, entry.type);
    file.seekg(static_cast<std::streamoff>(data_begin + entry.begin));
    file.read(static_cast<char*>(tensor.data_ptr()),
              static_cast<std::streamsize>(entry.end - entry.begin));
    if (!file) malformed(path, "the data of '" + std::string(name) + "' cannot be read");
    tensors.emplace(name, tensor);
  }
  std::uint64_t last_end = 0;
  for (const auto& [begin, end] : used) {
    if (begin < last_end) malformed(path, "two tensors overlap");
    last_end = end;
  }
  return tensors;
}

}  // namespace winnow
