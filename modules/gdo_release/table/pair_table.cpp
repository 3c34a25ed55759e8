#include "gdo_release/table/pair_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <string_view>
#include <unordered_map>

#include "core/errors.h"
#include "core/hash.h"
#include "gdo_release/table/metric_columns.h"
#include "pool/text.h"
#include "pool/words.h"

namespace winnow::gdo_release {
namespace {

constexpr std::size_t kShortAnswer = 3;         // words
constexpr double kSmallestAnswerGroup = 0.002;  // share of the rows

std::uint8_t number_of(std::string_view name, std::vector<std::string>& names) {
  auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) found = names.insert(names.end(), std::string(name));
  return static_cast<std::uint8_t>(found - names.begin());
}

// The part of an output row that says what is asked, answered and shown.
std::string_view content_of(std::string_view row) {
  const std::size_t begin = row.find(", \"question_type\": ");
  const std::size_t end = row.rfind(", \"data_quality_metrics\": ");
  return row.substr(begin, end - begin);
}

// Whether a pair's row has no id: the release then counts lines, which names another row in another
// order.
bool is_named_by_line(const Pair& pair) {
  return pair.uid == fmt::format("{}-{}::t{}", pair.video ? "vv::video" : "ov::onevision",
                                 pair.line, pair.turn);
}

// A digest of the words of a short answer; 0 for a long one.
std::uint64_t answer_key(std::string_view answer) {
  const std::vector<std::string> all = words_of(answer);
  const std::set<std::string> words(all.begin(), all.end());
  if (words.empty() || words.size() > kShortAnswer) return 0;
  std::string text;
  for (const std::string& word : words) text += word + " ";
  return hash64(text) | 1U;
}

class TableReader {
 public:
  explicit TableReader(const ScanOptions& files) { result_.files = files; }

  PairTable read(const std::filesystem::path& metrics) {
    read_pairs();
    name_rows();
    if (!metrics.empty()) add_metrics(MetricRows(metrics));
    add_answer_groups();
    return std::move(result_);
  }

 private:
  void read_pairs() {
    RecordReader reader(result_.files);
    std::string row;
    const auto errors = scan(result_.files, [&](const Pair& pair) {
      row.clear();
      reader.append({pair.video, pair.offset, pair.line, pair.turn}, pair.form, pair.temporal, row);
      facts_.push_back(
          {is_named_by_line(pair) ? "" : std::string(pair.uid), std::string(pair.raw_source),
           pair.video ? Modality::video : Modality::image, question_type(pair.question),
           digest_of(content_of(row)), count_words(pair.answer)});
      result_.places.push_back(
          {static_cast<std::uint64_t>(pair.offset), static_cast<std::uint32_t>(pair.line),
           static_cast<std::uint32_t>(pair.turn), static_cast<std::uint8_t>(pair.video ? 1 : 0),
           number_of(pair.form, result_.forms), number_of(pair.temporal, result_.temporals)});
      answers_.push_back(answer_key(pair.answer));
    });
    for (const auto& [kind, count] : errors) {
      warn("{} rows of the pool were skipped: {}", count, kind);
    }
    if (facts_.empty()) {
      throw DataError(fmt::format("{}, {}: there is no question-answer pair to select from",
                                  result_.files.onevision.string(), result_.files.video.string()));
    }
  }

  // Makes ids unique, and keeps one of the pairs that are equal throughout.
  void name_rows() {
    std::unordered_map<std::string, std::int64_t> uses;
    for (const RowFacts& facts : facts_) ++uses[facts.id];
    std::set<std::string> named;
    std::int64_t renamed = 0, repeated = 0;
    std::size_t kept = 0;
    for (std::size_t i = 0; i < facts_.size(); ++i) {
      const std::uint64_t uid = key_of(facts_[i].id);
      const bool is_shared = facts_[i].id.empty() || uses.at(facts_[i].id) > 1;
      if (is_shared) {
        const std::string digest =
            Digest().add(facts_[i].content_digest).add(facts_[i].source).hex();
        facts_[i].id += "#" + digest;
        if (!named.insert(facts_[i].id).second) {
          ++repeated;
          continue;
        }
        ++renamed;
      }
      uids_.push_back(is_shared ? 0 : uid);
      if (kept != i) {
        facts_[kept] = std::move(facts_[i]);
        result_.places[kept] = result_.places[i];
        answers_[kept] = answers_[i];
      }
      ++kept;
    }
    facts_.resize(kept);
    result_.places.resize(kept);
    answers_.resize(kept);
    if (renamed > 0) {
      warn(
          "{} pairs have no id or share it: they are told apart by their content and have no "
          "metrics",
          renamed);
    }
    if (repeated > 0) warn("{} pairs repeat another one, id and all", repeated);
    result_.table = SampleTable(facts_);
    facts_ = {};
  }

  bool is_video(std::size_t row) const { return result_.places[row].video != 0; }

  void add_metrics(const MetricRows& metrics) {
    const std::size_t rows = result_.table.size();
    std::vector<Column> columns;
    for (const MetricColumn& column : metric_columns()) {
      columns.push_back(Column::missing(column.name, rows));
    }
    std::int64_t without = 0;
    for (std::size_t row = 0; row < rows; ++row) {
      const MetricRow* found = uids_[row] == 0 ? nullptr : metrics.find(uids_[row]);
      without += found == nullptr;
      const std::vector<double> cells =
          found == nullptr ? std::vector<double>() : metric_cells(*found);
      for (std::size_t c = 0; c < columns.size(); ++c) {
        if (!is_video(row) && !applies_to_images(columns[c].name)) {
          columns[c].set(row, CellState::not_applicable);
        } else if (found != nullptr) {
          columns[c].set(row, cells[c]);
        }
      }
    }
    if (without > 0) warn("{} of {} pairs have no metrics", without, rows);
    if (metrics.bad_rows() > 0) warn("{} rows of the metrics are damaged", metrics.bad_rows());
    if (metrics.repeated_rows() > 0) {
      warn("{} rows of the metrics repeat a pair: the last one of each counts",
           metrics.repeated_rows());
    }
    add_coverage(columns.back());
    for (Column& column : columns) result_.table.add(std::move(column));
  }

  // Minus the logarithm of the share of the pool that is in the row's cluster, as the descriptor
  // `coverage` has it.
  void add_coverage(const Column& cluster) {
    std::map<double, std::int64_t> sizes;
    std::int64_t all = 0;
    for (std::size_t row = 0; row < result_.table.size(); ++row) {
      if (!cluster.valid(row)) continue;
      ++sizes[cluster.values(row)];
      ++all;
    }
    Column coverage = Column::missing("coverage", result_.table.size());
    for (std::size_t row = 0; row < result_.table.size(); ++row) {
      if (!cluster.valid(row)) continue;
      const auto size = static_cast<double>(sizes.at(cluster.values(row)));
      coverage.set(row, -std::log(size / static_cast<double>(all)));
    }
    result_.table.add(std::move(coverage));
  }

  // Number of a short answer that many rows give, the most frequent first; 0 for all others: the
  // descriptor `answer_group` with its defaults.
  void add_answer_groups() {
    std::map<std::uint64_t, std::int64_t> sizes;
    for (const std::uint64_t key : answers_) ++sizes[key];
    const double smallest = kSmallestAnswerGroup * static_cast<double>(answers_.size());
    std::vector<std::pair<std::int64_t, std::uint64_t>> common;
    for (const auto& [key, size] : sizes) {
      if (key != 0 && static_cast<double>(size) >= smallest) common.emplace_back(-size, key);
    }
    std::sort(common.begin(), common.end());
    std::unordered_map<std::uint64_t, double> number;
    for (std::size_t i = 0; i < common.size(); ++i) {
      number[common[i].second] = static_cast<double>(i + 1);
    }
    Column column = Column::missing("answer_group", answers_.size());
    for (std::size_t row = 0; row < answers_.size(); ++row) {
      const auto found = number.find(answers_[row]);
      column.set(row, found == number.end() ? 0.0 : found->second);
    }
    result_.table.add(std::move(column));
  }

  template <class... Values>
  void warn(fmt::format_string<Values...> format, Values&&... values) {
    result_.warnings.push_back(fmt::format(format, std::forward<Values>(values)...));
  }

  PairTable result_;
  std::vector<RowFacts> facts_;
  std::vector<std::uint64_t> uids_, answers_;
};

}  // namespace

void PairTable::append_row(RecordReader& reader, std::size_t row, const std::string& meta,
                           std::string& out) const {
  const Place& place = places[row];
  reader.append({place.video != 0, static_cast<std::int64_t>(place.offset), place.line, place.turn},
                forms[place.form], temporals[place.temporal], out);
  out.resize(out.size() - 2);  // the ends of "meta" and of the row
  out.append(meta).append("}}\n");
}

std::vector<std::string> pair_table_columns() {
  std::vector<std::string> names = {"answer_group", "coverage"};
  for (const MetricColumn& column : metric_columns()) names.emplace_back(column.name);
  return names;
}

PairTable read_pair_table(const std::filesystem::path& onevision,
                          const std::filesystem::path& video,
                          const std::filesystem::path& metrics) {
  ScanOptions files;
  files.onevision = onevision;
  files.video = video;
  return TableReader(files).read(metrics);
}

}  // namespace winnow::gdo_release
