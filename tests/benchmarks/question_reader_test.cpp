#include "benchmarks/question_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/errors.h"
#include "core/files.h"
#include "temporary_folder.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

class QuestionReaderTest : public testing::Test {
 protected:
  fs::path folder_ = testing_support::temporary_folder();
  fs::path file_ = folder_ / "short.jsonl";

  std::vector<Question> read(const std::string& content,
                             const QuestionReaderOptions& options = {}) {
    write_file(file_, content);
    return read_questions(file_, options);
  }
  Question one(const std::string& row, AnswerForm form = AnswerForm::automatic) {
    QuestionReaderOptions options;
    options.answer_form = form;
    return read(row + "\n", options).at(0);
  }
  // The message about a file of this one row.
  std::string refused(const std::string& row) {
    try {
      one(row);
    } catch (const DataError& error) {
      return error.what();
    }
    ADD_FAILURE() << "taken: " << row;
    return "";
  }
};

TEST_F(QuestionReaderTest, ReadsQuestionsInOrder) {
  const std::string content =
      "{\"id\":\"a\",\"video\":\"v.mp4\",\"question\":\"Which?\",\"candidates\":[\"x\",\"y\"],"
      "\"answer\":\"y\",\"subtask\":\"colour\",\"duration\":4}\n\n"
      "{\"id\":\"b\",\"image\":\"i.png\",\"question\":\"What?\",\"candidates\":[\"x\"],"
      "\"answer\":\"x\",\"subtask\":\"shape\"}\n";
  const std::vector<Question> questions = read(content);
  ASSERT_EQ(questions.size(), 2U);
  EXPECT_EQ(questions[0].correct, 1U);
  EXPECT_EQ(questions[0].subtask, "colour");
  EXPECT_EQ(questions[0].text, "Which?");
  EXPECT_THAT(questions[0].accepted, ElementsAre("y"));
  EXPECT_EQ(questions[0].sample.question(), "<media>\nWhich?");
  EXPECT_EQ(questions[0].sample.answer(), "y");
  EXPECT_EQ(questions[0].sample.media[0].kind, Media::Kind::video);
  EXPECT_EQ(questions[0].sample.media[0].paths[0], folder_ / "v.mp4");
  EXPECT_EQ(questions[1].sample.modality(), Modality::image);
  EXPECT_EQ(questions[1].place(), file_.string() + ":3");

  const fs::path moved = folder_ / "moved" / "short.jsonl";
  write_file(moved, content);
  EXPECT_EQ(read_questions(moved)[0].sample.content_digest(), questions[0].sample.content_digest());
}

TEST_F(QuestionReaderTest, OptionsAndAnswersMayBeSaidInManyWays) {
  const std::string ask = "{\"question\":\"q\",";
  struct Case {
    std::string fields;
    std::size_t correct;
  };
  for (const auto& [fields, correct] : std::vector<Case>{
           {R"("options":["x","y","z"],"answer":"z"})", 2},
           {R"("choices":["x","y","z"],"answer":"B"})", 1},
           {R"~("candidates":["x","y","z"],"answer":"(C)"})~", 2},
           {R"("candidates":["x","y","z"],"answer":"B. y"})", 1},
           {R"("candidates":["x","y","z"],"answer":"b"})", 1},
           {R"("candidates":["x","y","z"],"answer":0})", 0},
           {R"("candidates":["x","y","z"],"answer_index":2})", 2},
           {R"("candidates":["X","Y"],"answer":"y"})", 1},
           {R"("candidates":["A. x","B. y"],"answer":"B. y"})", 1},
           {R"("candidates":["(A) x","(B) y"],"answer":"y"})", 1},
           {R"("options":{"A":"x","B":"y"},"label":"A"})", 0},
           {R"("A":"x","B":"y","C":null,"D":NaN,"answer":"B","category":"c"})", 1},
           {R"("candidates":[2,4,8],"answer":4})", 1},
           {R"("candidates":["2","4","8"],"answer":"8"})", 2},
           {R"("candidates":["yes","no"],"answer":["no"]})", 1},
       }) {
    const Question question = one(ask + fields);
    EXPECT_EQ(question.correct, correct) << fields;
    EXPECT_THAT(question.accepted, ElementsAre(question.candidates[correct])) << fields;
  }
  EXPECT_THAT(one(ask + R"("candidates":["A. x","B. y"],"answer":"B"})").candidates,
              ElementsAre("x", "y"));
  // A letter in front of some options only is part of them.
  EXPECT_THAT(one(ask + R"("candidates":["A. x","y"],"answer":"y"})").candidates,
              ElementsAre("A. x", "y"));
  const Question several = one(ask + R"("candidates":["x","y","z"],"answer":["A","C"]})");
  EXPECT_EQ(several.correct, std::nullopt);
  EXPECT_THAT(several.accepted, ElementsAre("x", "z"));
  EXPECT_EQ(one(ask + R"("candidates":["1","2","3"],"answer":"2"})", AnswerForm::number).correct,
            1U);
  EXPECT_EQ(one(ask + R"("candidates":["1","2","3"],"answer":2})", AnswerForm::index).correct, 2U);
  EXPECT_EQ(one(ask + R"("candidates":["B","A"],"answer":"A"})", AnswerForm::text).correct, 1U);
}

TEST_F(QuestionReaderTest, FreeAnswersMayBeSeveral) {
  EXPECT_THAT(one(R"({"question":"q","answer":" 42 ","choices":null})").accepted,
              ElementsAre("42"));
  EXPECT_THAT(one(R"({"question":"q","answer":2.5,"options":[]})").accepted, ElementsAre("2.5"));
  EXPECT_THAT(one(R"({"question":"q","answers":["a","b","a"]})").accepted, ElementsAre("a", "b"));
  EXPECT_THAT(
      one(R"({"question":"q","answers":[{"answer":"a","confidence":1},{"answer":"c"}]})").accepted,
      ElementsAre("a", "c"));
  const Question solved =
      one(R"({"question":"q","answer":"3","solution":"1 and 2 is 3. The answer is 3."})");
  EXPECT_EQ(solved.sample.answer(), "1 and 2 is 3. The answer is 3.");
  EXPECT_THAT(solved.accepted, ElementsAre("3"));
}

TEST_F(QuestionReaderTest, TakesConversationsOfBothFamilies) {
  const Question science =
      one(R"({"id":7,"image":"i.png","choices":["cold","warm"],"conversations":[)"
          R"({"from":"human","value":"<image>\nWhich is it?"},{"from":"gpt","value":"B"}]})");
  EXPECT_EQ(science.id, "7");
  EXPECT_EQ(science.correct, 1U);
  EXPECT_EQ(science.text, "Which is it?");
  EXPECT_EQ(science.solution, "B");
  const Question earlier = one(
      R"({"images":["i.png","j.png"],"answer":"two","messages":[{"role":"system","content":"s"},)"
      R"({"role":"user","content":"hello"},{"role":"assistant","content":"hi"},)"
      R"({"role":"user","content":"How many? <image> and <image>"}]})");
  EXPECT_EQ(earlier.sample.turns.size(), 5U);
  EXPECT_EQ(earlier.sample.media.size(), 2U);
  EXPECT_EQ(earlier.text, "How many? <media> and <media>");
  EXPECT_EQ(earlier.sample.answer(), "two");
  const Question parts = one(
      R"({"messages":[{"role":"user","content":[{"type":"image","image":"i.png"},)"
      R"({"type":"text","text":"q"}]},{"role":"assistant","content":[{"type":"text","text":"a"}]}]})");
  EXPECT_THAT(parts.accepted, ElementsAre("a"));
  EXPECT_EQ(parts.sample.media.size(), 1U);
}

TEST_F(QuestionReaderTest, MediaMayBeNoneSeveralAndOtherwiseNamed) {
  EXPECT_TRUE(one(R"({"question":"q","answer":"a"})").sample.media.empty());
  EXPECT_EQ(one(R"({"question":"q","answer":"a"})").sample.question(), "q");
  const Question two = one(R"({"question":"q","answer":"a","images":["i.png","j.png"]})");
  EXPECT_EQ(two.sample.media.size(), 2U);
  EXPECT_EQ(two.text, "q");
  EXPECT_EQ(one(R"({"question":"q","answer":"a","video_name":"v.mkv"})").sample.modality(),
            Modality::video);
  EXPECT_EQ(one(R"({"question":"q","answer":"a","image_path":"i.jpg"})").sample.modality(),
            Modality::image);
  EXPECT_THAT(refused(R"({"question":"q","answer":"a","picture":"i.jpg"})"),
              AllOf(HasSubstr("`picture`"), HasSubstr("image, images, video")));
  EXPECT_EQ(one(R"({"question":"q","answer":"a","hint":"h"})").text, "h\nq");
}

TEST_F(QuestionReaderTest, IdsAreTheUsersOwnAndUnique) {
  const std::string rest = R"("question":"q","answer":"a"})";
  const std::vector<Question> questions =
      read("{" + rest + "\n{\"id\":\"v\"," + rest + "\n{\"question_id\":3," + rest +
           "\n{\"id\":\"v\"," + rest + "\n");
  std::vector<std::string> ids;
  for (const Question& question : questions) ids.push_back(question.id);
  EXPECT_THAT(ids, ElementsAre("short.jsonl:1", "v:2", "3", "v:4"));
  EXPECT_THAT(
      refused("{\"id\":\"v:2\"," + rest + "\n{\"id\":\"v\"," + rest + "\n{\"id\":\"v\"," + rest),
      AllOf(HasSubstr("short.jsonl:2:"), HasSubstr("'v:2'"), HasSubstr("line 1")));
}

TEST_F(QuestionReaderTest, SubtasksAndSplitsAreRead) {
  EXPECT_EQ(one(R"({"question":"q","answer":"a","question_type":["x","y"]})").subtask, "x, y");
  EXPECT_EQ(one(R"({"question":"q","answer":"a","split":"dev"})").split, "dev");
  QuestionReaderOptions options;
  options.subtask_key = "domain";
  EXPECT_EQ(read(R"({"question":"q","answer":"a","task":"t","domain":"d"})", options)[0].subtask,
            "d");
}

TEST_F(QuestionReaderTest, AnArrayIsReadWithItsLines) {
  const std::string array =
      "\xEF\xBB\xBF\r\n [\r\n  {\"question\": \"q, [1]\",\r\n   \"answer\": \"a\"},\r\n"
      "  {\"question\": \"r\", \"answer\": Infinity, \"answers\": [\"b\"]}\r\n]\r\n";
  const std::vector<Question> questions = read(array);
  ASSERT_EQ(questions.size(), 2U);
  EXPECT_EQ(questions[0].text, "q, [1]");
  EXPECT_EQ(questions[0].sample.line, 3);
  EXPECT_EQ(questions[1].sample.line, 5);
  EXPECT_THAT(refused("[{\"question\":\"q\",\"answer\":\"a\"},\n3]"), HasSubstr("short.jsonl:2:"));
  EXPECT_THAT(refused("[{\"question\":\"q\",\"answer\":\"a\"}\n\n"), HasSubstr("has no end"));
  EXPECT_THAT(refused("[{\"question\":\"q\",\"answer\":\"a\"}]\n{}"),
              AllOf(HasSubstr("short.jsonl:2:"), HasSubstr("follows the array")));
  QuestionReaderOptions options;
  options.format = JsonRowsFormat::json_array;
  EXPECT_THROW(read("{}", options), DataError);
  EXPECT_THROW(read(""), DataError);
  EXPECT_THROW(read("[]"), DataError);
  EXPECT_THROW(read_questions(folder_ / "absent.jsonl"), IoError);
}

TEST_F(QuestionReaderTest, BadRowsAreToldWithLineFindingAndCure) {
  struct Case {
    std::string row;
    std::vector<std::string> parts;
  };
  for (const auto& [row, parts] : std::vector<Case>{
           {"{", {"not JSON"}},
           {"[1]x", {"array"}},
           {R"({"id":"a"})", {"no right answer", "answer, answers", "The row has: id"}},
           {R"({"answer":"a"})", {"no question", "question, text"}},
           {R"({"question":"q","options":["x","y"],"answer":"z"})", {"\"z\"", "'x', 'y'"}},
           {R"({"question":"q","options":["x","y"],"answer":2})", {"2", "answer_form"}},
           {R"({"question":"q","options":["1","2","3"],"answer":2})",
            {"'2'", "'3'", "answer_form"}},
           {R"({"question":"q","options":["B","A"],"answer":"A"})", {"'A'", "'B'", "answer_form"}},
           {R"({"question":"q","options":"x; y","answer":"x"})", {"x; y", "list"}},
           {R"({"question":"q","options":{"1":"x"},"answer":"x"})", {"letters A, B"}},
           {R"({"question":"q","options":["x",null],"answer":"x"})", {"null"}},
           {R"({"question":"q","A":"x","C":"y","answer":"A"})", {"an option C", "none before"}},
           {R"({"question":"q","answer":{}})", {"{}"}},
           {R"({"question":"q","answer":""})", {"\"\""}},
           {R"({"question":"q","answer":[]})", {"no right answer"}},
           {R"({"question":"<image> q","answer":"a"})", {"placeholders"}},
           {R"({"question":"q","options":["<media>"],"answer":"A"})", {"<media>"}},
       }) {
    const std::string message = refused(row);
    EXPECT_THAT(message, HasSubstr("short.jsonl"));
    for (const std::string& part : parts) EXPECT_THAT(message, HasSubstr(part)) << row;
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
  }
  const std::string good = "{\"question\":\"q\",\"answer\":\"a\"}\n";
  EXPECT_THAT(refused(good + "{}\n" + good + "{\n{}\n"),
              AllOf(HasSubstr("short.jsonl:2:"), HasSubstr("2 more such rows: line 4, 5")));
  std::string many = good;
  for (int i = 0; i < 500; ++i) many += "{\"question\":\"q\"}\n";
  EXPECT_LT(refused(many).size(), 600U);
}

TEST_F(QuestionReaderTest, LongValuesAreNotPrintedWhole) {
  const std::string row =
      R"({"question":"q","options":["x","y"],"answer":")" + std::string(100000, 'z') + "\"}";
  EXPECT_LT(refused(row).size(), 600U);
}

}  // namespace
}  // namespace winnow
