#include "core/scratch_array.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string>
#include <utility>

#include "core/errors.h"

namespace winnow {
namespace {

[[noreturn]] void fail(const std::filesystem::path& folder, std::size_t bytes, int error) {
  throw IoError(folder.string() + ": cannot take a scratch file of " + std::to_string(bytes) +
                " bytes: " + std::strerror(error));
}

}  // namespace

ScratchArray::ScratchArray(const std::filesystem::path& folder, std::size_t count) {
  if (count == 0) return;
  const std::size_t bytes = count * sizeof(float);
  std::string name = (folder / "scratch-XXXXXX").string();
  const int file = ::mkostemp(name.data(), O_CLOEXEC);
  if (file < 0) fail(folder, bytes, errno);
  ::unlink(name.c_str());
  int error = ::posix_fallocate(file, 0, static_cast<off_t>(bytes));
  if (error == 0) {
    void* start = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (start == MAP_FAILED) {
      error = errno;
    } else {
      values_ = {static_cast<float*>(start), count};
    }
  }
  ::close(file);
  if (error != 0) fail(folder, bytes, error);
}

ScratchArray::~ScratchArray() {
  if (!values_.empty()) ::munmap(values_.data(), values_.size_bytes());
}

ScratchArray::ScratchArray(ScratchArray&& other) noexcept
    : values_(std::exchange(other.values_, {})) {}

ScratchArray& ScratchArray::operator=(ScratchArray&& other) noexcept {
  std::swap(values_, other.values_);
  return *this;
}

}  // namespace winnow
