#include "benchmarks/outcome.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/errors.h"
#include "core/files.h"
#include "temporary_folder.h"

namespace winnow {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class OutcomeTest : public testing::Test {
 protected:
  OutcomeTest() {
    for (const char* id : {"a", "b", "c"}) {
      Question question;
      question.id = id;
      question.subtask = "count";
      questions_.push_back(question);
    }
    outcomes_ = {{1.0, "The answer is \"3\".\n", "3", "", 7, 0.25},
                 {0.0, "", "", std::string(kNotAsked) + "/x/v.mp4: truncated", 0, 0.0},
                 {1.0 / 3.0, "broken \xFF\xC3", "broken", "", 2, 1.5}};
    ids_ = ids_of(questions_);
  }

  std::string refused(const std::string& content) const {
    write_file(file_, content);
    try {
      read_outcomes(file_, ids_);
    } catch (const DataError& error) {
      return error.what();
    }
    ADD_FAILURE() << content;
    return "";
  }

  std::filesystem::path file_ = testing_support::temporary_folder() / "short.jsonl";
  std::vector<Question> questions_;
  std::vector<std::string> ids_;
  std::vector<Outcome> outcomes_;
};

TEST_F(OutcomeTest, IsReadBackAsItWasWritten) {
  write_outcomes(file_, questions_, outcomes_);
  const std::vector<Outcome> read = read_outcomes(file_, ids_);
  ASSERT_EQ(read.size(), 3U);
  for (std::size_t i = 0; i < read.size(); ++i) {
    EXPECT_EQ(read[i].score, outcomes_[i].score);
    EXPECT_EQ(read[i].parsed, outcomes_[i].parsed);
    EXPECT_EQ(read[i].failure, outcomes_[i].failure);
    EXPECT_EQ(read[i].tokens, outcomes_[i].tokens);
    EXPECT_EQ(read[i].seconds, outcomes_[i].seconds);
  }
  EXPECT_EQ(read[0].answer, outcomes_[0].answer);
  EXPECT_EQ(read[2].answer, "broken \xEF\xBF\xBD\xEF\xBF\xBD");
  EXPECT_EQ(digest_of(ids_, read), digest_of(ids_, outcomes_));
  EXPECT_FALSE(was_asked(read[1]));
  EXPECT_TRUE(was_asked(read[2]));
  EXPECT_THAT(read_file(file_), HasSubstr(R"({"id":"a","subtask":"count","score":1,"answer")"));
}

TEST_F(OutcomeTest, DigestsTellAnswersAndNotMachines) {
  const std::string digest = digest_of(ids_, outcomes_);
  auto elsewhere = outcomes_;
  elsewhere[0].seconds = 9.0;
  elsewhere[1].failure = std::string(kNotAsked) + "/y/v.mp4: truncated";
  EXPECT_EQ(digest_of(ids_, elsewhere), digest);
  for (const auto& change : std::vector<std::function<void(Outcome&)>>{
           [](Outcome& outcome) { outcome.score = 0.5; },
           [](Outcome& outcome) { outcome.answer += "x"; },
           [](Outcome& outcome) { outcome.parsed += "x"; },
           [](Outcome& outcome) { outcome.tokens += 1; },
           [](Outcome& outcome) { outcome.failure = std::string(kNotParsed) + "x"; }}) {
    auto other = outcomes_;
    change(other[0]);
    EXPECT_NE(digest_of(ids_, other), digest);
  }
  EXPECT_NE(digest_of({"a", "b", "d"}, outcomes_), digest);
}

TEST_F(OutcomeTest, WhatIsNotOfTheseQuestionsIsRefused) {
  write_outcomes(file_, questions_, outcomes_);
  const std::string content = read_file(file_);
  const std::string first = content.substr(0, content.find('\n') + 1);
  EXPECT_THAT(refused(first), AllOf(HasSubstr("short.jsonl"), HasSubstr("1 outcomes of 3")));
  EXPECT_THAT(refused(content + first), HasSubstr("short.jsonl:4: an outcome too many"));
  EXPECT_THAT(refused(first + first + first), AllOf(HasSubstr("short.jsonl:2:"), HasSubstr("'b'")));
  EXPECT_THAT(refused(content.substr(0, content.size() - 20)), HasSubstr("short.jsonl:3:"));
  std::string high = content;
  high.replace(high.find("\"score\":1,"), 10, "\"score\":2,");
  EXPECT_THAT(refused(high), AllOf(HasSubstr("short.jsonl:1:"), HasSubstr("from 0 to 1")));
  EXPECT_THAT(refused("{}\n"), HasSubstr("short.jsonl:1:"));
}

}  // namespace
}  // namespace winnow
