// The release's merged metrics as a file of scores.

#include <gmock/gmock.h>

#include <cmath>

#include "core/files.h"
#include "pool/score_file.h"
#include "temporary_folder.h"

namespace winnow::gdo_release {
namespace {

namespace fs = std::filesystem;

class MergedScores : public ::testing::Test {
 protected:
  static RowTable rows() {
    std::vector<RowFacts> facts(4);
    const char* ids[] = {"a", "b", "c", "v"};
    for (std::size_t i = 0; i < 4; ++i) facts[i].id = ids[i];
    facts[3].modality = Modality::video;
    return RowTable(facts);
  }
  ScoreFile read(const std::string& content) const {
    write_file(folder_ / "metrics.jsonl", content);
    return read_scores(folder_ / "metrics.jsonl", rows_);
  }
  static const Column& column(const ScoreFile& scores, const std::string& name) {
    for (const Column& column : scores.columns) {
      if (column.name == name) return column;
    }
    throw std::runtime_error("no column " + name);
  }
  static CellState state(const ScoreFile& scores, const std::string& name, std::size_t row) {
    return static_cast<CellState>(column(scores, name).states(row));
  }

  const fs::path folder_ = testing_support::temporary_folder();
  const RowTable rows_ = rows();
};

TEST_F(MergedScores, FailedAndMissingMetricsAreStates) {
  const ScoreFile scores = read(
      "{\"qa_uid\": \"ov::a::t0\", \"loss_video\": 1.0, \"loss_blind\": 1.5, \"vds\": 0.5, "
      "\"amm\": 0.0, \"tnc_score\": 0.0, \"self_consistency\": 0.25, \"cluster_id\": 3}\n"
      "{\"qa_uid\": \"ov::b::t0\", \"loss_video\": null, \"loss_blind\": null, \"vds\": 0.0, "
      "\"ppl\": 0.0, \"amm\": 0.0, \"self_consistency\": 0.5, \"cluster_id\": 3}\n"
      "{\"qa_uid\": \"vv::v::t0\", \"loss_video\": 2.0, \"loss_blind\": 2.0, \"tnc_score\": 0.5, "
      "\"amm\": 4.0, \"cluster_id\": 1}\n"
      "{\"qa_uid\": \"vv::w::t0\", \"loss_video\": 2.0}\n");
  EXPECT_EQ(scores.rows, 4);
  EXPECT_EQ(scores.without_sample, 1);
  EXPECT_EQ(scores.example, "w");
  EXPECT_EQ(scores.without_scores, 1);
  EXPECT_EQ(column(scores, "visual_dependency").values(0), 0.5);
  EXPECT_NEAR(column(scores, "coverage").values(0), -std::log(2.0 / 3), 1e-12);
  for (const char* name : {"loss", "perplexity", "visual_dependency", "self_consistency"}) {
    EXPECT_EQ(state(scores, name, 0), CellState::valid) << name;
    EXPECT_EQ(state(scores, name, 1), CellState::failed) << name;
    EXPECT_EQ(state(scores, name, 2), CellState::missing) << name;
  }
  for (const char* name : {"optical_flow", "temporal_need", "frame_diversity"}) {
    EXPECT_EQ(state(scores, name, 0), CellState::not_applicable) << name;
  }
  EXPECT_EQ(column(scores, "optical_flow").values(3), 4.0);
}

TEST_F(MergedScores, ASampleHasTheMeanOfItsPairsAndTheLastRowOfAPairCounts) {
  const ScoreFile scores = read(
      "{\"qa_uid\": \"ov::a::t1\", \"loss_video\": 3.0, \"cluster_id\": 7}\n"
      "{\"qa_uid\": \"ov::a::t0\", \"loss_video\": 9.0, \"cluster_id\": 2}\n"
      "{\"qa_uid\": \"ov::a::t0\", \"loss_video\": 1.0, \"cluster_id\": 5}\n"
      "{\"qa_uid\": \"ov::a::t2\", \"loss_video\": null}\n");
  EXPECT_EQ(column(scores, "loss").values(0), 2.0);
  EXPECT_EQ(column(scores, "cluster").values(0), 5.0);
}

TEST_F(MergedScores, RowsThatNameNoPairAreCounted) {
  const std::string good = "{\"qa_uid\": \"ov::a::t0\", \"loss_video\": 1.0}\n";
  const ScoreFile scores =
      read(good + "nothing\n{\"qa_uid\": \"\"}\n{\"qa_uid\": \"ov::a\", \"loss_video\": 9}\n");
  EXPECT_EQ(scores.rows, 4);
  EXPECT_EQ(scores.without_sample, 3);
  EXPECT_EQ(column(scores, "loss").values(0), 1.0);
}

}  // namespace
}  // namespace winnow::gdo_release
