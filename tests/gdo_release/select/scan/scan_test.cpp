#include <gmock/gmock.h>

#include <map>

#include "core/errors.h"
#include "gdo_release/golden_rows.h"
#include "gdo_release/select/scan/pair.h"
#include "gdo_release/select/write/record.h"

namespace winnow::gdo_release {
namespace {

namespace json = boost::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using testing_support::golden_json;
using testing_support::golden_pool;
using testing_support::golden_rows;
using testing_support::temporary_folder;
using testing_support::text_at;

std::string stratum_of(const Pair& pair) {
  std::string stratum = pair.video ? "short_video" : "image_qa";
  for (const std::string_view part : {pair.duration, pair.temporal, pair.form, pair.question_length,
                                      pair.answer_length, pair.source_group}) {
    stratum.append("|").append(part);
  }
  return stratum;
}

std::vector<std::string> uids(const ScanOptions& options) {
  std::vector<std::string> result;
  scan(options, [&](const Pair& pair) { result.emplace_back(pair.uid); });
  return result;
}

template <class Error, class Action>
std::string message_of(Action action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "no such error";
}

std::string row_of(RecordReader& records, const Pair& pair) {
  std::string row;
  records.append({pair.video, pair.offset, pair.line, pair.turn}, pair.form, pair.temporal, row);
  return row;
}

TEST(GoldenReleaseEdge, EverySampleInOrder) {
  const ScanOptions options = golden_pool("edge");
  const std::vector<json::value> expected = golden_rows("edge/samples.jsonl");
  std::size_t next = 0;
  RecordReader records(options);
  const ParseErrors errors = scan(options, [&](const Pair& pair) {
    ASSERT_LT(next, expected.size());
    const json::value& sample = expected[next++];
    SCOPED_TRACE(json::serialize(sample));
    EXPECT_EQ(pair.video, text_at(sample, "pool") == "video");
    EXPECT_EQ(pair.uid, text_at(sample, "qa_uid"));
    EXPECT_EQ(pair.video_uid, text_at(sample, "video_uid"));
    EXPECT_EQ(pair.question, text_at(sample, "question"));
    EXPECT_EQ(pair.answer, text_at(sample, "answer"));
    EXPECT_EQ(pair.raw_source, text_at(sample, "raw_source"));
    EXPECT_EQ(stratum_of(pair), text_at(sample, "stratum"));
    EXPECT_EQ(pair.frames, sample.at("data_quality_metrics").at("n_frames").as_int64());
    EXPECT_EQ(pair.temporal, text_at(sample.at("data_quality_metrics"), "temporal_category"));

    const json::value record = json::parse(row_of(records, pair));
    EXPECT_EQ(record.at("images"), sample.at("images"));
    EXPECT_EQ(record.at("question"), sample.at("question"));
    EXPECT_EQ(record.at("meta").at("llava_source"), sample.at("raw_source"));
  });
  EXPECT_EQ(next, expected.size());
  const json::value recorded_errors = golden_json("edge/parse_errors.json");
  const auto& recorded = recorded_errors.as_object();
  EXPECT_EQ(errors.size(), recorded.size());
  for (const auto& [kind, count] : errors) EXPECT_EQ(count, recorded.at(kind).as_int64()) << kind;
}

TEST(GoldenReleasePool, EveryPairInOrder) {
  std::vector<std::string> expected;
  for (const json::value& row : golden_rows("scores/scaled_temp_plus_all.jsonl")) {
    expected.emplace_back(row.at(0).as_string());
  }
  EXPECT_EQ(uids(golden_pool("pool")), expected);
  EXPECT_EQ(expected.size(), 5607u);
}

// What the release reads from one of the recorded limits, or how it stops.
class GoldenReleaseLimits : public ::testing::TestWithParam<std::string> {};

TEST_P(GoldenReleaseLimits, AsRecorded) {
  const std::string name = GetParam();
  json::value recorded;
  const json::value limits = golden_json("limits/limits.json");
  for (const json::value& limit : limits.as_array()) {
    if (text_at(limit, "name") == name) recorded = limit;
  }
  ASSERT_TRUE(recorded.is_object());
  const ScanOptions options = golden_pool("limits/" + name);
  if (recorded.at("exit").as_int64() != 0) {
    const std::string message = message_of<DataError>([&] {
      RecordReader records(options);
      scan(options, [&](const Pair& pair) { row_of(records, pair); });
    });
    EXPECT_THAT(message, AllOf(HasSubstr(options.onevision.string() + ":7:"),
                               ::testing::AnyOf(HasSubstr("surrogate"), HasSubstr("UTF-8"))));
    return;
  }
  std::int64_t pairs = 0;
  ParseErrors errors = scan(options, [&](const Pair&) { ++pairs; });
  EXPECT_EQ(pairs, recorded.at("total_pairs").as_int64());
  const auto& counts = recorded.at("parse_error_stats").as_object();
  EXPECT_EQ(errors.size(), counts.size());
  for (const auto& [kind, count] : errors) {
    EXPECT_EQ(2 * count, counts.at(kind).as_int64()) << kind;  // the release counts two passes
  }
}

INSTANTIATE_TEST_SUITE_P(Pool, GoldenReleaseLimits,
                         ::testing::Values("baseline", "bom", "cr_only", "crlf",
                                           "int_400_digits_id", "int_5000_digits", "invalid_utf8",
                                           "lone_surrogate_answer", "lone_surrogate_id",
                                           "lone_surrogate_ignored_key",
                                           "lone_surrogate_image_path", "lone_surrogate_question",
                                           "lone_surrogate_source", "nul_bytes"),
                         [](const auto& test) { return test.param; });

constexpr const char* kMessages =
    R"("messages":[{"role":"user","content":"q"},{"role":"assistant","content":"a"}])";

ScanOptions written(const std::string& onevision, const std::string& video) {
  ScanOptions options;
  options.onevision = temporary_folder() / "onevision.jsonl";
  options.video = temporary_folder() / "video.jsonl";
  write_file(options.onevision, onevision);
  write_file(options.video, video);
  return options;
}

TEST(ReleaseScan, NestingStopsWherePythonStops) {
  const auto row = [](std::size_t depth) {
    return "{\"id\":" + std::to_string(depth) + ",\"x\":" + std::string(depth, '[') +
           std::string(depth, ']') + ",\"images\":[1]," + kMessages + "}\n";
  };
  const ScanOptions options = written(row(991) + row(992) + row(100000), "");
  ParseErrors errors;
  std::vector<std::string> found;
  errors = scan(options, [&](const Pair& pair) { found.emplace_back(pair.uid); });
  EXPECT_EQ(found, std::vector<std::string>{"ov::991::t0"});
  EXPECT_EQ(errors, (ParseErrors{{"onevision_json", 2}}));
}

TEST(ReleaseScan, OneFrameDropsRowsWithMore) {
  const auto row = [](const std::string& images) {
    return "{\"id\":\"" + images.substr(1, 1) + "\",\"images\":[" + images + "]," + kMessages +
           "}\n";
  };
  ScanOptions options = written("", row("\"1\"") + row("\"2\",\"x\"") + row("\"3\",null"));
  options.target_frames = 1;
  std::vector<std::string> found;
  const ParseErrors errors = scan(options, [&](const Pair& pair) { found.emplace_back(pair.uid); });
  EXPECT_EQ(found, (std::vector<std::string>{"vv::1::t0", "vv::3::t0"}));
  EXPECT_EQ(errors, (ParseErrors{{"video_sample", 1}}));
  options.target_frames = 0;
  EXPECT_THROW(scan(options, [](const Pair&) {}), ConfigError);
}

TEST(ReleaseScan, LinesLongerThanTheBufferAndALimitOnLines) {
  std::string pool;
  for (int i = 0; i < 40; ++i) {
    pool += "{\"id\":" + std::to_string(i) + ",\"x\":\"" +
            std::string(static_cast<std::size_t>(i) * 50021, 'x') + "\",\"images\":[1]," +
            kMessages + "}\n";
  }
  ScanOptions options = written(pool, "");
  const std::vector<std::string> all = uids(options);
  ASSERT_EQ(all.size(), 40u);
  for (int i = 0; i < 40; ++i) {
    EXPECT_EQ(all[static_cast<std::size_t>(i)], "ov::" + std::to_string(i) + "::t0");
  }
  options.maximum_lines_onevision = 3;
  EXPECT_EQ(uids(options).size(), 3u);
  std::string tail;
  RecordReader records(options);
  scan(options, [&](const Pair& pair) { tail = row_of(records, pair); });
  EXPECT_THAT(tail, HasSubstr("\"ov::2::t0\""));
}

TEST(ReleaseScan, MissingFilesAndChangedFilesAreNamed) {
  ScanOptions options = written("", "");
  Pair gone;
  gone.video = true;
  gone.offset = 5;
  gone.line = 2;
  RecordReader records(options);
  EXPECT_THAT(message_of<DataError>([&] { row_of(records, gone); }),
              HasSubstr(options.video.string() + ":2:"));
  options.video = temporary_folder() / "none.jsonl";
  EXPECT_THAT(message_of<IoError>([&] { scan(options, [](const Pair&) {}); }),
              HasSubstr("none.jsonl"));
  options.video = temporary_folder();
  EXPECT_THROW(scan(options, [](const Pair&) {}), IoError);
}

}  // namespace
}  // namespace winnow::gdo_release
