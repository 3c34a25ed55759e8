#include "gdo_release/python/line_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <simdjson.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

#include "core/errors.h"

namespace winnow::gdo_release::python {
namespace {

constexpr std::size_t kPadding = 64;
constexpr std::int64_t kWindow = std::int64_t{1} << 20;  // mapped at a time
constexpr std::size_t kBlock = std::size_t{1} << 18;     // read at a time: it stays in the cache

[[noreturn]] void io_error(const std::filesystem::path& path, const char* action) {
  throw IoError(fmt::format("{}: cannot be {}: {}", path.string(), action, std::strerror(errno)));
}

// The first line break in [p, end), or null. `plain` says that there is no CR in there.
char* find_break(char* p, char* end, bool plain) {
  const auto size = static_cast<std::size_t>(end - p);
  auto* const feed = static_cast<char*>(std::memchr(p, '\n', size));
  if (plain) return feed;
  const std::size_t until = feed == nullptr ? size : static_cast<std::size_t>(feed - p);
  auto* const carriage = static_cast<char*>(std::memchr(p, '\r', until));
  return carriage != nullptr ? carriage : feed;
}

}  // namespace

LineFile::LineFile(std::filesystem::path path) : path_(std::move(path)) {
  descriptor_ = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor_ < 0) io_error(path_, "opened for reading");
  struct stat status {};
  if (::fstat(descriptor_, &status) == 0 && S_ISDIR(status.st_mode)) {
    ::close(descriptor_);
    throw IoError(path_.string() + ": is a folder, not a JSONL file");
  }
}

LineFile::~LineFile() { ::close(descriptor_); }

std::size_t LineFile::read_some(char* buffer, std::size_t size, std::int64_t offset) const {
  while (true) {
    const ::ssize_t count = ::pread(descriptor_, buffer, size, offset);
    if (count >= 0) return static_cast<std::size_t>(count);
    if (errno != EINTR) io_error(path_, "read");
  }
}

void LineFile::each_line(std::int64_t maximum, const std::function<void(const Line&)>& take) {
  std::vector<char> buffer(kBlock + kPadding);
  std::size_t held = 0;     // bytes in the buffer, all of one unfinished line
  std::int64_t offset = 0;  // of the buffer in the file
  std::int64_t number = 0;
  for (bool at_end = false; !at_end;) {
    if (buffer.size() - kPadding - held < kBlock / 2) buffer.resize(2 * buffer.size());
    const std::size_t count = read_some(buffer.data() + held, buffer.size() - kPadding - held,
                                        offset + static_cast<std::int64_t>(held));
    at_end = count == 0;
    char* const first = buffer.data();
    char* end = first + held + count;
    if (!at_end) {
      auto* const last = static_cast<char*>(::memrchr(first + held, '\n', count));
      held += count;
      if (last == nullptr) continue;
      end = last + 1;
    }
    const auto size = static_cast<std::size_t>(end - first);
    const bool valid = simdjson::validate_utf8(first, size);
    const bool plain = std::memchr(first, '\r', size) == nullptr;
    for (char* p = first; p < end;) {
      if (maximum > 0 && number == maximum) return;
      char* line_end = find_break(p, end, plain);
      char* next = line_end == nullptr ? end : line_end + 1;
      if (line_end == nullptr) {
        line_end = end;
      } else if (*line_end == '\r' && next < end && *next == '\n') {
        ++next;
      }
      *line_end = '\0';
      const Line line{p, line_end, ++number, offset + (p - first)};
      if (!valid && !simdjson::validate_utf8(p, static_cast<std::size_t>(line_end - p))) {
        throw DataError(fmt::format("{}:{}: the line (from byte {} on) is not valid UTF-8",
                                    path_.string(), number, line.offset));
      }
      take(line);
      p = next;
    }
    held = at_end ? 0 : static_cast<std::size_t>(first + held - end);
    std::memmove(first, end, held);
    offset += end - first;
  }
}

LinesByOffset::LinesByOffset(std::filesystem::path path) : path_(std::move(path)) {
  descriptor_ = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC);
  struct stat status {};
  if (descriptor_ < 0 || ::fstat(descriptor_, &status) != 0) io_error(path_, "opened for reading");
  file_size_ = status.st_size;
}

LinesByOffset::~LinesByOffset() {
  unmap();
  ::close(descriptor_);
}

void LinesByOffset::unmap() {
  if (window_ != nullptr) ::munmap(window_, static_cast<std::size_t>(window_size_));
  window_ = nullptr;
  window_size_ = 0;
}

void LinesByOffset::map(std::int64_t offset, std::int64_t size) {
  unmap();
  const std::int64_t page = ::sysconf(_SC_PAGESIZE);
  window_offset_ = offset / page * page;
  const std::int64_t wanted = std::min(size, file_size_ - window_offset_);
  void* const mapped = ::mmap(nullptr, static_cast<std::size_t>(wanted), PROT_READ, MAP_SHARED,
                              descriptor_, window_offset_);
  if (mapped == MAP_FAILED) io_error(path_, "mapped");
  window_ = static_cast<char*>(mapped);
  window_size_ = wanted;
}

std::string_view LinesByOffset::line_at(std::int64_t offset) {
  if (offset >= file_size_) return {};
  if (offset < window_offset_ || offset >= window_offset_ + window_size_) map(offset, kWindow);
  for (std::int64_t size = kWindow;; size *= 2) {
    char* const begin = window_ + (offset - window_offset_);
    char* const end = window_ + window_size_;
    // Piece by piece: a file without line feeds is not searched to its end for each line.
    std::ptrdiff_t seen = 0;
    for (std::ptrdiff_t piece = 4096; seen < end - begin; piece *= 4) {
      char* const until = begin + std::min(end - begin, seen + piece);
      const char* const line_end = find_break(begin + seen, until, false);
      if (line_end != nullptr) return {begin, static_cast<std::size_t>(line_end - begin)};
      seen = until - begin;
    }
    if (window_offset_ + window_size_ == file_size_) {
      return {begin, static_cast<std::size_t>(end - begin)};
    }
    map(offset, size);  // the line goes on behind the window
  }
}

void LinesByOffset::prefetch(std::int64_t offset) const {
  constexpr std::int64_t kCacheLine = 64, kFetched = 8 * kCacheLine;
  if (offset < window_offset_ || offset + kFetched > window_offset_ + window_size_) return;
  const char* const begin = window_ + (offset - window_offset_);
  for (std::int64_t i = 0; i < kFetched; i += kCacheLine) __builtin_prefetch(begin + i);
}

}  // namespace winnow::gdo_release::python
