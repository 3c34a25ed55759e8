#include "benchmarks/benchmark.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "benchmark_conformance_tests.h"
#include "benchmarks/development.h"
#include "config/compose.h"
#include "core/errors.h"
#include "support.h"

namespace winnow {
namespace testing_support {
namespace {

void write_questions(const std::filesystem::path& folder) {
  std::string lines, array;
  for (int i = 0; i < 20; ++i) {
    const std::string row =
        fmt::format(R"({{"id": "q{}", "image": "{}.png", "question": "What is {}?", )"
                    R"("options": ["red", "blue"], "answer": "{}", "category": "{}"}})",
                    i, i / 2, i, i % 3 == 0 ? "A" : "blue", i % 4 == 0 ? "rare" : "usual");
    lines += row + "\n";
    array += (i == 0 ? "[" : ",\n") + row;
    write_file(folder / fmt::format("{}.png", i / 2), "p" + std::to_string(i / 2));
  }
  write_file(folder / "lines.jsonl", lines);
  write_file(folder / "array.json", array + "]");
}

const std::vector<BenchmarkCase> kCases = {
    {"lines",
     "type = \"file\", file = \"FOLDER/lines.jsonl\", evaluator = {type = \"multiple_choice\"}",
     write_questions},
    {"array",
     "type = \"file\", file = \"FOLDER/array.json\", media_root = \"FOLDER\", reply = "
     "\"{letter}\", evaluator = {type = \"letter_choice\"}",
     write_questions}};

INSTANTIATE_TEST_SUITE_P(File, BenchmarkConformance, ::testing::ValuesIn(kCases),
                         [](const auto& parameter) { return parameter.param.name; });

TEST(BenchmarkTypes, AreAllTried) { expect_all_types_tried(); }

}  // namespace
}  // namespace testing_support

namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing_support::table_of;

class BenchmarkTaskTest : public testing::Test {
 protected:
  void SetUp() override { testing_support::write_questions(folder_); }

  BenchmarkTask task(const std::string& more = "") const {
    return BenchmarkTask(
        "mine", table_of("type = \"file\", file = \"" + (folder_ / "lines.jsonl").string() +
                         "\", evaluator = {type = \"multiple_choice\"}" +
                         (more.empty() ? "" : ", " + more)));
  }
  // The message of a config that cannot be used, or of questions that cannot.
  template <class Error>
  std::string refused(const std::string& toml) const {
    try {
      BenchmarkTask("mine", table_of(toml)).read({});
    } catch (const Error& error) {
      return error.what();
    }
    ADD_FAILURE() << "taken: " << toml;
    return "";
  }

  fs::path folder_ = testing_support::temporary_folder();
};

TEST_F(BenchmarkTaskTest, PromptsAsItsTemplatesSay) {
  EXPECT_EQ(task().read({}).asked[0].sample.question(), "<media>\nWhat is 0?");
  // As MVBench asks.
  Question question =
      task(
          "prompt = \"{media}Question:{question}\\nOption:\\n{options}Only give the best "
          "option.\\n\", reply = \"({letter}) {candidate}\"")
          .read({})
          .asked[1];
  EXPECT_EQ(question.sample.question(),
            "<media>Question:What is 1?\nOption:\n(A) red\n(B) blue\nOnly give the best option.\n");
  EXPECT_EQ(question.sample.answer(), "(B) blue");
  EXPECT_THAT(question.replies, testing::ElementsAre("(A) red", "(B) blue"));
  // As Video-MME asks; without media the line break behind them goes as well.
  question.sample.media.clear();
  question.sample.turns[0].text = question.text;
  QuestionPrompt("{media}\n{question}\nOptions:\n{options}{{now}}", "{letter}. {candidate}\n",
                 "{letter}", "benchmarks.mine")
      .apply(question);
  EXPECT_EQ(question.sample.question(), "What is 1?\nOptions:\nA. red\nB. blue\n{now}");
  // Media stay in front where the template has no place for them, and where the question puts them.
  question.sample.turns[0].text = "<media>\n<media>\nWhat is 1?";
  QuestionPrompt("Q: {question}", "", "{letter}", "benchmarks.mine").apply(question);
  EXPECT_EQ(question.sample.question(), "<media>\n<media>Q: What is 1?");
  question.sample.turns[0].text = question.text = "Is <media> before <media>?";
  QuestionPrompt("{media}\nQ: {question}", "", "{letter}", "benchmarks.mine").apply(question);
  EXPECT_EQ(question.sample.question(), "Q: Is <media> before <media>?");
  EXPECT_EQ(question.sample.answer(), "B");
  question.solution = "Because. The answer is B.";
  QuestionPrompt("{question}", "", "{letter}", "benchmarks.mine").apply(question);
  EXPECT_EQ(question.sample.answer(), "Because. The answer is B.");
}

TEST_F(BenchmarkTaskTest, MistakesNameTheUsersKey) {
  const std::string file = "type = \"file\", file = \"" + (folder_ / "lines.jsonl").string() + "\"";
  const std::string evaluator = ", evaluator = {type = \"multiple_choice\"}";
  struct Case {
    std::string toml;
    std::vector<std::string> parts;
  };
  for (const auto& [toml, parts] : std::vector<Case>{
           {file, {"benchmarks.mine", "evaluator", "multiple_choice"}},
           {file + ", evaluator = {type = \"multiple_chioce\"}",
            {"benchmarks.mine.evaluator.type", "multiple_choice"}},
           {file + ", evaluator = {type = \"multiple_choice\", batch = 3}",
            {"benchmarks.mine.evaluator", "batch_size"}},
           {file + ", wieght = 2" + evaluator, {"benchmarks.mine.wieght", "'weight'"}},
           {file + ", medai_root = \"x\"" + evaluator,
            {"benchmarks.mine.medai_root", "'media_root'"}},
           {file + ", weight = -1" + evaluator, {"benchmarks.mine.weight", "at least 0"}},
           {file + ", prompt = \"{questoin}\"" + evaluator,
            {"benchmarks.mine.prompt", "'question'"}},
           {file + ", prompt = \"Hello\"" + evaluator, {"benchmarks.mine.prompt", "{question}"}},
           {file + ", reply = \"\"" + evaluator, {"benchmarks.mine.reply"}},
           {file + ", development_share = 0.1, development_split = \"dev\"" + evaluator,
            {"benchmarks.mine.development_share"}},
           {"type = \"flie\"" + evaluator, {"benchmarks.mine.type", "'file'"}},
           {"type = \"file\", answer_form = \"leter\"" + evaluator,
            {"benchmarks.mine.answer_form", "letter"}},
       }) {
    const std::string message = refused<ConfigError>(toml);
    for (const std::string& part : parts) EXPECT_THAT(message, HasSubstr(part)) << toml;
  }
  EXPECT_THAT(
      refused<IoError>("type = \"file\", file = \"/no/such.jsonl\"" + evaluator),
      AllOf(HasSubstr("benchmarks.mine: file = /no/such.jsonl"), HasSubstr("no such file")));
  EXPECT_THAT(refused<IoError>("type = \"file\"" + evaluator),
              AllOf(HasSubstr("benchmarks.mine"), HasSubstr("`file`")));
  EXPECT_THROW(BenchmarkTask("a/b", table_of(file + evaluator)), ConfigError);
}

TEST_F(BenchmarkTaskTest, MistakesInTheFileNameItsLine) {
  write_file(folder_ / "lines.jsonl", "{\"question\":\"q\",\"answer\":\"free\"}\n");
  EXPECT_THAT(refused<DataError>("type = \"file\", file = \"" + (folder_ / "lines.jsonl").string() +
                                 "\", evaluator = {type = \"multiple_choice\"}"),
              AllOf(HasSubstr("benchmarks.mine: "),
                    HasSubstr("lines.jsonl:1: question 'lines.jsonl:1' has "
                              "no options"),
                    HasSubstr("final_answer")));
}

TEST_F(BenchmarkTaskTest, MissingMediaStopBeforeAnythingIsAsked) {
  fs::remove(folder_ / "3.png");
  try {
    task().read({});
    FAIL();
  } catch (const DataError& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("2 of 20 questions"), HasSubstr("lines.jsonl:7"),
                                    HasSubstr("3.png"), HasSubstr("media_root")));
  }
  EXPECT_EQ(task("maximum_failed_share = 0.1").read({}).asked.size(), 20U);
}

TEST_F(BenchmarkTaskTest, TheIdentityIsOfContentAndNotOfPlace) {
  const std::string before = task().identity(1).to_json();
  EXPECT_EQ(task().identity(7).to_json(), before);
  const fs::path moved = folder_ / "moved";
  testing_support::write_questions(moved);
  EXPECT_EQ(BenchmarkTask("mine",
                          table_of("type = \"file\", file = \"" + (moved / "lines.jsonl").string() +
                                   "\", evaluator = {type = \"final_answer\"}"))
                .identity(1)
                .to_json(),
            before);
  write_file(folder_ / "4.png", "another picture");
  EXPECT_NE(task().identity(1).to_json(), before);
  testing_support::write_questions(folder_);
  EXPECT_EQ(task().identity(1).to_json(), before);
  write_file(folder_ / "lines.jsonl", read_file(folder_ / "lines.jsonl") + "\n");
  EXPECT_NE(task().identity(1).to_json(), before);
}

TEST_F(BenchmarkTaskTest, SplitsAreAskedOrSetAside) {
  std::string lines;
  for (const char* split : {"train", "dev", "test", "dev"}) {
    lines += fmt::format(
        "{{\"question\":\"q\",\"options\":[\"x\",\"y\"],\"answer\":\"x\",\"split\":\"{}\"}}\n",
        split);
  }
  write_file(folder_ / "lines.jsonl", lines);
  EXPECT_EQ(task().read({}).asked.size(), 4U);
  EXPECT_EQ(task("split = \"test\"").read({}).asked.size(), 1U);
  const BenchmarkTask::Parts parts = task("development_split = \"dev\"").read({});
  EXPECT_EQ(parts.asked.size(), 2U);
  EXPECT_EQ(parts.development.size(), 2U);
  for (const char* wrong : {"split = \"tset\"", "development_split = \"dve\""}) {
    try {
      task(wrong).read({});
      FAIL() << wrong;
    } catch (const DataError& error) {
      EXPECT_THAT(error.what(), HasSubstr("'dev', 'test', 'train'"));
    }
  }
}

TEST_F(BenchmarkTaskTest, IsComposedOnTheCommandLine) {
  const config::Value config = config::compose(
      {{fs::path(WINNOW_SOURCE_DIR) / "configs"},
       "generate",
       {"benchmark@benchmarks.mine=multiple_choice",
        "benchmarks.mine.file=" + (folder_ / "lines.jsonl").string(), "benchmarks.mine.weight=2",
        "benchmarks.mine.evaluator.batch_size=3", "benchmark@benchmarks.other=letter_choice",
        "benchmarks.other.file=" + (folder_ / "array.json").string()}});
  const std::vector<BenchmarkTask> tasks = read_benchmarks(config);
  ASSERT_EQ(tasks.size(), 2U);
  EXPECT_EQ(tasks[0].name(), "mine");
  EXPECT_EQ(tasks[0].options().weight, 2.0);
  EXPECT_EQ(tasks[0].evaluator_config().at("batch_size").integer(), 3);
  EXPECT_EQ(tasks[0].read({}).asked.size(), 20U);
  EXPECT_EQ(tasks[1].read({}).asked[1].sample.question(),
            "<media>\nWhat is 1?\nA. red\nB. blue\nAnswer with the option's letter from the given "
            "choices directly.");
  EXPECT_EQ(tasks[1].read({}).asked[1].sample.answer(), "B");
}

TEST_F(BenchmarkTaskTest, IsTheMeanOfQuestionsOrOfSubtasks) {
  const std::vector<Question> questions = task().read({}).asked;  // 5 rare, 15 usual
  std::vector<Outcome> outcomes(questions.size());
  for (std::size_t i = 0; i < questions.size(); ++i) {
    outcomes[i].score = questions[i].subtask == "rare" ? 1.0 : 0.2;
  }
  using Average = BenchmarkOptions::Average;
  EXPECT_DOUBLE_EQ(score_of(questions, outcomes, Average::questions), (5 * 1.0 + 15 * 0.2) / 20);
  EXPECT_DOUBLE_EQ(score_of(questions, outcomes, Average::subtasks), 0.6);
  EXPECT_EQ(averaged_parts(questions, Average::subtasks).size(), 2U);
  EXPECT_EQ(averaged_parts(questions, Average::subtasks)[0].size(), 5U);
}

TEST(DevelopmentPart, KeepsQuestionsThatAreLinkedByMediaTogether) {
  std::vector<Question> questions(40);
  for (std::size_t i = 0; i < questions.size(); ++i) {
    Media medium;
    medium.paths = {"/" + std::to_string(i / 4)};
    questions[i].sample.media = {medium};
  }
  questions[3].sample.media.push_back(questions[7].sample.media[0]);  // links two groups
  for (const double share : {0.1, 0.3, 0.5}) {
    const std::vector<bool> part = development_part(questions, share);
    EXPECT_EQ(part[0], part[3]);
    EXPECT_EQ(part[0], part[7]);
    const auto count = std::count(part.begin(), part.end(), true);
    EXPECT_LE(count, share * 40);
    EXPECT_GE(count, share * 40 - 8);
    EXPECT_EQ(part, development_part(questions, share));
  }
  EXPECT_EQ(development_part(questions, 0.0), std::vector<bool>(40, false));
}

}  // namespace
}  // namespace winnow
