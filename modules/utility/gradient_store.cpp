#include "utility/gradient_store.h"

#include <c10/util/Half.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cmath>
#include <cstring>
#include <numbers>

#include "core/errors.h"
#include "core/files.h"
#include "core/hash.h"

namespace winnow {
namespace {

constexpr std::size_t kKeyBytes = 32;
constexpr std::size_t kCheckBytes = sizeof(std::uint64_t);

std::string header_of(std::size_t record_bytes) {
  std::string header = "winnow gradient store 1 " + std::to_string(record_bytes);
  header.resize(64, ' ');
  header.back() = '\n';
  return header;
}

std::uint64_t check_of(std::string_view key_and_record) { return hash64(key_and_record, 1); }

}  // namespace

std::string pack_sketch(const std::vector<float>& values, SketchPrecision precision) {
  std::string bytes;
  if (precision == SketchPrecision::float32) {
    bytes.assign(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float));
    return bytes;
  }
  double squares = 0.0;
  for (const float value : values) squares += static_cast<double>(value) * value;
  // Half precision has few exponents: values are kept in units of their root mean square.
  const auto unit = static_cast<float>(std::sqrt(squares / static_cast<double>(values.size())));
  bytes.assign(reinterpret_cast<const char*>(&unit), sizeof unit);
  if (precision == SketchPrecision::float16) {
    for (const float value : values) {
      const c10::Half half(unit > 0.0F ? value / unit : 0.0F);
      bytes.append(reinterpret_cast<const char*>(&half), sizeof half);
    }
    return bytes;
  }
  bytes.resize(sizeof unit + (values.size() + 7) / 8, '\0');
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (values[i] < 0.0F) continue;
    char& byte = bytes[sizeof unit + i / 8];
    byte = static_cast<char>(static_cast<unsigned char>(byte) | (1U << (i % 8)));
  }
  return bytes;
}

std::vector<float> unpack_sketch(std::string_view bytes, std::size_t size,
                                 SketchPrecision precision) {
  std::vector<float> values(size);
  if (precision == SketchPrecision::float32) {
    std::memcpy(values.data(), bytes.data(), size * sizeof(float));
    return values;
  }
  float unit = 0.0F;
  std::memcpy(&unit, bytes.data(), sizeof unit);
  bytes.remove_prefix(sizeof unit);
  // E[sign(x) y] = sqrt(2 / pi) E[x y] / deviation of x.
  const auto length = static_cast<float>(unit * std::sqrt(std::numbers::pi / 2.0));
  for (std::size_t i = 0; i < size; ++i) {
    if (precision == SketchPrecision::float16) {
      c10::Half half;
      std::memcpy(&half, bytes.data() + i * sizeof half, sizeof half);
      values[i] = static_cast<float>(half) * unit;
    } else {
      const bool positive = ((static_cast<unsigned char>(bytes[i / 8]) >> (i % 8)) & 1U) != 0;
      values[i] = positive ? length : -length;
    }
  }
  return values;
}

GradientStore::GradientStore(std::filesystem::path path, std::size_t record_bytes)
    : path_(std::move(path)), record_bytes_(record_bytes) {
  if (path_.has_parent_path()) winnow::create_directories(path_.parent_path());
  file_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (file_ < 0) throw IoError(path_.string() + ": cannot be opened: " + std::strerror(errno));
  try {
    if (::flock(file_, LOCK_EX | LOCK_NB) != 0) {
      throw IoError(path_.string() + ": another process uses this store of gradients");
    }
    struct stat status {};
    if (::fstat(file_, &status) != 0) {
      throw IoError(path_.string() + ": cannot be read: " + std::strerror(errno));
    }
    file_bytes_ = static_cast<std::size_t>(status.st_size);
    const std::string header = header_of(record_bytes_);
    if (file_bytes_ < header.size()) {
      // New, or killed while its first bytes were written.
      if (::pwrite(file_, header.data(), header.size(), 0) != static_cast<ssize_t>(header.size())) {
        throw IoError(path_.string() + ": cannot be written: " + std::strerror(errno));
      }
      file_bytes_ = header.size();
    }
    map();
    if (std::string_view(mapped_, header.size()) != header) {
      throw DataError(path_.string() + ": there is a file here that is no store of gradients of " +
                      std::to_string(record_bytes_) + " bytes each");
    }
    const std::size_t step = kKeyBytes + record_bytes_ + kCheckBytes;
    std::size_t end = header.size();
    for (; end + step <= file_bytes_; end += step) {
      const std::string_view record(mapped_ + end, step - kCheckBytes);
      std::uint64_t check = 0;
      std::memcpy(&check, mapped_ + end + record.size(), sizeof check);
      if (check != check_of(record)) break;
      places_.emplace(record.substr(0, kKeyBytes), end + kKeyBytes);
    }
    if (end < file_bytes_ && ::ftruncate(file_, static_cast<off_t>(end)) != 0) {
      throw IoError(path_.string() + ": cannot be truncated: " + std::strerror(errno));
    }
    file_bytes_ = end;
  } catch (...) {
    if (mapped_ != nullptr) ::munmap(const_cast<char*>(mapped_), mapped_bytes_);
    ::close(file_);
    throw;
  }
}

GradientStore::~GradientStore() {
  if (mapped_ != nullptr) ::munmap(const_cast<char*>(mapped_), mapped_bytes_);
  ::close(file_);
}

void GradientStore::map() {
  if (mapped_ != nullptr) ::munmap(const_cast<char*>(mapped_), mapped_bytes_);
  mapped_ = nullptr;
  void* place = ::mmap(nullptr, file_bytes_, PROT_READ, MAP_SHARED, file_, 0);
  if (place == MAP_FAILED) {
    throw IoError(path_.string() + ": cannot be mapped: " + std::strerror(errno));
  }
  mapped_ = static_cast<const char*>(place);
  mapped_bytes_ = file_bytes_;
}

std::optional<std::string> GradientStore::find(const std::string& key) const {
  const std::lock_guard lock(mutex_);
  const auto place = places_.find(key);
  // What was added since the file was mapped is not asked for again in one walk.
  if (place == places_.end() || place->second + record_bytes_ > mapped_bytes_) return std::nullopt;
  return std::string(mapped_ + place->second, record_bytes_);
}

void GradientStore::add(const std::string& key, const std::string& record) {
  if (key.size() != kKeyBytes || record.size() != record_bytes_) {
    throw std::logic_error("a record of another size for the store " + path_.string());
  }
  const std::lock_guard lock(mutex_);
  if (places_.count(key) > 0) return;
  std::string bytes = key + record;
  const std::uint64_t check = check_of(bytes);
  bytes.append(reinterpret_cast<const char*>(&check), sizeof check);
  for (std::size_t written = 0; written < bytes.size();) {
    const ssize_t count = ::pwrite(file_, bytes.data() + written, bytes.size() - written,
                                   static_cast<off_t>(file_bytes_ + written));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      // What was written of it would be dropped by the next reader.
      throw IoError(path_.string() + ": cannot be written: " + std::strerror(errno));
    }
    written += static_cast<std::size_t>(count);
  }
  places_.emplace(key, file_bytes_ + kKeyBytes);
  file_bytes_ += bytes.size();
}

std::size_t GradientStore::size() const {
  const std::lock_guard lock(mutex_);
  return places_.size();
}

}  // namespace winnow
