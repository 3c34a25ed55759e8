#include "pool/score_file.h"

#include <gmock/gmock.h>

#include "core/errors.h"
#include "pool/temporary_folder.h"

namespace winnow {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ScoreFileTest : public testing::Test {
 protected:
  static RowTable rows() {
    std::vector<RowFacts> facts(4);
    for (std::size_t i = 0; i < facts.size(); ++i) facts[i].id = std::string(1, 'a' + char(i));
    return RowTable(facts);
  }
  ScoreFile read(const std::string& name, const std::string& content) const {
    return read_scores(folder_.write(name, content), rows_);
  }
  std::string message(const std::string& name, const std::string& content) const {
    try {
      read(name, content);
    } catch (const DataError& error) {
      return error.what();
    }
    return "no error";
  }

  TemporaryFolder folder_;
  RowTable rows_ = rows();
};

TEST_F(ScoreFileTest, JsonLinesGiveAColumnForEachKeyOfNumbers) {
  const ScoreFile scores = read("s.jsonl",
                                "\xEF\xBB\xBF{\"id\": \"b\", \"quality\": 0.5, \"source\": \"x\"}\n"
                                "{\"id\": \"a\", \"quality\": NaN, \"good\": true}\r\n\n"
                                "{\"id\": \"z\", \"quality\": 9}\n");
  ASSERT_EQ(scores.columns.size(), 2U);
  EXPECT_EQ(scores.columns[0].name, "good");
  EXPECT_EQ(scores.columns[0].values(0), 1.0);
  const Column& quality = scores.columns[1];
  EXPECT_EQ(quality.name, "quality");
  EXPECT_EQ(quality.values(1), 0.5);
  EXPECT_FALSE(quality.valid(0));
  EXPECT_FALSE(quality.valid(2));
  EXPECT_THAT(scores.ignored, ElementsAre("source"));
  EXPECT_EQ(scores.rows, 3);
  EXPECT_EQ(scores.without_sample, 1);
  EXPECT_EQ(scores.example, "z");
  EXPECT_EQ(scores.without_scores, 2);
}

TEST_F(ScoreFileTest, TablesMayQuoteTheirFields) {
  const ScoreFile scores = read("s.csv",
                                "note,id,loss\r\n"
                                "\"one, \"\"two\"\"\nthree\",c,1e-3\r\n"
                                ",d,\r\n");
  ASSERT_EQ(scores.columns.size(), 1U);
  EXPECT_EQ(scores.columns[0].values(2), 1e-3);
  EXPECT_FALSE(scores.columns[0].valid(3));
  EXPECT_THAT(scores.ignored, ElementsAre("note"));
  EXPECT_EQ(read("s.tsv", "id\tloss\na\t-2\n").columns[0].values(0), -2.0);
}

TEST_F(ScoreFileTest, MistakesNameTheirLine) {
  EXPECT_THAT(message("s.jsonl", "{\"id\": \"a\", \"x\": 1}\noops\n"), HasSubstr("s.jsonl:2: "));
  EXPECT_THAT(message("s.jsonl", "{\"key\": \"a\", \"x\": 1}\n"), HasSubstr("no `id`"));
  EXPECT_THAT(message("s.jsonl", "{\"id\": \"a\", \"x\": 1}\n{\"id\": \"a\", \"x\": 2}\n"),
              HasSubstr("scores in line 1 already"));
  EXPECT_THAT(message("s.jsonl", "{\"id\": \"a\", \"x/y\": 1}\n"), HasSubstr("'x/y'"));
  EXPECT_THAT(message("s.jsonl", "{\"id\": \"a\", \"x\": \"good\"}\n"), HasSubstr("no column"));
  EXPECT_THAT(message("s.jsonl", "\n"), HasSubstr("no row"));
  EXPECT_THAT(message("s.csv", "name,x\na,1\n"), HasSubstr("it has name, x"));
  EXPECT_THAT(message("s.csv", "id,x\na,1,2\n"), HasSubstr("3 fields"));
  EXPECT_THROW(read_scores(folder_ / "none.csv", rows_), IoError);
  EXPECT_THROW(read_scores(folder_.path(), rows_), IoError);
}

TEST_F(ScoreFileTest, ScoresOfAnotherPoolAreAMistakeAndSoAreTooFew) {
  const std::filesystem::path file = folder_.write("s.jsonl", "{\"id\": \"y\", \"x\": 1}\n");
  EXPECT_THROW(check_scores(read_scores(file, rows_), file, 4, 1.0), DataError);
  const std::filesystem::path half =
      folder_.write("h.jsonl", "{\"id\": \"a\", \"x\": 1}\n{\"id\": \"b\", \"x\": 1}\n");
  EXPECT_NO_THROW(check_scores(read_scores(half, rows_), half, 4, 0.5));
  try {
    check_scores(read_scores(half, rows_), half, 4, 0.4);
    FAIL() << "no error";
  } catch (const DataError& error) {
    EXPECT_THAT(error.what(), HasSubstr("2 of 4"));
    EXPECT_THAT(error.what(), HasSubstr("maximum_missing_share = 0.4"));
  }
}

}  // namespace
}  // namespace winnow
