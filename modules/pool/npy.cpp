#include "pool/npy.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <fstream>
#include <optional>

#include "core/errors.h"
#include "core/files.h"

namespace winnow {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr std::size_t kAlignment = 64;

std::string shape_text(const std::vector<std::size_t>& shape) {
  if (shape.size() == 1) return fmt::format("({},)", shape.front());
  return fmt::format("({})", fmt::join(shape, ", "));
}

// The value of a key in the header's dictionary, up to the comma that ends it.
std::optional<std::string_view> value_of(std::string_view header, std::string_view key) {
  const std::size_t at = header.find(fmt::format("'{}':", key));
  if (at == std::string_view::npos) return std::nullopt;
  std::string_view value = header.substr(at + key.size() + 3);
  value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));
  const std::size_t end = value.starts_with('(') ? value.find(')') : value.find_first_of(",}");
  if (end == std::string_view::npos) return std::nullopt;
  return value.substr(0, value.starts_with('(') ? end + 1 : end);
}

std::optional<std::vector<std::size_t>> shape_of(std::string_view text) {
  std::vector<std::size_t> shape;
  const char* at = text.data() + 1;
  const char* end = text.data() + text.size() - 1;
  while (at < end) {
    std::size_t extent = 0;
    const auto [rest, error] = std::from_chars(at, end, extent);
    if (error != std::errc()) return std::nullopt;
    shape.push_back(extent);
    at = std::find_if_not(rest, end, [](char c) { return c == ',' || c == ' '; });
  }
  return shape;
}

}  // namespace

void refuse_rows(const fs::path& path, std::size_t found, std::size_t rows) {
  throw DataError(fmt::format("{}: {} values for a table of {} rows", path.string(), found, rows));
}

namespace detail {

std::size_t read_npy_header(std::string_view bytes, const std::string& type, std::size_t item_bytes,
                            const fs::path& path, std::vector<std::size_t>& shape) {
  const std::size_t dimensions = shape.size();
  const auto unlike = [&](const std::string& reason) {
    throw DataError(fmt::format("{}: not a {}-dimensional .npy array of the expected type: {}",
                                path.string(), dimensions == 1 ? "one" : "two", reason));
  };
  // Magic word, version, and the header's length in 2 bytes (version 1) or 4.
  if (bytes.size() < 10 || !bytes.starts_with(kMagic)) unlike("it is no .npy file");
  const auto byte = [&](std::size_t i) {
    return static_cast<std::size_t>(static_cast<unsigned char>(bytes[i]));
  };
  const std::size_t prefix = byte(6) == 1 ? 10 : 12;
  if (bytes.size() < prefix) unlike("it ends within its header");
  std::size_t begin = prefix + byte(8) + (byte(9) << 8);
  if (prefix == 12) begin += (byte(10) << 16) + (byte(11) << 24);
  if (begin > bytes.size()) unlike("it ends within its header");
  const std::string_view header = bytes.substr(prefix, begin - prefix);

  const auto found_type = value_of(header, "descr"), order = value_of(header, "fortran_order"),
             extents = value_of(header, "shape");
  if (!found_type || !order || !extents || !extents->starts_with('(')) {
    unlike("its header names no type, order and shape");
  }
  if (*found_type != "'" + type + "'") {
    unlike(fmt::format("it holds {}, not '{}'", *found_type, type));
  }
  const auto found = shape_of(*extents);
  if (!found) unlike(fmt::format("its header's shape is {}", *extents));
  if (found->size() != dimensions) {
    unlike(fmt::format("it has {} dimensions", found->size()));
  }
  if (*order != "False" && dimensions > 1) unlike("its columns come one after the other");
  std::size_t promised = item_bytes;
  bool is_possible = true;
  for (const std::size_t extent : *found) {
    is_possible &= !__builtin_mul_overflow(promised, extent, &promised);
  }
  if (!is_possible || promised != bytes.size() - begin) {
    throw DataError(
        fmt::format("{}: damaged: its header promises an array of {}, and {} bytes "
                    "follow",
                    path.string(), *extents, bytes.size() - begin));
  }
  shape = *found;
  return begin;
}

void write_npy_bytes(const fs::path& path, const std::string& type,
                     const std::vector<std::size_t>& shape, std::string_view bytes) {
  std::string header = fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': {}, }}", type,
                                   shape_text(shape));
  const std::size_t size = kMagic.size() + 4 + header.size() + 1;
  header += std::string(kAlignment - size % kAlignment, ' ') + '\n';
  write_file_with(path, [&](const fs::path& temporary) {
    std::ofstream file(temporary, std::ios::binary);
    file << kMagic << '\x01' << '\0' << static_cast<char>(header.size() & 255)
         << static_cast<char>(header.size() >> 8) << header;
    file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    if (!file.flush()) throw IoError(path.string() + ": writing failed: " + std::strerror(errno));
  });
}

}  // namespace detail
}  // namespace winnow
