#pragma once
// Sketches of samples' gradients in a file that is mapped into memory: computed once for a proxy,
// used with any number of anchor sets and step lengths.

#include <cstdint>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "config/options.h"

namespace winnow {

enum class SketchPrecision { float32, float16, sign };
BOOST_DESCRIBE_ENUM(SketchPrecision, float32, float16, sign)

// Values as they are stored, and back. With `sign` a bit for each value and the length of all:
// products with other vectors are then right in expectation, for values as normal noise has them.
std::string pack_sketch(const std::vector<float>& values, SketchPrecision precision);
std::vector<float> unpack_sketch(std::string_view bytes, std::size_t size,
                                 SketchPrecision precision);

// Records of equal size under keys of 32 hexadecimal digits, appended one by one; a record that was
// torn by a killed process is dropped. Held by one process at a time; safe to use from several
// threads.
class GradientStore {
 public:
  // Opens or creates the file. Throws IoError when it cannot be, or is in use, and DataError when
  // something else stands there.
  GradientStore(std::filesystem::path path, std::size_t record_bytes);
  ~GradientStore();
  GradientStore(const GradientStore&) = delete;
  GradientStore& operator=(const GradientStore&) = delete;

  std::optional<std::string> find(const std::string& key) const;
  // Throws IoError (disk full), after which the file is as before.
  void add(const std::string& key, const std::string& record);
  std::size_t size() const;

 private:
  void map();

  std::filesystem::path path_;
  std::size_t record_bytes_;
  mutable std::mutex mutex_;
  int file_ = -1;
  const char* mapped_ = nullptr;
  std::size_t mapped_bytes_ = 0, file_bytes_ = 0;
  std::unordered_map<std::string, std::size_t> places_;  // key -> offset of its record
};

}  // namespace winnow
