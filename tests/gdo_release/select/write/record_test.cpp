#include "gdo_release/select/write/record.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "core/errors.h"
#include "gdo_release/golden_rows.h"

namespace winnow::gdo_release {
namespace {

namespace json = boost::json;
using testing_support::golden_lines;
using testing_support::golden_pool;
using testing_support::text_at;

TEST(GoldenReleasePool, RowsAsTheReleaseWritesThem) {
  const ScanOptions options = golden_pool("pool");
  struct Known {
    PairPlace place;
    std::string form, temporal;
  };
  std::map<std::string, Known, std::less<>> places;
  scan(options, [&](const Pair& pair) {
    places.emplace(pair.uid, Known{{pair.video, pair.offset, pair.line, pair.turn},
                                   std::string(pair.form),
                                   std::string(pair.temporal)});
  });
  RecordReader records(options);
  std::string row;
  std::size_t rows = 0;
  for (const std::string& line : golden_lines("build/rel_temp_plus/filtered_records.jsonl")) {
    const Known& known = places.at(text_at(json::parse(line), "qa_uid"));
    row.clear();
    records.append(known.place, known.form, known.temporal, row);
    EXPECT_EQ(row, line.substr(0, line.find(", \"filter_score\": ")) + "}}");
    ++rows;
  }
  EXPECT_GT(rows, 90u);
}

TEST(GoldenReleasePool, FramesResampled) {
  const auto rows = golden_lines("build/rel_temp_plus/filtered_records.jsonl");
  const auto expected = golden_lines("build/rel_temp_plus/filtered_records_8f.jsonl");
  ASSERT_EQ(rows.size(), expected.size());
  for (std::size_t i = 0; i < rows.size(); ++i) EXPECT_EQ(resample_frames(rows[i], 8), expected[i]);
}

TEST(ReleaseRecord, ResamplingKeepsOtherValuesAsPythonWritesThem) {
  EXPECT_EQ(
      resample_frames(R"({"b":1E5,"a":-0,"images":["0","1","2"],"c":NaN,"a":"\u00e9\u0001"})", 2),
      R"({"b": 100000.0, "a": "é\u0001", "images": ["0", "2"], "c": NaN})");
  EXPECT_EQ(resample_frames(R"({"images":["0"],"data_quality_metrics":{"n_frames":5}})", 1),
            R"({"images": ["0"], "data_quality_metrics": {"n_frames": 5}})");
  EXPECT_EQ(resample_frames(R"({"images":["0","1"],"data_quality_metrics":{}})", 2),
            R"({"images": ["0", "1"], "data_quality_metrics": {"n_frames": 2}})");
  EXPECT_THROW(resample_frames(R"({"images":["0","1"]})", 1), ConfigError);
  EXPECT_THROW(resample_frames("[]", 8), DataError);
  EXPECT_THROW(resample_frames("{", 8), DataError);
}

}  // namespace
}  // namespace winnow::gdo_release
