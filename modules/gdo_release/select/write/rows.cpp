#include "gdo_release/select/write/rows.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/errors.h"
#include "core/parallel.h"
#include "gdo_release/python/json_writer.h"
#include "gdo_release/select/scan/key_table.h"
#include "gdo_release/select/write/record.h"

namespace winnow::gdo_release {
namespace {

// Writes texts that stay where they are until flush().
class GatheringFile {
 public:
  explicit GatheringFile(std::filesystem::path path)
      : path_(std::move(path)),
        descriptor_(::open(path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644)) {
    if (descriptor_ < 0) fail("opened for writing");
  }
  ~GatheringFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  GatheringFile(const GatheringFile&) = delete;
  GatheringFile& operator=(const GatheringFile&) = delete;

  void write(std::string_view text) {
    pieces_.push_back({const_cast<char*>(text.data()), text.size()});
    if (pieces_.size() == kMostPieces) flush();
  }
  void flush() {
    for (std::size_t first = 0; first < pieces_.size();) {
      const ::ssize_t count =
          ::writev(descriptor_, &pieces_[first], static_cast<int>(pieces_.size() - first));
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) fail("written");
      auto written = static_cast<std::size_t>(count);
      while (first < pieces_.size() && written >= pieces_[first].iov_len) {
        written -= pieces_[first++].iov_len;
      }
      if (written > 0) {
        pieces_[first].iov_base = static_cast<char*>(pieces_[first].iov_base) + written;
        pieces_[first].iov_len -= written;
      }
    }
    pieces_.clear();
  }
  void close() {
    flush();
    if (::close(std::exchange(descriptor_, -1)) != 0) fail("written");
  }

 private:
  static constexpr std::size_t kMostPieces = 1024;  // IOV_MAX of Linux

  [[noreturn]] void fail(const char* action) const {
    throw IoError(
        fmt::format("{}: cannot be {}: {}", path_.string(), action, std::strerror(errno)));
  }

  std::filesystem::path path_;
  int descriptor_;
  std::vector<::iovec> pieces_;
};

// Texts one after the other in blocks, which keep their memory.
class TextBlocks {
 public:
  struct Place {
    std::uint32_t block = 0, begin = 0, size = 0;
  };

  void clear() {
    for (std::string& block : blocks_) block.clear();
    open_ = 0;
  }
  // Calls `append(block)`, which writes one text at the end of a block.
  template <class Append>
  Place add(Append append) {
    if (open_ < blocks_.size() && blocks_[open_].size() >= kFull) ++open_;
    if (open_ == blocks_.size()) blocks_.emplace_back().reserve(kFull + kFull / 16);
    std::string& block = blocks_[open_];
    const std::size_t begin = block.size();
    append(block);
    return {static_cast<std::uint32_t>(open_), static_cast<std::uint32_t>(begin),
            static_cast<std::uint32_t>(block.size() - begin)};
  }
  std::string_view text(const Place& place) const {
    return std::string_view(blocks_[place.block]).substr(place.begin, place.size);
  }

 private:
  static constexpr std::size_t kFull = std::size_t{1} << 20;
  std::vector<std::string> blocks_;
  std::size_t open_ = 0;
};

// Numbers of rows of a pool, each once, in order.
class RowSet {
 public:
  explicit RowSet(std::size_t pool_size) : bits_(pool_size / 64 + 1, 0), before_(bits_.size(), 0) {}

  void clear() { std::fill(bits_.begin(), bits_.end(), 0); }
  void add(std::uint32_t row) { bits_[row / 64] |= std::uint64_t{1} << row % 64; }
  // The rows, in order; places() are theirs from now on.
  std::vector<std::uint32_t> rows() {
    std::vector<std::uint32_t> all;
    for (std::size_t i = 0; i < bits_.size(); ++i) {
      before_[i] = static_cast<std::uint32_t>(all.size());
      for (std::uint64_t bits = bits_[i]; bits != 0; bits &= bits - 1) {
        all.push_back(static_cast<std::uint32_t>(64 * i) +
                      static_cast<std::uint32_t>(std::countr_zero(bits)));
      }
    }
    return all;
  }
  std::size_t count() const {
    std::size_t sum = 0;
    for (const std::uint64_t bits : bits_) sum += static_cast<std::size_t>(std::popcount(bits));
    return sum;
  }
  std::size_t place(std::uint32_t row) const {
    const std::uint64_t below = bits_[row / 64] & ((std::uint64_t{1} << row % 64) - 1);
    return before_[row / 64] + static_cast<std::size_t>(std::popcount(below));
  }

 private:
  std::vector<std::uint64_t> bits_;
  std::vector<std::uint32_t> before_;  // rows in earlier words
};

// The pair whose scores a row shows.
using Scored = std::function<std::uint32_t(std::uint32_t row)>;

// Makes rows in the order of the pool's files, many at a time, and writes them in the order that is
// wanted.
class Writer {
 public:
  Writer(const ScanOptions& files, const CandidatePool& pool, const Score& score, Scored scored)
      : files_(files),
        pool_(pool),
        score_(score),
        scored_(std::move(scored)),
        set_(pool.candidates.size()),
        parts_(kPartsPerWorker * worker_count()) {
    const std::size_t held = pool.candidates.size() * sizeof(Candidate);
    budget_ = std::max(kLeastText, kMemory - std::min(kMemory, held));
  }

  void write(const std::vector<RowFile>& wanted) {
    std::vector<Output> outputs;
    for (const RowFile& file : wanted) {
      outputs.push_back({std::make_unique<GatheringFile>(file.path), file.rows, 0, 0});
    }
    const auto is_done = [](const Output& out) { return out.begin == out.rows->size(); };
    while (!std::all_of(outputs.begin(), outputs.end(), is_done)) {
      choose(outputs);
      make();
      parallel_for(outputs.size(), [&](std::size_t i) { put(outputs[i]); });
    }
    for (const Output& out : outputs) out.file->close();
  }

 private:
  static constexpr std::size_t kMemory = std::size_t{384} << 20;  // of the pool and of texts
  static constexpr std::size_t kLeastText = std::size_t{24} << 20;
  static constexpr std::size_t kFirstShift = 6;
  static constexpr std::size_t kPartsPerWorker = 4;
  static constexpr std::size_t kAhead = 8;

  struct Output {
    std::unique_ptr<GatheringFile> file;
    const std::vector<std::uint32_t>* rows;
    std::size_t begin, end;  // of the rows that are written next
  };
  // Rows that are made by one thread.
  struct Part {
    TextBlocks texts;
    std::size_t bytes = 0;
  };

  // Takes the same share of what is left of each file, as much as fits into memory. The first time
  // a small one, which tells how long texts are.
  void choose(std::vector<Output>& outputs) {
    for (std::size_t shift = made_ == 0 ? kFirstShift : 0;; ++shift) {
      set_.clear();
      std::size_t most = 0;
      for (Output& out : outputs) {
        const std::size_t left = out.rows->size() - out.begin;
        const std::size_t share = (left + (std::size_t{1} << shift) - 1) >> shift;
        out.end = out.begin + share;
        most = std::max(most, share);
        for (std::size_t i = out.begin; i < out.end; ++i) set_.add((*out.rows)[i]);
      }
      const std::size_t length = made_ == 0 ? std::size_t{4096} : bytes_ / made_ + 1;
      if (most <= 1 || set_.count() * length <= budget_) break;
    }
    rows_ = set_.rows();
  }

  void make() {
    places_.resize(rows_.size());
    const std::size_t size = rows_.size() / parts_.size() + 1;
    part_size_ = size;
    parallel_for(parts_.size(), [&](std::size_t p) {
      const std::size_t begin = std::min(p * size, rows_.size());
      make(begin, std::min(begin + size, rows_.size()), parts_[p]);
    });
    made_ += rows_.size();
    for (const Part& part : parts_) bytes_ += part.bytes;
  }

  void make(std::size_t begin, std::size_t end, Part& part) {
    part.texts.clear();
    part.bytes = 0;
    if (begin == end) return;
    RecordReader reader(files_);
    for (std::size_t i = begin; i < end; ++i) {
      if (i + kAhead < end) pool_.prefetch(rows_[i + kAhead]);
      if (i + 1 < end) {
        const Candidate& next = pool_.candidates[rows_[i + 1]];
        reader.prefetch(next.is_video(), next.offset());
      }
      places_[i] = part.texts.add([&](std::string& out) { append(rows_[i], reader, out); });
      part.bytes += places_[i].size;
    }
  }

  void put(Output& out) const {
    for (std::size_t i = out.begin; i < out.end; ++i) {
      const std::size_t place = set_.place((*out.rows)[i]);
      out.file->write(parts_[place / part_size_].texts.text(places_[place]));
    }
    out.file->flush();
    out.begin = out.end;
  }

  void append(std::uint32_t row, RecordReader& reader, std::string& out) const {
    const Candidate& candidate = pool_.candidates[row];
    const Stratum& stratum = pool_.strata[candidate.stratum];
    reader.append({candidate.is_video(), candidate.offset(), candidate.line, candidate.turn()},
                  stratum.form, stratum.temporal, out);
    out.resize(out.size() - 2);  // the ends of "meta" and of the row
    const ScoreParts parts = score_(pool_.candidates[scored_ ? scored_(row) : row]);
    const auto number = [&](const char* before, double value) {
      python::append_float(out += before, value);
    };
    number(", \"filter_score\": ", parts.score);
    number(", \"filter_score_detail\": {\"base_score\": ", parts.base);
    number(", \"legacy_vds3\": ", parts.vds3);
    number(", \"legacy_quality_score\": ", parts.quality);
    out += "}}}\n";
  }

  const ScanOptions& files_;
  const CandidatePool& pool_;
  const Score& score_;
  const Scored scored_;
  std::size_t budget_ = 0;                 // bytes of text held at a time
  std::size_t made_ = 0, bytes_ = 0;       // rows and their bytes so far
  RowSet set_;                             // the rows at hand
  std::vector<std::uint32_t> rows_;        // the same, in order
  std::vector<TextBlocks::Place> places_;  // of each
  std::vector<Part> parts_;                // the texts, `part_size_` rows each
  std::size_t part_size_ = 1;
};

}  // namespace

void write_rows(const ScanOptions& pool_files, const CandidatePool& pool, const Score& score,
                const std::vector<RowFile>& wanted) {
  Writer(pool_files, pool, score, nullptr).write(wanted);
}

void write_repeating(const ScanOptions& pool_files, const CandidatePool& pool, const Score& score,
                     const Baseline& baseline, const Subset& subset,
                     const std::filesystem::path& path) {
  // The release looks scores up by uid: of several baseline rows with one uid, all show the score
  // of the last, except a row that the subset holds too.
  KeyTable chosen, uids;
  for (const std::uint32_t row : subset.candidates) chosen.add(row);
  std::vector<std::uint32_t> last;
  for (const std::uint32_t row : baseline.candidates) {
    const std::uint32_t place = uids.add(pool.candidates[row].uid);
    if (place == last.size()) last.push_back(row);
    last[place] = row;
  }
  const auto scored = [&](std::uint32_t row) {
    return chosen.contains(row) ? row : last[uids.find(pool.candidates[row].uid)];
  };
  Writer(pool_files, pool, score, scored).write({{path, &baseline.candidates}});
}

}  // namespace winnow::gdo_release
