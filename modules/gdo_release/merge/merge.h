#pragma once
// The merge step of the GDO release: descriptor shards become one table of metrics with clusters,
// fallbacks and a quality score. Defects included; README.md of the room names them.

#include <filesystem>
#include <optional>
#include <string>

#include "config/options.h"
#include "gdo_release/merge/row_writer.h"

namespace winnow::gdo_release {

struct MergeOptions {
  std::int64_t cluster_k = 4096;
  std::int64_t cluster_batch_size = 8192;
  std::int64_t seed = 42;
  std::int64_t max_rows = 0;
  std::int64_t stats_sample_size = 800000;
  std::optional<std::filesystem::path> centers;
};
BOOST_DESCRIBE_STRUCT(MergeOptions, (),
                      (cluster_k, cluster_batch_size, seed, max_rows, stats_sample_size, centers))
config::Help help(const MergeOptions&);

struct MergeRequest {
  std::filesystem::path shards;         // folder of sixd_metrics_rank*.jsonl
  std::filesystem::path output_jsonl;   // the table, one JSON object a row, in the shards' order
  std::filesystem::path output_report;  // one JSON object
  // Where the centres that were fitted are kept, one JSON list a line; empty: nowhere.
  std::filesystem::path output_centers;
  MergeOptions options;
};

struct MergeReport {
  std::string input_dir, output_jsonl;
  std::int64_t num_shards = 0, rows_scanned = 0, rows_written = 0, bad_rows = 0;
  std::int64_t cluster_k = 0, cluster_k_requested = 0, stats_sample_size = 0;
  MergeColumns columns;

  // With the release's names, as json.dumps(indent=2) writes it.
  std::string json() const;
};

// Walks the shards twice, for statistics and k-means and to write, and keeps up to 256 MiB of rows
// in memory between. With `centers` given these take
// the place of the release's k-means; without, mini-batches fit our own, which are not its.
// The result does not depend on the number of threads. Throws IoError; DataError, with file and
// line, for what makes the release stop: text that is not UTF-8, a row that is no object, rows with
// unequal numbers of features, a feature beyond float32, fewer than two rows; and for centres of
// another number or width.
MergeReport merge(const MergeRequest& request);

}  // namespace winnow::gdo_release
