#include "experiments/program/pool_commands.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <sstream>

#include "core/errors.h"
#include "core/files.h"
#include "media/test_media.h"

namespace winnow {
namespace {

using testing::HasSubstr;

class PoolCommandsTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_.write("a.png", encoded(".png", cv::Mat(20, 30, CV_8UC3, cv::Scalar::all(9))));
    write_clip(folder_ / "v.mp4", 12, 10.0);
    folder_.write("t.mp4", "a text");
    const auto row = [](const std::string& head, const std::string& question) {
      return "{" + head + R"("messages":[{"role":"user","content":")" + question +
             R"("},{"role":"assistant","content":"It is so"}]})" + "\n";
    };
    PoolOptions options;
    options.files = {folder_.write(
        "pool.jsonl", row(R"("id":"i1","source":"s","image":"a.png",)", "<image>\\nColour?") +
                          row(R"("id":"i2","source":"s","image":"a.png",)", "<image>\\nColour?") +
                          row(R"("id":"v1","source":"t","video":"v.mp4",)", "What moves first?") +
                          row(R"("id":"v2","source":"s","video":"t.mp4",)", "What?") + "oops\n" +
                          row(R"("image":"none.png",)", "What?"))};
    options.maximum_bad_share = 0.5;
    pool_ = Pool::read(options);
  }
  TemporaryFolder folder_;
  Pool pool_;
};

TEST_F(PoolCommandsTest, CheckCountsWhatIsThere) {
  std::ostringstream json, text;
  EXPECT_EQ(pool_check(pool_, {}, json, true), 0);
  const auto summary = boost::json::parse(json.str()).as_object();
  EXPECT_EQ(summary.at("rows").as_int64(), 4);
  EXPECT_EQ(summary.at("duplicates").as_int64(), 1);
  EXPECT_EQ(summary.at("modalities").at("video").as_int64(), 2);
  EXPECT_EQ(summary.at("media").at("image").as_int64(), 2);
  EXPECT_EQ(summary.at("question_types").at("temporal").as_int64(), 1);
  EXPECT_EQ(summary.at("sources").at("s").as_int64(), 3);
  EXPECT_EQ(summary.at("bad_rows_by_kind").at("missing_media").as_int64(), 1);
  EXPECT_EQ(summary.at("answer_words").at("median").as_int64(), 3);

  EXPECT_EQ(pool_check(pool_, {}, text, false), 0);
  EXPECT_THAT(text.str(), HasSubstr("4 (8 turns), 2 bad (33.33 %)"));
  EXPECT_THAT(text.str(), HasSubstr("75.00 %  s"));
  EXPECT_THAT(text.str(), HasSubstr("pool.jsonl:5: "));
}

TEST_F(PoolCommandsTest, TheWholeLedgerGoesToAFile) {
  write_ledger(pool_, {}, folder_ / "out/ledger.jsonl");
  std::istringstream lines(read_file(folder_ / "out/ledger.jsonl"));
  std::string first, second, third;
  std::getline(lines, first);
  std::getline(lines, second);
  EXPECT_FALSE(std::getline(lines, third));
  EXPECT_EQ(boost::json::parse(first).at("line").as_int64(), 5);
  EXPECT_EQ(boost::json::parse(second).at("kind").as_string(), "missing_media");
}

TEST_F(PoolCommandsTest, ShowPrintsTextAndMedia) {
  std::ostringstream out;
  EXPECT_EQ(pool_show(pool_, "v1", out), 0);
  EXPECT_THAT(out.str(), HasSubstr("64 x 48, 12 frames, 10 frames/s, 1.20 s"));
  EXPECT_THAT(out.str(), HasSubstr("user:\n<media>\nWhat moves first?\n"));
  EXPECT_THAT(out.str(), HasSubstr("assistant:\nIt is so\n"));
  EXPECT_EQ(pool_show(pool_, "i1", out), 0);
  EXPECT_THAT(out.str(), HasSubstr("image, 30 x 20"));
  EXPECT_EQ(pool_show(pool_, "v2", out), 1);
  EXPECT_THAT(out.str(), HasSubstr("t.mp4: not a video"));
  EXPECT_THROW(pool_show(pool_, "i3", out), DataError);
}

TEST_F(PoolCommandsTest, UndecodableRowsAreBadRows) {
  const auto undecodable = find_undecodable(
      pool_.size(), [&](std::size_t row) { return pool_.sample(row); }, 1'000'000);
  ASSERT_EQ(undecodable.size(), 1u);
  EXPECT_EQ(undecodable[0].row, pool_.index_of("v2"));
  EXPECT_EQ(undecodable[0].bad.kind, "undecodable");
  EXPECT_EQ(undecodable[0].bad.line, 4);
  EXPECT_THAT(undecodable[0].bad.reason, HasSubstr("t.mp4: not a video"));
  std::ostringstream json, text;
  pool_check(pool_, undecodable, json, true);
  const auto summary = boost::json::parse(json.str()).as_object();
  EXPECT_EQ(summary.at("rows").as_int64(), 3);
  EXPECT_EQ(summary.at("bad_rows").to_number<int>(), 3);
  EXPECT_EQ(summary.at("bad_rows_by_kind").at("undecodable").as_int64(), 1);
  EXPECT_EQ(summary.at("sources").at("s").as_int64(), 2);
  pool_check(pool_, undecodable, text, false);
  EXPECT_THAT(text.str(), HasSubstr("3 (6 turns), 3 bad (50.00 %)"));
  write_ledger(pool_, undecodable, folder_ / "ledger.jsonl");
  EXPECT_THAT(read_file(folder_ / "ledger.jsonl"), HasSubstr("\"undecodable\""));
}

TEST_F(PoolCommandsTest, NothingOfAPoolReachesTheTerminalRaw) {
  const std::string evil = R"(x\u001b]0;t\u0007\u001b[2J\u009b1m\u202e\n)";
  PoolOptions options;
  options.maximum_bad_share = 1.0;
  options.files = {folder_.write(
      "evil.jsonl",
      R"({"id":")" + evil + R"(","source":")" + evil + R"(","img)" + evil +
          R"(":"a.png","tools":")" + evil + R"(","messages":[{"role":"system","content":")" + evil +
          R"("},{"role":"user","content":")" + evil + R"("},{"role":"assistant","content":")" +
          evil + R"("}]})" + "\n" + R"({"messages":[{"role":")" + evil + R"(","content":"x"}]})" +
          "\n" + R"({"image":")" + evil + R"(","messages":[{"role":"user","content":"a"},)" +
          R"({"role":"assistant","content":"b"}]})" + "\n")};
  const Pool pool = Pool::read(options);
  ASSERT_EQ(pool.size(), 1u);
  EXPECT_EQ(pool.notes().entries().size(), 2u);
  std::ostringstream out;
  pool_check(pool, {}, out, false);
  pool_check(pool, {}, out, true);
  pool_show(pool, pool.sample(0).id, out);
  for (const char c : out.str()) {
    EXPECT_TRUE(static_cast<unsigned char>(c) >= 0x20 || c == '\n') << int(c);
  }
  EXPECT_EQ(out.str().find("\xC2\x9B"), std::string::npos);
  EXPECT_EQ(out.str().find("\xE2\x80\xAE"), std::string::npos);
  EXPECT_THAT(out.str(), HasSubstr("x\\u001b]0;t\\u0007"));
}

TEST_F(PoolCommandsTest, WhatIsNotHonouredIsSaid) {
  PoolOptions options;
  options.files = {folder_.write(
      "noted.jsonl",
      R"({"id":"n1","img":"a.png","messages":[{"role":"user","content":"a"},{"role":"assistant","content":"b","loss":false},{"role":"user","content":"a"},{"role":"assistant","content":"b"}]})"
      "\n")};
  const Pool pool = Pool::read(options);
  std::ostringstream text, json, show;
  pool_check(pool, {}, text, false);
  EXPECT_THAT(text.str(), HasSubstr("1 (4 turns, 1 not trained), 0 bad"));
  EXPECT_THAT(text.str(), HasSubstr("unread_media `img`: 1 row, first at "));
  pool_check(pool, {}, json, true);
  const auto notes = boost::json::parse(json.str()).at("notes").as_array();
  ASSERT_EQ(notes.size(), 1u);
  EXPECT_EQ(notes[0].at("key").as_string(), "img");
  pool_show(pool, "n1", show);
  EXPECT_THAT(show.str(), HasSubstr("not honoured    unread_media `img`"));
  EXPECT_THAT(show.str(), HasSubstr("assistant, not trained:\nb\n"));
}

}  // namespace
}  // namespace winnow
