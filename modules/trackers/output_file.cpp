#include "trackers/output_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/errors.h"
#include "core/files.h"

namespace winnow {

std::uint64_t write_at(const std::filesystem::path& file, std::uint64_t length,
                       std::string_view bytes) {
  if (length == 0) winnow::create_directories(file.parent_path());
  const int descriptor =
      ::open(file.c_str(), O_WRONLY | O_CLOEXEC | (length == 0 ? O_CREAT : 0), 0644);
  const auto fail = [&](const std::string& what) {
    const std::string message = fmt::format("{}: {}", file.string(), what);
    if (descriptor >= 0) ::close(descriptor);
    throw IoError(message);
  };
  if (descriptor < 0) fail(std::strerror(errno));
  struct stat status {};
  if (::fstat(descriptor, &status) != 0) fail(std::strerror(errno));
  if (static_cast<std::uint64_t>(status.st_size) < length) {
    fail(fmt::format("has {} bytes, and {} were written", status.st_size, length));
  }
  if (static_cast<std::uint64_t>(status.st_size) > length &&
      ::ftruncate(descriptor, static_cast<off_t>(length)) != 0) {
    fail(std::strerror(errno));
  }
  while (!bytes.empty()) {
    const ssize_t count =
        ::pwrite(descriptor, bytes.data(), bytes.size(), static_cast<off_t>(length));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail(std::strerror(errno));
    bytes.remove_prefix(static_cast<std::size_t>(count));
    length += static_cast<std::uint64_t>(count);
  }
  ::close(descriptor);
  return length;
}

}  // namespace winnow
