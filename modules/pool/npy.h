#pragma once
// Arrays as .npy files (NumPy's format): written in one go, read by mapping them.

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core/mapped_file.h"
#include "pool/column_array.h"

namespace winnow {
namespace detail {

template <class T>
struct NpyType;  // NumPy's name of the type: little-endian, as this program is
template <>
struct NpyType<double> {
  static constexpr const char* name = "<f8";
};
template <>
struct NpyType<float> {
  static constexpr const char* name = "<f4";
};
template <>
struct NpyType<std::uint8_t> {
  static constexpr const char* name = "|u1";
};

// Where the numbers of a .npy file begin. Throws DataError naming the file when its bytes are no
// array of that type and of `shape.size()` dimensions, in C order, of the size that the header
// says. Fills in `shape`.
std::size_t read_npy_header(std::string_view bytes, const std::string& type, std::size_t item_bytes,
                            const std::filesystem::path& path, std::vector<std::size_t>& shape);
void write_npy_bytes(const std::filesystem::path& path, const std::string& type,
                     const std::vector<std::size_t>& shape, std::string_view bytes);

}  // namespace detail

// Maps an array of `rows` rows. Throws IoError, and DataError naming the file when it holds
// something else, or less or more than its header says.
template <class T, std::size_t Dimensions>
ColumnArray<T, Dimensions> map_npy(const std::filesystem::path& path, std::size_t rows);

// Writes the bytes that NumPy and xtensor write. Throws IoError.
template <class T, std::size_t Dimensions>
void write_npy(const std::filesystem::path& path, const ColumnArray<T, Dimensions>& array) {
  detail::write_npy_bytes(path, detail::NpyType<T>::name,
                          {array.shape().begin(), array.shape().end()},
                          {reinterpret_cast<const char*>(array.data()), array.size() * sizeof(T)});
}

[[noreturn]] void refuse_rows(const std::filesystem::path& path, std::size_t found,
                              std::size_t rows);

template <class T, std::size_t Dimensions>
ColumnArray<T, Dimensions> map_npy(const std::filesystem::path& path, std::size_t rows) {
  auto file = std::make_shared<const MappedFile>(path);
  std::vector<std::size_t> extents(Dimensions);
  const std::size_t begin =
      detail::read_npy_header(file->bytes(), detail::NpyType<T>::name, sizeof(T), path, extents);
  if (extents.front() != rows) refuse_rows(path, extents.front(), rows);
  std::array<std::size_t, Dimensions> shape;
  std::copy(extents.begin(), extents.end(), shape.begin());
  const char* data = file->bytes().data() + begin;
  if (reinterpret_cast<std::uintptr_t>(data) % alignof(T) == 0) {
    return {file, reinterpret_cast<const T*>(data), shape};
  }
  // Written by somebody who does not align the numbers.
  auto own = xt::xtensor<T, Dimensions>::from_shape(shape);
  std::memcpy(own.data(), data, own.size() * sizeof(T));
  return own;
}

}  // namespace winnow
