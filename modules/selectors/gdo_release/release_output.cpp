#include "selectors/gdo_release/release_output.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>

#include "core/errors.h"
#include "selectors/gdo_release/key_table.h"
#include "selectors/gdo_release/python_json.h"

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

  void write(std::string_view line) {
    buffer_.append(line) += '\n';
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

class RowWriter {
 public:
  RowWriter(const ScanOptions& files, const CandidatePool& pool, const ReleaseScore& score)
      : reader_(files), pool_(pool), score_(score) {}

  // The pair's row with the scores of the pair `scored`.
  void write(std::uint32_t row, std::uint32_t scored, LineWriter& out) {
    const Candidate& candidate = pool_.candidates[row];
    std::string json =
        reader_.json(candidate.is_video(), candidate.offset(), candidate.line, candidate.turn);
    json.resize(json.size() - 2);  // the ends of "meta" and of the row
    const ScoreParts parts = score_(pool_.candidates[scored]);
    json.append(", \"filter_score\": ").append(python_json(parts.score));
    json.append(", \"filter_score_detail\": {\"base_score\": ").append(python_json(parts.base));
    json.append(", \"legacy_vds3\": ").append(python_json(parts.vds3));
    json.append(", \"legacy_quality_score\": ").append(python_json(parts.quality)).append("}}}");
    out.write(json);
  }

 private:
  RecordReader reader_;
  const CandidatePool& pool_;
  const ReleaseScore& score_;
};

}  // namespace

void write_rows(const ScanOptions& files, const CandidatePool& pool, const ReleaseScore& score,
                const std::vector<std::uint32_t>& subset, const std::filesystem::path& subset_path,
                const std::vector<std::uint32_t>& baseline,
                const std::filesystem::path& baseline_path) {
  RowWriter rows(files, pool, score);
  LineWriter subset_file(subset_path);
  KeyTable chosen;
  for (const std::uint32_t row : subset) {
    chosen.add(row);
    rows.write(row, row, subset_file);
  }
  subset_file.close();
  if (baseline_path.empty()) return;

  // The release looks scores up by uid: of several baseline rows with one uid, all show the score
  // of the last, except a row that the subset holds too.
  KeyTable uids;
  std::vector<std::uint32_t> last;
  for (const std::uint32_t row : baseline) {
    const std::uint32_t place = uids.add(pool.candidates[row].uid);
    if (place == last.size()) last.push_back(row);
    last[place] = row;
  }
  LineWriter baseline_file(baseline_path);
  for (const std::uint32_t row : baseline) {
    const bool own = chosen.contains(row);
    rows.write(row, own ? row : last[uids.find(pool.candidates[row].uid)], baseline_file);
  }
  baseline_file.close();
}

}  // namespace winnow::gdo_release
