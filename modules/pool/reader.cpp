#include "pool/reader.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace winnow {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr std::size_t kBlock = std::size_t{1} << 20;
constexpr std::size_t kBeginning = 4096;
constexpr const char* kAutomatic = "auto";

[[noreturn]] void fail(const fs::path& file, const char* action) {
  throw IoError(file.string() + ": " + action + ": " + std::strerror(errno));
}

int open_file(const fs::path& file) {
  // A pipe that nobody writes to must not hold the program up.
  const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) fail(file, "cannot be opened for reading");
  struct stat status {};
  if (::fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode)) return descriptor;
  ::close(descriptor);
  throw IoError(file.string() +
                (S_ISDIR(status.st_mode) ? ": is a folder" : ": is no regular file") +
                "; a pool is read from files, whose rows are read again when they are needed");
}

// As many bytes as there are, up to the end of the file.
std::size_t read_bytes(int descriptor, const fs::path& file, char* to, std::size_t wanted,
                       std::uint64_t offset, bool from_offset) {
  std::size_t got = 0;
  while (got < wanted) {
    const ssize_t count =
        from_offset ? ::pread(descriptor, to + got, wanted - got, static_cast<off_t>(offset + got))
                    : ::read(descriptor, to + got, wanted - got);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail(file, "reading failed");
    if (count == 0) break;
    got += static_cast<std::size_t>(count);
  }
  return got;
}

}  // namespace

BlockReader::BlockReader(const fs::path& file)
    : file_(file), descriptor_(open_file(file)), buffer_(kBlock, '\0') {
  held_ = read_bytes(descriptor_, file_, buffer_.data(), kBlock, 0, false);
  if (std::string_view(buffer_).substr(0, held_).starts_with(kByteOrderMark)) {
    start_ = kByteOrderMark.size();
  }
}

BlockReader::~BlockReader() { ::close(descriptor_); }

std::string_view BlockReader::next() {
  if (held_ > 0) {  // the first piece
    const std::string_view piece(buffer_.data() + start_, held_ - start_);
    held_ = 0;
    if (!piece.empty()) return piece;
  }
  return {buffer_.data(), read_bytes(descriptor_, file_, buffer_.data(), kBlock, 0, false)};
}

std::string PoolReader::read(const fs::path& file, const RowAddress& address) const {
  const int descriptor = open_file(file);
  std::string text(address.length, '\0');
  try {
    text.resize(read_bytes(descriptor, file, text.data(), address.length, address.offset, true));
  } catch (...) {
    ::close(descriptor);
    throw;
  }
  ::close(descriptor);
  return text;
}

Registry<std::shared_ptr<const PoolReader>>& pool_readers() {
  static Registry<std::shared_ptr<const PoolReader>> readers("pool reader");
  return readers;
}

std::shared_ptr<const PoolReader> reader_of(const std::string& format, const fs::path& file) {
  std::vector<std::string> names = pool_readers().names();
  if (format != kAutomatic) {
    if (pool_readers().contains(format)) return pool_readers().at(format);
    names.emplace_back(kAutomatic);
    throw ConfigError("there is no pool reader named '" + format + "'." +
                      suggestion(format, names));
  }
  BlockReader blocks(file);
  const std::string_view beginning = blocks.next().substr(0, kBeginning);
  for (const std::string& name : names) {
    if (pool_readers().at(name)->recognises(beginning)) return pool_readers().at(name);
  }
  return pool_readers().at("jsonl");
}

}  // namespace winnow
