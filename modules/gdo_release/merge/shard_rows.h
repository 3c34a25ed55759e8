#pragma once
// The rows of descriptor shards as the release's extraction writes them: one JSON object a line
// with `qa_uid`, `video_uid` and `data_quality_metrics`.

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/mapped_file.h"
#include "gdo_release/merge/nearest_center.h"
#include "gdo_release/python/json.h"

namespace winnow::gdo_release {

// What cannot be read as a finite number counts as 0, or -1 for self_consistency.
struct ShardRow {
  python::RawValue qa_uid, video_uid, loss_video, loss_blind;  // in the row's line
  double vds = 0.0, ppl = 0.0, amm = 0.0, frame_diversity = 0.0, tnc_score = 0.0;
  double self_consistency = -1.0;
};

// Some whole lines of one shard, and what they hold. Lines that are no JSON are passed over.
struct ShardBlock {
  std::size_t shard = 0;
  std::string_view bytes;

  std::vector<ShardRow> rows;
  Points features;  // [rows]: text, vision, tnc_score, amm, frame_diversity, ppl, vds
  // The first thing after `rows` at which the release stops, with file and line; the rest of the
  // block is not read then.
  std::optional<std::string> problem;

  // Bytes that rows and features take.
  std::size_t memory() const {
    return rows.capacity() * sizeof(ShardRow) + features.values.capacity() * sizeof(float);
  }
};

class Shards {
 public:
  // The shards of a folder, sixd_metrics_rank*.jsonl, by name. Throws IoError; DataError when there
  // is none.
  explicit Shards(const std::filesystem::path& folder);

  std::size_t count() const { return paths_.size(); }
  // Their lines in order, cut into pieces of about a MiB.
  const std::vector<ShardBlock>& blocks() const { return blocks_; }
  // Fills rows, features and problem, up to `most` rows. Thread-safe for different blocks.
  void parse(ShardBlock& block, std::size_t most) const;
  // "file:line" of a block's first line.
  std::string place_of(const ShardBlock& block) const;

 private:
  std::string place_of(std::size_t shard, std::string_view line) const;

  std::vector<std::filesystem::path> paths_;
  std::vector<MappedFile> files_;
  std::vector<ShardBlock> blocks_;
};

// One row; false for a line that is no JSON. Appends its features. Throws DataError (without a
// place) where the release stops.
bool parse_shard_row(std::string_view line, ShardRow& row, std::vector<float>& features);

}  // namespace winnow::gdo_release
