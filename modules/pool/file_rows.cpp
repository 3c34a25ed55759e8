#include "pool/file_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "core/errors.h"
#include "core/hash.h"
#include "core/parallel.h"
#include "core/progress.h"
#include "pool/row_ids.h"

namespace winnow {
namespace fs = std::filesystem;
namespace {

// What is held of a file's texts at a time.
constexpr std::size_t kBatchRows = 4096;
constexpr std::size_t kBatchBytes = std::size_t{16} << 20;
constexpr std::size_t kRowsAtOnce = 64;  // for a worker
constexpr std::uint64_t kMegabyte = 1'000'000;

fs::path media_root_of(const fs::path& file, const PoolOptions& options) {
  const fs::path root = options.media_root.empty() ? file.parent_path() : options.media_root;
  return fs::absolute(root.empty() ? fs::path(".") : root).lexically_normal();
}

// The deepest folder that holds both.
fs::path common_folder(const fs::path& a, const fs::path& b) {
  fs::path common;
  for (auto i = a.begin(), j = b.begin(); i != a.end() && j != b.end() && *i == *j; ++i, ++j) {
    common /= *i;
  }
  return common;
}

// For progress alone: a file that is not there is the reader's to refuse.
std::uint64_t size_of(const fs::path& file) {
  std::error_code error;
  const std::uint64_t size = fs::file_size(file, error);
  return error ? 0 : size;
}

std::uint32_t check_of(std::string_view text) { return static_cast<std::uint32_t>(hash64(text)); }

}  // namespace

// Rows on their way from a reader to the index.
struct FileRows::Batch {
  struct Row {
    std::string text;
    RowAddress address;
    std::uint32_t check = 0;
    RowFacts facts;
    std::uint64_t portable = 0;
    std::vector<RowNote> notes;
    std::optional<BadRow> bad;
  };
  std::vector<Row> rows;
  std::size_t bytes = 0;

  bool is_full() const { return rows.size() >= kBatchRows || bytes >= kBatchBytes; }
};

// A parser for one sample.
class FileRows::Borrowed {
 public:
  Borrowed(const FileRows& rows, std::uint32_t file) : rows_(rows), file_(file) {
    const std::lock_guard lock(rows_.mutex_);
    auto& idle = rows_.idle_[file_];
    if (idle.empty()) return;
    reader_ = std::move(idle.back());
    idle.pop_back();
  }
  ~Borrowed() {
    if (reader_ == nullptr) return;
    const std::lock_guard lock(rows_.mutex_);
    rows_.idle_[file_].push_back(std::move(reader_));
  }
  Borrowed(const Borrowed&) = delete;
  Borrowed& operator=(const Borrowed&) = delete;

  RowReader& reader() {
    if (reader_ == nullptr) {
      const File& file = rows_.files_[file_];
      // That the media are there was seen when the row was found.
      PoolOptions options = file.options;
      options.check_media = false;
      reader_ = std::make_unique<RowReader>(file.path, file.media_root, options);
    }
    return *reader_;
  }

 private:
  const FileRows& rows_;
  std::uint32_t file_;
  std::unique_ptr<RowReader> reader_;
};

FileRows::FileRows(const std::vector<PoolOptions>& parts) {
  for (const PoolOptions& part : parts) {
    PoolOptions options = part;
    options.files.clear();  // there may be thousands, and each file keeps its options
    for (const fs::path& file : part.files) {
      files_.push_back({options, file, media_root_of(file, part), reader_of(part.format, file)});
    }
  }
  if (files_.empty()) throw ConfigError("pool.files is empty: name at least one pool file");
  // One root for all, lest two files whose folders hold equal names seem to show the same.
  common_root_ = files_.front().media_root;
  for (const File& file : files_) common_root_ = common_folder(common_root_, file.media_root);
  idle_.resize(files_.size());
}

FileRows::Found FileRows::scan() {
  std::uint64_t all_bytes = 0;
  for (const File& file : files_) all_bytes += size_of(file.path);
  Progress progress("Pool", static_cast<std::int64_t>(all_bytes / kMegabyte), "MB");
  std::uint64_t before = 0;              // bytes of the files before this one
  std::uint64_t reached = 0, shown = 0;  // in all files, in megabytes
  Found found;
  for (std::uint32_t i = 0; i < files_.size(); ++i) {
    Batch batch;
    const auto flush = [&] {
      parse(batch, i);
      take(batch, i, found);
      progress.advance(static_cast<std::int64_t>(reached - shown));
      shown = reached;
    };
    RowSink sink;
    sink.row = [&](std::string_view text, const RowAddress& address) {
      Batch::Row& row = batch.rows.emplace_back();
      row.text = text;
      row.address = address;
      batch.bytes += text.size();
      reached = (before + address.offset) / kMegabyte;
      if (batch.is_full()) flush();
    };
    sink.bad_row = [&](std::int64_t line, const std::string& kind, const std::string& reason) {
      batch.rows.emplace_back().bad = BadRow{files_[i].path.string(), line, kind, reason};
    };
    files_[i].reader->scan(files_[i].path, sink);
    flush();
    before += size_of(files_[i].path);
  }
  addresses_.shrink_to_fit();
  return found;
}

void FileRows::parse(Batch& batch, std::uint32_t number) const {
  const File& file = files_[number];
  parallel_for((batch.rows.size() + kRowsAtOnce - 1) / kRowsAtOnce, [&](std::size_t part) {
    RowReader reader(file.path, file.media_root, file.options);
    const std::size_t end = std::min(batch.rows.size(), (part + 1) * kRowsAtOnce);
    for (std::size_t i = part * kRowsAtOnce; i < end; ++i) {
      Batch::Row& row = batch.rows[i];
      if (row.bad) continue;
      row.check = check_of(row.text);
      std::variant<Sample, BadRow> read = reader.read(row.text, row.address.line);
      if (auto* bad = std::get_if<BadRow>(&read)) {
        row.bad = std::move(*bad);
        continue;
      }
      Sample& sample = std::get<Sample>(read);
      for (Media& medium : sample.media) medium.root = common_root_;
      row.facts = row_facts(sample);
      row.portable = portable_digest(sample, file.media_root);
      row.notes = std::move(sample.notes);
    }
  });
}

void FileRows::take(Batch& batch, std::uint32_t file, Found& found) {
  for (Batch::Row& row : batch.rows) {
    if (row.bad) {
      found.ledger.push_back(std::move(*row.bad));
      continue;
    }
    found.notes.add(row.notes, files_[file].path.string(), row.address.line);
    found.rows.append(row.facts);
    found.portable.push_back(row.portable);
    addresses_.push_back({row.address, file, row.check});
  }
  batch = {};
}

Sample FileRows::sample(std::size_t row) const {
  const Address& address = addresses_[row];
  const File& file = files_[address.file];
  std::string text = file.reader->read(file.path, address.text);
  const auto changed = [&] {
    return DataError(
        fmt::format("{}:{}: this row is not what it was when the pool was read; start again, and "
                    "leave the file "
                    "alone meanwhile",
                    file.path.string(), address.text.line));
  };
  if (text.size() != address.text.length || check_of(text) != address.check) throw changed();
  Borrowed parser(*this, address.file);
  std::variant<Sample, BadRow> read = parser.reader().read(text, address.text.line);
  if (std::holds_alternative<BadRow>(read)) throw changed();
  Sample sample = std::get<Sample>(std::move(read));
  for (Media& medium : sample.media) medium.root = common_root_;
  return sample;
}

}  // namespace winnow
