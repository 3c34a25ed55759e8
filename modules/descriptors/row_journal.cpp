#include "descriptors/row_journal.h"

#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>

#include "core/errors.h"
#include "core/files.h"
#include "core/hash.h"

namespace winnow {
namespace {

constexpr std::string_view kMagic = "winnow row journal 1\n";

// A record: its payload's length and hash, 8 bytes each in this machine's order, and the payload.
constexpr std::size_t kHeaderBytes = 16;

template <class T>
void put(std::string& bytes, T value) {
  bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
}

void put_floats(std::string& bytes, const std::vector<float>& values) {
  put<std::uint64_t>(bytes, values.size());
  bytes.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float));
}

// Reads what put() wrote. The checksum has vouched for the bytes: running out of them is a bug.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  template <class T>
  T get() {
    T value;
    std::memcpy(&value, take(sizeof value), sizeof value);
    return value;
  }
  std::string text() {
    const auto size = get<std::uint64_t>();
    return std::string(take(size), size);
  }
  std::vector<float> floats() {
    std::vector<float> values(get<std::uint64_t>());
    const std::size_t size = values.size() * sizeof(float);
    if (size > 0) std::memcpy(values.data(), take(size), size);
    return values;
  }

 private:
  const char* take(std::size_t size) {
    if (size > bytes_.size() - position_) throw std::logic_error("journal record too short");
    position_ += size;
    return bytes_.data() + position_ - size;
  }

  std::string_view bytes_;
  std::size_t position_ = 0;
};

std::string encode(const MeasuredChunk& chunk) {
  std::string bytes;
  put(bytes, chunk.index);
  put(bytes, chunk.cpu_seconds);
  put<std::uint64_t>(bytes, chunk.rows.size());
  for (const MeasuredRow& row : chunk.rows) {
    put(bytes, row.row);
    put<std::uint64_t>(bytes, row.cells.size());
    for (const Cell& cell : row.cells) {
      put(bytes, static_cast<std::uint8_t>(cell.state));
      put(bytes, cell.value);
      put<std::uint64_t>(bytes, cell.reason.size());
      bytes += cell.reason;
    }
    put_floats(bytes, row.prompt_features);
    put_floats(bytes, row.question_features);
  }
  return bytes;
}

MeasuredChunk decode_chunk(std::string_view bytes) {
  Reader reader(bytes);
  MeasuredChunk chunk;
  chunk.index = reader.get<std::uint64_t>();
  chunk.cpu_seconds = reader.get<double>();
  chunk.rows.resize(reader.get<std::uint64_t>());
  for (MeasuredRow& row : chunk.rows) {
    row.row = reader.get<std::uint64_t>();
    row.cells.resize(reader.get<std::uint64_t>());
    for (Cell& cell : row.cells) {
      cell.state = static_cast<CellState>(reader.get<std::uint8_t>());
      cell.value = reader.get<double>();
      cell.reason = reader.text();
    }
    row.prompt_features = reader.floats();
    row.question_features = reader.floats();
  }
  return chunk;
}

// The payload of the record at `position`, which moves past it; nothing when it is torn or damaged.
std::optional<std::string_view> next_payload(std::string_view bytes, std::size_t& position) {
  if (bytes.size() - position < kHeaderBytes) return std::nullopt;
  std::uint64_t size = 0, checksum = 0;
  std::memcpy(&size, bytes.data() + position, sizeof size);
  std::memcpy(&checksum, bytes.data() + position + sizeof size, sizeof checksum);
  if (size > bytes.size() - position - kHeaderBytes) return std::nullopt;
  const std::string_view payload = bytes.substr(position + kHeaderBytes, size);
  // The length seeds the hash, so that a run of zeros is not a valid empty record.
  if (hash64(payload, size + 1) != checksum) return std::nullopt;
  position += kHeaderBytes + size;
  return payload;
}

}  // namespace

bool has_failure(const MeasuredChunk& chunk) {
  return std::any_of(chunk.rows.begin(), chunk.rows.end(), [](const MeasuredRow& row) {
    return std::any_of(row.cells.begin(), row.cells.end(),
                       [](const Cell& cell) { return cell.state == CellState::failed; });
  });
}

RowJournal::RowJournal(std::filesystem::path path, const std::string& identity)
    : path_(std::move(path)) {
  if (path_.has_parent_path()) winnow::create_directories(path_.parent_path());
  file_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (file_ < 0) throw IoError(path_.string() + ": cannot be opened: " + std::strerror(errno));
  try {
    if (::flock(file_, LOCK_EX | LOCK_NB) != 0) {
      throw IoError(path_.string() + ": another process is writing to this journal");
    }
    const std::string content = read_file(path_);
    if (!kMagic.starts_with(content.substr(0, kMagic.size()))) {
      throw DataError(path_.string() + ": there is a file here that is not a row journal");
    }
    std::size_t position = content.size() < kMagic.size() ? 0 : kMagic.size();
    if (position == 0) {
      write_bytes(std::string(kMagic));
      position = kMagic.size();
    } else if (const auto written = next_payload(content, position)) {
      if (*written != identity) {
        throw DataError(path_.string() +
                        ": this journal belongs to another pass (other samples, descriptors, "
                        "model, seed or options); remove it or name another journal");
      }
      while (const auto payload = next_payload(content, position)) {
        chunks_.push_back(decode_chunk(*payload));
      }
    }
    if (position < content.size() && content.size() > kMagic.size()) {
      spdlog::warn("{}: dropped {} torn bytes at its end; their rows are measured again",
                   path_.string(), content.size() - position);
    }
    if (::ftruncate(file_, static_cast<off_t>(position)) != 0) {
      throw IoError(path_.string() + ": cannot be truncated: " + std::strerror(errno));
    }
    size_ = position;
    if (size_ == kMagic.size()) append_record(identity);
  } catch (...) {
    ::close(file_);
    throw;
  }
}

RowJournal::~RowJournal() { ::close(file_); }

void RowJournal::append(const MeasuredChunk& chunk) { append_record(encode(chunk)); }

void RowJournal::append_record(const std::string& payload) {
  std::string record;
  put<std::uint64_t>(record, payload.size());
  put<std::uint64_t>(record, hash64(payload, payload.size() + 1));
  record += payload;
  write_bytes(record);
}

void RowJournal::write_bytes(const std::string& record) {
  for (std::size_t written = 0; written < record.size();) {
    const ssize_t count = ::pwrite(file_, record.data() + written, record.size() - written,
                                   static_cast<off_t>(size_ + written));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      const int error = errno;
      // Best effort: a torn record would be dropped by the next reader anyway.
      if (::ftruncate(file_, static_cast<off_t>(size_)) != 0) {
        spdlog::debug("{}: could not be cut back: {}", path_.string(), std::strerror(errno));
      }
      throw IoError(path_.string() + ": cannot be written: " + std::strerror(error));
    }
    written += static_cast<std::size_t>(count);
  }
  size_ += record.size();
}

}  // namespace winnow
