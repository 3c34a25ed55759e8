#include "trackers/journal.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <limits>

#include "core/errors.h"
#include "core/files.h"

namespace winnow {
namespace fs = std::filesystem;
namespace {

std::string place(const std::string& run, const std::string& key) { return run + "\n" + key; }

std::string place(const Record& record) {
  return fmt::format("{}\n{}\n{}", record.run, static_cast<int>(record.kind), record.key);
}

}  // namespace

Journal::Journal(fs::path file) : file_(std::move(file)) {
  winnow::create_directories(file_.parent_path());
  descriptor_ = ::open(file_.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (descriptor_ < 0) {
    throw IoError(file_.string() + ": cannot be opened for writing: " + std::strerror(errno));
  }
  read();
}

Journal::~Journal() { ::close(descriptor_); }

void Journal::read() {
  steps_.clear();
  words_.clear();
  statuses_.clear();
  const std::string content = read_file(file_);
  const std::size_t whole = content.rfind('\n') == std::string::npos ? 0 : content.rfind('\n') + 1;
  // A process that was killed may have left a part of a line.
  if (whole < content.size() && ::ftruncate(descriptor_, static_cast<off_t>(whole)) != 0) {
    throw IoError(file_.string() + ": cannot be cut: " + std::strerror(errno));
  }
  size_ = whole;
  std::uint64_t begin = 0;
  while (begin < whole) {
    JournalPart part = read_journal(file_, begin, whole, 10000);
    for (Record& record : part.records) {
      remember(record);
      if (record.kind == RecordKind::start) {
        const std::lock_guard lock(children_mutex_);
        children_[record.run] = record.text;
      }
    }
    begin = part.end;
  }
}

// Whether something of it is new, which is what is left of it.
bool Journal::remember(Record& record) {
  last_time_ = std::max(last_time_, record.time);
  switch (record.kind) {
    case RecordKind::start:
      return statuses_.emplace(record.run, "").second;
    case RecordKind::resume:
      statuses_[record.run].clear();
      return true;
    case RecordKind::finish: {
      std::string& status = statuses_[record.run];
      if (status == record.text) return false;
      status = record.text;
      return true;
    }
    case RecordKind::scalars:
      std::erase_if(record.values, [&](const auto& value) {
        const auto [known, is_new] = steps_.emplace(place(record.run, value.first), record.step);
        if (is_new) return false;
        if (record.step <= known->second) return true;
        known->second = record.step;
        return false;
      });
      return !record.values.empty();
    case RecordKind::text:
    case RecordKind::image:
    case RecordKind::tag:
    case RecordKind::artifact: {
      const std::string said = fmt::format("{} {}", record.step, record.text);
      std::string& known = words_[place(record)];
      if (known == said) return false;
      known = said;
      return true;
    }
    case RecordKind::parameter:
    case RecordKind::setting:
      return words_.emplace(place(record), record.text).second;
  }
  return false;
}

void Journal::resume(const std::string& run, double time, std::string& lines) {
  for (std::string path = run;; path = parent_path(path)) {
    const auto status = statuses_.find(path);
    if (status != statuses_.end() && !status->second.empty()) {
      status->second.clear();
      lines += to_line({.kind = RecordKind::resume, .run = path, .time = time}) + "\n";
    }
    if (path.empty()) return;
  }
}

void Journal::append(const std::vector<Record>& records) {
  std::string lines;
  for (Record record : records) {
    if (!remember(record)) continue;
    if (record.kind != RecordKind::finish && record.kind != RecordKind::resume) {
      resume(record.run, record.time, lines);
    }
    lines += to_line(record) + "\n";
  }
  std::size_t written = 0;
  while (written < lines.size()) {
    const ssize_t count = ::write(descriptor_, lines.data() + written, lines.size() - written);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      const std::string reason = std::strerror(errno);
      if (::ftruncate(descriptor_, static_cast<off_t>(size_)) == 0) read();
      throw IoError(file_.string() + ": writing failed: " + reason);
    }
    written += static_cast<std::size_t>(count);
  }
  size_ += lines.size();
}

std::string Journal::child(const std::string& parent, const std::string& name,
                           const std::string& identity) {
  const std::lock_guard lock(children_mutex_);
  std::string path = child_path(parent, name);
  for (int version = 2;; ++version) {
    const auto [known, is_new] = children_.emplace(path, identity);
    if (is_new || known->second == identity) return path;
    path = fmt::format("{}.{}", child_path(parent, name), version);
  }
}

std::int64_t Journal::last_step(const std::string& run, const std::string& key) const {
  const auto found = steps_.find(place(run, key));
  return found == steps_.end() ? -1 : found->second;
}

std::vector<std::string> Journal::unfinished() const {
  std::vector<std::string> runs;
  for (const auto& [run, status] : statuses_) {
    if (status.empty()) runs.push_back(run);
  }
  std::reverse(runs.begin(), runs.end());  // a path is greater than its parent's
  return runs;
}

JournalPart read_journal(const fs::path& file, std::uint64_t begin, std::uint64_t end,
                         std::size_t most) {
  JournalPart part;
  part.end = begin;
  std::ifstream in(file, std::ios::binary);
  in.seekg(static_cast<std::streamoff>(begin));
  std::string line;
  while (part.end < end && part.records.size() < most && std::getline(in, line)) {
    try {
      part.records.push_back(from_line(line));
    } catch (const DataError& error) {
      throw DataError(fmt::format("{}: byte {}: {}", file.string(), part.end, error.what()));
    }
    part.end += line.size() + 1;
  }
  if (part.records.empty() && part.end < end) {
    throw IoError(fmt::format("{}: cannot be read from byte {}", file.string(), begin));
  }
  return part;
}

}  // namespace winnow
