#include "measuring/row_journal.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "core/errors.h"
#include "core/files.h"
#include "core/hash.h"

namespace winnow {
namespace {

// The number is raised when records look otherwise.
constexpr std::string_view kMagic = "winnow row journal 2\n";
constexpr std::string_view kAnyVersion = "winnow row journal ";

// A record: its payload's length and hash, 8 bytes each in this machine's order, and the payload.
constexpr std::size_t kHeaderBytes = 16;

template <class T>
void put(std::string& bytes, T value) {
  bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
}

template <class T>
void put_all(std::string& bytes, const std::vector<T>& values) {
  put<std::uint32_t>(bytes, static_cast<std::uint32_t>(values.size()));
  bytes.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T));
}

// Reads what put() wrote. The checksum has vouched for the bytes: running out of them is a bug.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  bool at_end() const { return position_ == bytes_.size(); }
  template <class T>
  T get() {
    T value;
    std::memcpy(&value, take(sizeof value), sizeof value);
    return value;
  }
  std::string text() {
    const auto size = get<std::uint32_t>();
    return std::string(take(size), size);
  }
  template <class T>
  std::vector<T> all() {
    std::vector<T> values(get<std::uint32_t>());
    const std::size_t size = values.size() * sizeof(T);
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

std::string encode(const JournalChunk& chunk) {
  const std::vector<MeasuredRow>& rows = chunk.measured.rows;
  std::string bytes;
  put(bytes, chunk.index);
  put(bytes, chunk.cpu_seconds);
  put<std::uint8_t>(bytes, std::any_of(rows.begin(), rows.end(), [](const MeasuredRow& row) {
                      return row.failure() != nullptr;
                    }));
  put_all(bytes, chunk.measured.totals);
  put<std::uint32_t>(bytes, static_cast<std::uint32_t>(rows.size()));
  for (const MeasuredRow& row : rows) {
    put<std::uint32_t>(bytes, static_cast<std::uint32_t>(row.cells.size()));
    for (const Cell& cell : row.cells) {
      put(bytes, static_cast<std::uint8_t>(cell.state));
      if (cell.state == CellState::valid) put(bytes, cell.value);
      if (cell.state != CellState::failed) continue;
      put<std::uint32_t>(bytes, static_cast<std::uint32_t>(cell.reason.size()));
      bytes += cell.reason;
    }
    put<std::uint32_t>(bytes, static_cast<std::uint32_t>(row.vectors.size()));
    for (const std::vector<float>& vector : row.vectors) put_all(bytes, vector);
  }
  return bytes;
}

RowJournal::Entry decode_entry(std::string_view payload, std::uint64_t position) {
  Reader reader(payload);
  RowJournal::Entry entry;
  entry.index = reader.get<std::uint64_t>();
  entry.cpu_seconds = reader.get<double>();
  entry.has_failure = reader.get<std::uint8_t>() != 0;
  entry.position = position;
  entry.size = payload.size();
  return entry;
}

JournalChunk decode_chunk(std::string_view payload) {
  Reader reader(payload);
  JournalChunk chunk;
  chunk.index = reader.get<std::uint64_t>();
  chunk.cpu_seconds = reader.get<double>();
  reader.get<std::uint8_t>();
  chunk.measured.totals = reader.all<double>();
  chunk.measured.rows.resize(reader.get<std::uint32_t>());
  for (MeasuredRow& row : chunk.measured.rows) {
    row.cells.resize(reader.get<std::uint32_t>());
    for (Cell& cell : row.cells) {
      cell.state = static_cast<CellState>(reader.get<std::uint8_t>());
      if (cell.state == CellState::valid) cell.value = reader.get<double>();
      if (cell.state == CellState::failed) cell.reason = reader.text();
    }
    row.vectors.resize(reader.get<std::uint32_t>());
    for (std::vector<float>& vector : row.vectors) vector = reader.all<float>();
  }
  return chunk;
}

std::string encode(const Identity& identity) {
  std::string bytes;
  for (const auto& [name, value] : identity) {
    for (const std::string& text : {name, value}) {
      put<std::uint32_t>(bytes, static_cast<std::uint32_t>(text.size()));
      bytes += text;
    }
  }
  return bytes;
}

// Names of what differs, or is in one alone.
std::string differences(std::string_view written, const Identity& identity) {
  Identity other;
  for (Reader reader(written); !reader.at_end();) {
    std::string name = reader.text();
    other[std::move(name)] = reader.text();
  }
  std::string names;
  const auto compare = [&](const Identity& from, const Identity& with, bool differing) {
    for (const auto& [name, value] : from) {
      const auto found = with.find(name);
      if (found == with.end() || (differing && found->second != value)) {
        names += (names.empty() ? "" : ", ") + name;
      }
    }
  };
  compare(identity, other, true);
  compare(other, identity, false);
  return names;
}

}  // namespace

RowJournal::RowJournal(std::filesystem::path path, const Identity& identity)
    : path_(std::move(path)) {
  if (path_.has_parent_path()) winnow::create_directories(path_.parent_path());
  file_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (file_ < 0) throw IoError(path_.string() + ": cannot be opened: " + std::strerror(errno));
  try {
    if (::flock(file_, LOCK_EX | LOCK_NB) != 0) {
      throw IoError(path_.string() + ": another process is writing to this journal");
    }
    take_entries(identity);
    if (::ftruncate(file_, static_cast<off_t>(size_)) != 0) {
      throw IoError(path_.string() + ": cannot be truncated: " + std::strerror(errno));
    }
    if (size_ == 0) write_bytes(kMagic);
    if (size_ == kMagic.size()) append_record(encode(identity));
  } catch (...) {
    ::close(file_);
    throw;
  }
}

RowJournal::~RowJournal() { ::close(file_); }

// Moves size_ behind the last record that is whole and of this identity.
void RowJournal::take_entries(const Identity& identity) {
  const std::string begin = read_bytes(0, kMagic.size());
  if (!kMagic.starts_with(begin) && !begin.starts_with(kAnyVersion)) {
    throw DataError(path_.string() + ": there is a file here that is not a row journal");
  }
  if (begin.size() < kMagic.size()) return;
  const auto drop = [&](const std::string& why) {
    spdlog::warn("{}: this journal of finished rows {}; it is dropped and all rows are measured",
                 path_.string(), why);
    entries_.clear();
    size_ = 0;
  };
  if (begin != kMagic) return drop("was written by another version of this program");
  size_ = kMagic.size();
  std::string payload;
  if (next_payload(size_, payload)) {
    if (payload != encode(identity)) {
      return drop("belongs to another pass, with other " + differences(payload, identity));
    }
    do {
      if (size_ > kMagic.size()) entries_.push_back(decode_entry(payload, size_ + kHeaderBytes));
      size_ += kHeaderBytes + payload.size();
    } while (next_payload(size_, payload));
  }
  const auto end = static_cast<std::uint64_t>(::lseek(file_, 0, SEEK_END));
  if (end == size_) return;
  spdlog::warn("{}: dropped {} torn bytes at its end; their rows are measured again",
               path_.string(), end - size_);
}

JournalChunk RowJournal::read(const Entry& entry) const {
  const std::string payload = read_bytes(entry.position, entry.size);
  if (payload.size() < entry.size) throw IoError(path_.string() + ": somebody has shortened it");
  return decode_chunk(payload);
}

void RowJournal::append(const JournalChunk& chunk) { append_record(encode(chunk)); }

// Whether there is a record at `position` that is neither torn nor damaged.
bool RowJournal::next_payload(std::uint64_t position, std::string& payload) const {
  const std::string header = read_bytes(position, kHeaderBytes);
  if (header.size() < kHeaderBytes) return false;
  Reader reader(header);
  const auto size = reader.get<std::uint64_t>();
  const auto checksum = reader.get<std::uint64_t>();
  const auto end = static_cast<std::uint64_t>(::lseek(file_, 0, SEEK_END));
  if (size > end - position - kHeaderBytes) return false;
  payload = read_bytes(position + kHeaderBytes, size);
  // The length seeds the hash, so that a run of zeros is not a valid empty record.
  return payload.size() == size && hash64(payload, size + 1) == checksum;
}

// Fewer bytes where the file ends.
std::string RowJournal::read_bytes(std::uint64_t position, std::uint64_t size) const {
  std::string bytes(size, '\0');
  std::size_t done = 0;
  while (done < size) {
    const ssize_t count =
        ::pread(file_, bytes.data() + done, size - done, static_cast<off_t>(position + done));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw IoError(path_.string() + ": cannot be read: " + std::strerror(errno));
    if (count == 0) break;
    done += static_cast<std::size_t>(count);
  }
  bytes.resize(done);
  return bytes;
}

void RowJournal::append_record(std::string_view payload) {
  std::string record;
  put<std::uint64_t>(record, payload.size());
  put<std::uint64_t>(record, hash64(payload, payload.size() + 1));
  record += payload;
  write_bytes(record);
}

void RowJournal::write_bytes(std::string_view record) {
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
