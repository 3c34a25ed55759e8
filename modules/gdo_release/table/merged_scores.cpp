// The merged metrics of the GDO release as a file of scores, for any selector of tables: a sample's
// value of a column is the mean over its question-answer pairs, its cluster that of the first.

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <cmath>
#include <map>
#include <optional>

#include "gdo_release/table/metric_columns.h"
#include "pool/score_file.h"

namespace winnow::gdo_release {
namespace {

constexpr const char* kCluster = "cluster";

struct PairMetrics {
  std::uint32_t row = 0, turn = 0;
  MetricRow values{};
};

struct PairName {
  std::string_view id;
  std::uint32_t turn = 0;
};

// Of "ov::ID::t3"; nothing for another text.
std::optional<PairName> parse_uid(std::string_view uid) {
  const std::size_t end = uid.rfind("::t");
  if ((!uid.starts_with("ov::") && !uid.starts_with("vv::")) || end == std::string_view::npos ||
      end < 4) {
    return std::nullopt;
  }
  PairName name{uid.substr(4, end - 4), 0};
  const char* last = uid.data() + uid.size();
  const auto [stop, error] = std::from_chars(uid.data() + end + 3, last, name.turn);
  if (error != std::errc() || stop != last) return std::nullopt;
  return name;
}

// By row and turn; of the rows of one pair the last one counts, as in the release.
void keep_last_of_each(std::vector<PairMetrics>& pairs) {
  const auto same = [](const PairMetrics& a, const PairMetrics& b) {
    return a.row == b.row && a.turn == b.turn;
  };
  std::stable_sort(pairs.begin(), pairs.end(), [](const PairMetrics& a, const PairMetrics& b) {
    return a.row != b.row ? a.row < b.row : a.turn < b.turn;
  });
  std::size_t kept = 0;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    if (i + 1 < pairs.size() && same(pairs[i], pairs[i + 1])) continue;
    pairs[kept++] = pairs[i];
  }
  pairs.resize(kept);
}

// Means over each sample's pairs that have a number; none has: the measurement failed.
Column means_of(std::size_t which, const std::vector<PairMetrics>& pairs, const RowTable& rows) {
  const std::string name = metric_columns()[which].name;
  Column column = Column::missing(name, rows.size());
  for (std::size_t begin = 0, end = 0; begin < pairs.size(); begin = end) {
    double sum = 0.0;
    std::int64_t count = 0;
    for (; end < pairs.size() && pairs[end].row == pairs[begin].row; ++end) {
      const double value = metric_cells(pairs[end].values)[which];
      if (std::isnan(value) || (name == kCluster && count > 0)) continue;
      sum += value;
      ++count;
    }
    const std::size_t row = pairs[begin].row;
    if (count > 0) {
      column.set(row, sum / static_cast<double>(count));
    } else {
      column.set(row, CellState::failed);
    }
  }
  for (std::size_t row = 0; row < rows.size(); ++row) {
    if (rows.modality(row) == Modality::video || applies_to_images(name)) continue;
    column.set(row, CellState::not_applicable);
  }
  return column;
}

// Minus the logarithm of the share of the samples that are in the row's cluster, as the descriptor
// `coverage` has it.
Column coverage_of(const Column& cluster) {
  std::map<double, std::int64_t> sizes;
  std::int64_t all = 0;
  for (std::size_t row = 0; row < cluster.size(); ++row) {
    if (!cluster.valid(row)) continue;
    ++sizes[cluster.values(row)];
    ++all;
  }
  Column coverage = Column::missing("coverage", cluster.size());
  for (std::size_t row = 0; row < cluster.size(); ++row) {
    if (!cluster.valid(row)) continue;
    const auto size = static_cast<double>(sizes.at(cluster.values(row)));
    coverage.set(row, -std::log(size / static_cast<double>(all)));
  }
  return coverage;
}

bool recognises(std::string_view first_line) {
  boost::json::error_code error;
  const boost::json::value value = boost::json::parse(first_line, error);
  return !error && value.is_object() && value.as_object().contains("qa_uid");
}

ScoreFile read(const std::filesystem::path& file, const RowTable& rows) {
  ScoreFile result;
  std::vector<PairMetrics> pairs;
  std::vector<bool> given(rows.size(), false);
  read_metric_rows(file, [&](const std::string& uid, const MetricRow& values) {
    ++result.rows;
    const std::optional<PairName> name = parse_uid(uid);
    const auto row = name ? rows.find(name->id) : std::nullopt;
    if (row) {
      pairs.push_back({static_cast<std::uint32_t>(*row), name->turn, values});
      given[*row] = true;
    } else if (result.without_sample++ == 0) {
      result.example = name ? std::string(name->id) : uid;
    }
  });
  keep_last_of_each(pairs);
  result.without_scores = std::count(given.begin(), given.end(), false);
  for (std::size_t c = 0; c < metric_columns().size(); ++c) {
    result.columns.push_back(means_of(c, pairs, rows));
  }
  result.columns.push_back(coverage_of(result.columns.back()));  // the last one is the cluster
  return result;
}

const bool registered = (score_formats().push_back({recognises, read}), true);

}  // namespace
}  // namespace winnow::gdo_release
