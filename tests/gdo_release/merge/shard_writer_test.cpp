// The rows that extraction writes, against recorded ones.

#include "gdo_release/merge/shard_writer.h"

#include <gmock/gmock.h>

#include <boost/json.hpp>
#include <charconv>
#include <cmath>
#include <sstream>

#include "gdo_release/merge/shard_rows.h"
#include "golden.h"

namespace winnow::gdo_release {
namespace {

namespace json = boost::json;

// The number behind a key, to its last bit, which Boost.JSON does not keep.
std::optional<double> number_of(const std::string& line, const std::string& key) {
  const std::size_t at = line.find("\"" + key + "\": ");
  if (at == std::string::npos) return std::nullopt;
  double value = 0.0;
  const char* const begin = line.data() + at + key.size() + 4;
  const auto [end, error] = std::from_chars(begin, line.data() + line.size(), value);
  if (error != std::errc() || (*end != ',' && *end != '}')) return std::nullopt;
  return value;
}

// The pair that a recorded row is of; nothing for a row with other things in it than numbers.
std::optional<ExtractedPair> pair_of(const json::object& row, const std::string& line) {
  const json::value* table = row.if_contains("data_quality_metrics");
  if (table == nullptr || !table->is_object() || row.size() != 4) return std::nullopt;
  const json::object& metrics = table->as_object();
  if (metrics.size() != 14 || !row.at("qa_uid").is_string()) return std::nullopt;
  ExtractedPair pair;
  pair.uid = row.at("qa_uid").as_string();
  pair.video_uid = row.at("video_uid").as_string();
  pair.video = row.at("bucket").as_string() == "short_video";
  pair.error = metrics.at("error").as_string();
  pair.loss_video = number_of(line, "loss_video");
  pair.loss_blind = number_of(line, "loss_blind");
  if (pair.error.empty() && (!pair.loss_video || !pair.loss_blind)) return std::nullopt;
  for (const auto& [key, target] :
       {std::pair{"amm", &pair.amm}, std::pair{"frame_diversity", &pair.frame_diversity},
        std::pair{"tnc_score", &pair.tnc_score}}) {
    const std::optional<double> value = number_of(line, key);
    if (!value) return std::nullopt;
    *target = *value;
  }
  pair.self_consistency = number_of(line, "self_consistency");
  const json::array& text = metrics.at("text_feat").as_array();
  const json::array& vision = metrics.at("vis_feat").as_array();
  if (text.size() != 16 || vision.size() != 6) return std::nullopt;
  for (std::size_t i = 0; i < 16; ++i) {
    if (!text[i].is_number()) return std::nullopt;
    pair.text_feat[i] = static_cast<float>(text[i].to_number<double>());
  }
  for (std::size_t i = 0; i < 6; ++i) {
    if (!vision[i].is_number()) return std::nullopt;
    pair.vis_feat[i] = vision[i].to_number<double>();
  }
  pair.frames = metrics.at("n_frames").to_number<std::int64_t>();
  pair.question_tokens = metrics.at("question_len").to_number<std::int64_t>();
  pair.answer_tokens = metrics.at("answer_len").to_number<std::int64_t>();
  return pair;
}

TEST(GoldenReleaseShardWriter, WritesTheRecordedRows) {
  std::int64_t whole = 0, failed = 0, other_vds = 0;
  for (const char* shard : {"0", "1", "2", "3"}) {
    std::istringstream lines(testing_support::read_golden(
        std::string("gdo_release/shards/sixd_metrics_rank000") + shard + ".jsonl"));
    for (std::string line; std::getline(lines, line);) {
      boost::system::error_code broken;
      const json::value value = json::parse(line, broken);
      if (broken || !value.is_object()) continue;
      const std::optional<ExtractedPair> pair = pair_of(value.as_object(), line);
      if (!pair) continue;
      // The generator of the recording drew VDS first, so that its last digit may be another.
      const bool failure = !pair->error.empty();
      if (!failure && (number_of(line, "vds") != *pair->loss_blind - *pair->loss_video ||
                       number_of(line, "ppl") != std::exp(*pair->loss_video))) {
        ++other_vds;
        continue;
      }
      EXPECT_EQ(shard_row(*pair), line);
      ++(failure ? failed : whole);
    }
  }
  if (whole + failed + other_vds > 1000) {
    EXPECT_GT(whole, 500);
    EXPECT_GT(failed, 50);
    EXPECT_LT(other_vds, 4500);
  } else {  // the trimmed copy of tests/data
    EXPECT_EQ(whole, 305);
    EXPECT_EQ(failed, 5);
    EXPECT_EQ(other_vds, 0);
  }
}

TEST(ReleaseShardWriter, OneFailureTakesAllModelValuesWithIt) {
  ExtractedPair pair;
  pair.uid = "ov::a::t0";
  pair.loss_video = 1.0;
  pair.loss_blind = 2.0;
  pair.self_consistency = 0.5;
  pair.tnc_score = 1.0;
  pair.error = "no \"answers\"";
  ShardRow row;
  std::vector<float> features;
  const std::string line = shard_row(pair);
  ASSERT_TRUE(parse_shard_row(line, row, features));
  EXPECT_TRUE(row.loss_video.is_null());
  EXPECT_TRUE(row.loss_blind.is_null());
  EXPECT_EQ(row.vds, 0.0);
  EXPECT_EQ(row.ppl, 0.0);
  EXPECT_EQ(row.self_consistency, -1.0);
  EXPECT_EQ(row.tnc_score, 1.0);
  EXPECT_EQ(features.size(), 16U + 6U + 5U);
  EXPECT_THAT(line, testing::HasSubstr(R"("error": "no \"answers\"")"));
}

TEST(ReleaseShardWriter, KeepsPerplexityFinite) {
  ExtractedPair pair;
  pair.uid = "vv::a::t0";
  pair.video = true;
  pair.loss_video = 31.0;
  pair.loss_blind = 30.0;
  ShardRow row;
  std::vector<float> features;
  ASSERT_TRUE(parse_shard_row(shard_row(pair), row, features));
  EXPECT_EQ(row.ppl, std::exp(30.0));
  EXPECT_EQ(row.vds, -1.0);
  EXPECT_EQ(row.self_consistency, -1.0);
  pair.loss_blind.reset();
  EXPECT_THROW(shard_row(pair), std::logic_error);
}

}  // namespace
}  // namespace winnow::gdo_release
