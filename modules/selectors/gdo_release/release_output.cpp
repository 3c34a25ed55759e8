#include "selectors/gdo_release/release_output.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>
#include <utility>

#include "core/errors.h"
#include "pool/python_json.h"
#include "selectors/gdo_release/key_table.h"

namespace winnow::gdo_release {
namespace {

class LineWriter {
 public:
  explicit LineWriter(std::filesystem::path path)
      : path_(std::move(path)), file_(std::fopen(path_.c_str(), "wb")) {
    if (file_ == nullptr) fail("opened for writing");
    std::setvbuf(file_, nullptr, _IONBF, 0);
    buffer_.reserve(kBuffer + kBuffer / 4);
  }
  ~LineWriter() {
    if (file_ != nullptr) std::fclose(file_);
  }
  LineWriter(const LineWriter&) = delete;
  LineWriter& operator=(const LineWriter&) = delete;

  // What has not reached the file yet; text may be added at its end.
  std::string& buffer() { return buffer_; }
  void end_line() {
    buffer_ += '\n';
    if (buffer_.size() >= kBuffer) flush();
  }
  void close() {
    flush();
    const int result = std::fclose(file_);
    file_ = nullptr;
    if (result != 0) fail("written");
  }

 private:
  static constexpr std::size_t kBuffer = std::size_t{1} << 18;

  void flush() {
    if (std::fwrite(buffer_.data(), 1, buffer_.size(), file_) != buffer_.size()) fail("written");
    buffer_.clear();
  }
  [[noreturn]] void fail(const char* action) const {
    throw IoError(
        fmt::format("{}: cannot be {}: {}", path_.string(), action, std::strerror(errno)));
  }

  std::filesystem::path path_;
  std::FILE* file_;
  std::string buffer_;
};

// The rows of one file. They are made in the order of the pool's files, many at a time, and written
// in the order that is wanted.
class RowWriter {
 public:
  RowWriter(const ScanOptions& files, const CandidatePool& pool, const ReleaseScore& score)
      : reader_(files), pool_(pool), score_(score) {}

  // Writes the pairs `rows`; each shows the scores of the pair that `scored(row)` names.
  template <class Scored>
  void write(const std::vector<std::uint32_t>& rows, const std::filesystem::path& path,
             Scored scored) {
    LineWriter out(path);
    for (std::size_t begin = 0; begin < rows.size(); begin += kBatch) {
      const std::size_t end = std::min(rows.size(), begin + kBatch);
      read({rows.begin() + static_cast<std::ptrdiff_t>(begin),
            rows.begin() + static_cast<std::ptrdiff_t>(end)});
      for (std::size_t i = begin; i < end; ++i) {
        if (i + kAhead < end) __builtin_prefetch(&pool_.candidates[rows[i + kAhead]]);
        append(texts_[i - begin], score_(pool_.candidates[scored(rows[i])]), out.buffer());
        out.end_line();
      }
    }
    out.close();
  }

 private:
  static constexpr std::size_t kBatch = std::size_t{1} << 13;  // some 15 MB of text
  static constexpr std::size_t kAhead = 8;

  struct Span {
    std::size_t begin = 0, size = 0;
  };

  // Makes the rows of `batch`, and notes where each one's text lies.
  void read(const std::vector<std::uint32_t>& batch) {
    std::vector<std::pair<std::uint32_t, std::uint32_t>> order;  // row, place in the batch
    for (std::uint32_t i = 0; i < batch.size(); ++i) order.emplace_back(batch[i], i);
    std::sort(order.begin(), order.end());
    text_.clear();
    texts_.resize(batch.size());
    for (std::size_t i = 0; i < order.size(); ++i) {
      const auto [row, place] = order[i];
      if (i > 0 && row == order[i - 1].first) {  // the same row again
        texts_[place] = texts_[order[i - 1].second];
        continue;
      }
      if (i + kAhead < order.size()) {
        __builtin_prefetch(&pool_.candidates[order[i + kAhead].first]);
      }
      const Candidate& candidate = pool_.candidates[row];
      const Stratum& stratum = pool_.strata[candidate.stratum];
      const std::size_t begin = text_.size();
      reader_.append({candidate.is_video(), candidate.offset(), candidate.line, candidate.turn},
                     stratum.form, stratum.temporal, text_);
      texts_[place] = {begin, text_.size() - begin - 2};  // without the ends of "meta" and row
    }
  }

  void append(const Span& text, const ScoreParts& parts, std::string& json) const {
    const auto number = [&](const char* before, double value) {
      python::append_float(json += before, value);
    };
    json.append(text_, text.begin, text.size);
    number(", \"filter_score\": ", parts.score);
    number(", \"filter_score_detail\": {\"base_score\": ", parts.base);
    number(", \"legacy_vds3\": ", parts.vds3);
    number(", \"legacy_quality_score\": ", parts.quality);
    json += "}}}";
  }

  RecordReader reader_;
  const CandidatePool& pool_;
  const ReleaseScore& score_;
  std::string text_;
  std::vector<Span> texts_;  // in text_, by the place in the batch
};

}  // namespace

void write_rows(const ScanOptions& files, const CandidatePool& pool, const ReleaseScore& score,
                const std::vector<std::uint32_t>& subset, const std::filesystem::path& subset_path,
                const std::vector<std::uint32_t>& baseline,
                const std::filesystem::path& baseline_path) {
  RowWriter rows(files, pool, score);
  rows.write(subset, subset_path, [](std::uint32_t row) { return row; });
  if (baseline_path.empty()) return;

  // The release looks scores up by uid: of several baseline rows with one uid, all show the score
  // of the last, except a row that the subset holds too.
  KeyTable chosen, uids;
  for (const std::uint32_t row : subset) chosen.add(row);
  std::vector<std::uint32_t> last;
  for (const std::uint32_t row : baseline) {
    const std::uint32_t place = uids.add(pool.candidates[row].uid);
    if (place == last.size()) last.push_back(row);
    last[place] = row;
  }
  rows.write(baseline, baseline_path, [&](std::uint32_t row) {
    return chosen.contains(row) ? row : last[uids.find(pool.candidates[row].uid)];
  });
}

}  // namespace winnow::gdo_release
