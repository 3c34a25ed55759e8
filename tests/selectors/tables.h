#pragma once
// Small tables for the selectors' tests.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <string>
#include <vector>

#include "core/random.h"
#include "selectors/selector.h"

namespace winnow::testing {

// A pool with duplicates, missing and not applicable cells, and sources of different size and
// quality (the last source's visual dependency is low).
struct RandomPool {
  std::int64_t rows = 300;
  std::int64_t sources = 4;
  double video_share = 0.4;
  double temporal_share = 0.5;  // of the videos
  double duplicate_share = 0.05;
  double missing_share = 0.1;
  bool uniform_columns = false;  // every column applies to every row and is never missing
};

// A number for each row; equal content has equal ones.
inline Column column_of_numbers(const SampleTable& table, const std::string& name) {
  Column column = Column::missing(name, table.size());
  for (std::size_t row = 0; row < table.size(); ++row) {
    column.set(row, RandomStream(7, name + table.rows().content_digest(row)).normal());
  }
  return column;
}

inline SampleTable make_table(const RandomPool& pool, std::uint64_t seed) {
  RandomStream random(seed, "tests/pool");
  std::vector<RowFacts> rows;
  for (std::int64_t i = 0; i < pool.rows; ++i) {
    RowFacts facts;
    facts.id = fmt::format("row-{:05}", i);
    // Sources of falling size, named so that '|' and spaces occur.
    const double u = random.uniform();
    facts.source = fmt::format(
        "source | {}", static_cast<std::int64_t>(u * u * static_cast<double>(pool.sources)));
    facts.modality = random.chance(pool.video_share) ? Modality::video : Modality::image;
    facts.question_type = facts.modality == Modality::video && random.chance(pool.temporal_share)
                              ? "temporal"
                              : "static";
    facts.answer_words = random.integer(1, 12);
    facts.content_digest = fmt::format("content-{}", i);
    if (i > 0 && random.chance(pool.duplicate_share)) {
      const std::string id = facts.id;
      facts = rows[random.below(rows.size())];
      facts.id = id;
    }
    rows.push_back(facts);
  }
  SampleTable table(rows);
  const std::string last = fmt::format("source | {}", pool.sources - 1);
  const auto is_group = [](const std::string& name) {
    return name == "cluster" || name == "answer_group";
  };
  for (const std::string name :
       {"visual_dependency", "perplexity", "loss", "temporal_need", "optical_flow",
        "self_consistency", "coverage", "cluster", "answer_group"}) {
    Column column = Column::missing(name, rows.size());
    for (std::size_t row = 0; row < rows.size(); ++row) {
      // Equal content has equal values.
      RandomStream cell(seed, name + rows[row].content_digest);
      const double value = cell.normal() - (rows[row].source == last ? 1.0 : 0.0);
      const bool of_videos = name == "optical_flow" || name == "temporal_need";
      if (!pool.uniform_columns && of_videos && rows[row].modality != Modality::video) {
        column.set(row, CellState::not_applicable);
      } else if (!pool.uniform_columns && !is_group(name) && cell.chance(pool.missing_share)) {
        column.set(row, CellState::missing);
      } else {
        column.set(row, is_group(name) ? std::floor(std::abs(3 * value)) : value);
      }
    }
    table.add(column);
  }
  // Directions in eight dimensions, some of them close to each other.
  Column embedding = Column::missing("embedding", rows.size());
  auto vectors = xt::xtensor<float, 2>::from_shape({rows.size(), 8});
  for (std::size_t row = 0; row < rows.size(); ++row) {
    RandomStream cell(seed, "embedding" + rows[row].content_digest);
    double squares = 0.0;
    for (std::size_t d = 0; d < 8; ++d) {
      const double value = cell.normal();
      vectors(row, d) = static_cast<float>(value);
      squares += value * value;
    }
    embedding.set(row, std::sqrt(squares));
  }
  embedding.vectors = std::move(vectors);
  table.add(embedding);
  return table;
}

// The same rows in another order.
inline SampleTable shuffled(const SampleTable& table, std::uint64_t seed) {
  RandomStream random(seed, "tests/shuffle");
  const auto order = random.sample_indices(table.size(), table.size());
  std::vector<RowFacts> rows;
  for (const auto row : order) rows.push_back(table.rows().facts(row));
  SampleTable result(rows);
  for (const auto& name : table.column_names()) {
    const Column& from = table.column(name);
    Column to = Column::missing(name, rows.size());
    for (std::size_t i = 0; i < order.size(); ++i) to.copy(i, from, order[i]);
    if (from.vectors.size() > 0) {
      auto vectors = xt::xtensor<float, 2>::from_shape(from.vectors.shape());
      for (std::size_t i = 0; i < order.size(); ++i) {
        for (std::size_t d = 0; d < from.vectors.shape(1); ++d) {
          vectors(i, d) = from.vectors(order[i], d);
        }
      }
      to.vectors = std::move(vectors);
    }
    result.add(to);
  }
  return result;
}

inline std::set<std::string> ids(const SampleTable& table, const Selection& selection) {
  std::set<std::string> result;
  for (const auto& row : selection.rows) result.emplace(table.rows().id(row.row));
  return result;
}

inline std::int64_t distinct_contents(const SampleTable& table) {
  std::set<ContentDigest> contents;
  for (std::size_t row = 0; row < table.size(); ++row) contents.insert(table.rows().content(row));
  return static_cast<std::int64_t>(contents.size());
}

// A config table, made key by key: {{"budget", 10}, {"weights.loss", -1.0}}.
struct Setting {
  template <class T>
  Setting(std::string k, T v) : key(std::move(k)) {
    const config::Origin origin{"test", 0};
    if constexpr (std::is_same_v<T, std::vector<std::string>>) {
      config::Value::Array items;
      for (const auto& item : v) items.emplace_back(item, origin);
      value = config::Value(items, origin);
    } else if constexpr (std::is_same_v<T, bool> || std::is_same_v<T, double>) {
      value = config::Value(v, origin);
    } else if constexpr (std::is_integral_v<T>) {
      value = config::Value(static_cast<std::int64_t>(v), origin);
    } else {
      value = config::Value(std::string(v), origin);
    }
  }
  std::string key;
  config::Value value;
};

inline std::unique_ptr<Selector> make(const std::string& type,
                                      const std::vector<Setting>& settings) {
  config::Value table;
  table.set("type", config::Value(type, config::Origin{"test", 0}));
  for (const auto& setting : settings) table.set(setting.key, setting.value);
  return make_selector(table, "selector");
}

}  // namespace winnow::testing
