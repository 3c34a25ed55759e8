#include "selectors/gdo_release/release_output.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "core/errors.h"
#include "pool/python_json.h"
#include "selectors/gdo_release/key_table.h"

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

}  // namespace

// Rows are made in the order of the pool's files, many at a time, and written in the order that is
// wanted.
class RowFiles::Writer {
 public:
  Writer(const ScanOptions& files, const CandidatePool& pool, const ReleaseScore& score)
      : reader_(files), pool_(pool), score_(score) {}
  const CandidatePool& pool() const { return pool_; }

  // Writes the pairs `rows`; each shows the scores of the pair that `scored(row)` names.
  template <class Scored>
  void write(const std::vector<std::uint32_t>& rows, const std::filesystem::path& path,
             Scored scored) {
    GatheringFile out(path);
    for (std::size_t begin = 0; begin < rows.size(); begin += kBatch) {
      const std::size_t size = std::min(rows.size() - begin, kBatch);
      make(&rows[begin], size, scored);
      for (const TextBlocks::Place& place : places_) out.write(texts_.text(place));
      out.flush();
    }
    out.close();
  }

 private:
  static constexpr std::size_t kBatch = std::size_t{1} << 14;  // some 30 MB of text
  static constexpr std::size_t kAhead = 8;

  template <class Scored>
  void make(const std::uint32_t* rows, std::size_t size, Scored scored) {
    order_.clear();
    for (std::uint32_t i = 0; i < size; ++i) order_.emplace_back(rows[i], i);
    std::sort(order_.begin(), order_.end());
    texts_.clear();
    places_.resize(size);
    for (std::size_t i = 0; i < size; ++i) {
      const auto [row, place] = order_[i];
      if (i > 0 && row == order_[i - 1].first) {  // the same row again
        places_[place] = places_[order_[i - 1].second];
        continue;
      }
      if (i + kAhead < size) pool_.prefetch(order_[i + kAhead].first);
      if (i + 1 < size) {
        const Candidate& next = pool_.candidates[order_[i + 1].first];
        reader_.prefetch(next.is_video(), next.offset());
      }
      const std::uint32_t scored_row = scored(row);
      places_[place] = texts_.add([&](std::string& out) { append(row, scored_row, out); });
    }
  }

  void append(std::uint32_t row, std::uint32_t scored, std::string& out) {
    const Candidate& candidate = pool_.candidates[row];
    const Stratum& stratum = pool_.strata[candidate.stratum];
    reader_.append({candidate.is_video(), candidate.offset(), candidate.line, candidate.turn},
                   stratum.form, stratum.temporal, out);
    out.resize(out.size() - 2);  // the ends of "meta" and of the row
    const ScoreParts parts = score_(pool_.candidates[scored]);
    const auto number = [&](const char* before, double value) {
      python::append_float(out += before, value);
    };
    number(", \"filter_score\": ", parts.score);
    number(", \"filter_score_detail\": {\"base_score\": ", parts.base);
    number(", \"legacy_vds3\": ", parts.vds3);
    number(", \"legacy_quality_score\": ", parts.quality);
    out += "}}}\n";
  }

  RecordReader reader_;
  const CandidatePool& pool_;
  const ReleaseScore& score_;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> order_;  // row, place in the batch
  TextBlocks texts_;
  std::vector<TextBlocks::Place> places_;  // by the place in the batch
};

RowFiles::RowFiles(const ScanOptions& files, const CandidatePool& pool, const ReleaseScore& score)
    : writer_(std::make_unique<Writer>(files, pool, score)) {}
RowFiles::~RowFiles() = default;

void RowFiles::write(const Subset& subset, const std::filesystem::path& path) {
  writer_->write(subset.candidates, path, [](std::uint32_t row) { return row; });
}

void RowFiles::write(const Baseline& baseline, const Subset& subset,
                     const std::filesystem::path& path) {
  if (!baseline.repeats) {
    writer_->write(baseline.candidates, path, [](std::uint32_t row) { return row; });
    return;
  }
  // The release looks scores up by uid: of several baseline rows with one uid, all show the score
  // of the last, except a row that the subset holds too.
  const CandidatePool& pool = writer_->pool();
  KeyTable chosen, uids;
  for (const std::uint32_t row : subset.candidates) chosen.add(row);
  std::vector<std::uint32_t> last;
  for (const std::uint32_t row : baseline.candidates) {
    const std::uint32_t place = uids.add(pool.candidates[row].uid);
    if (place == last.size()) last.push_back(row);
    last[place] = row;
  }
  writer_->write(baseline.candidates, path, [&](std::uint32_t row) {
    return chosen.contains(row) ? row : last[uids.find(pool.candidates[row].uid)];
  });
}

}  // namespace winnow::gdo_release
