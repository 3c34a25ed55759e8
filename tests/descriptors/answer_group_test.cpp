#include <gtest/gtest.h>

#include "support.h"

namespace winnow {
namespace {

// Groups of the given answers, a row each.
std::vector<double> groups_of(const std::vector<std::string>& answers,
                              const std::map<std::string, config::Value>& options = {}) {
  const auto descriptor = test::make_descriptor("answer_group", options);
  std::vector<Sample> samples;
  for (std::size_t i = 0; i < answers.size(); ++i) {
    samples.push_back(test::make_sample(std::to_string(i), "What?", answers[i], {}));
  }
  SampleTable table(facts_of(samples));
  Column column = Column::missing("answer_group", samples.size());
  for (std::size_t i = 0; i < samples.size(); ++i) {
    column.set(i, descriptor->measure(Observation{samples[i]}).at(0).value);
  }
  table.add(std::move(column));
  descriptor->finish(table, {}, 1);
  const auto& values = table.column("answer_group").values;
  return {values.begin(), values.end()};
}

TEST(AnswerGroup, NumbersShortAnswersByFrequencyWhateverTheOrder) {
  EXPECT_EQ(groups_of({"red", "Blue.", "blue", "It is a very long answer"}),
            (std::vector<double>{2, 1, 1, 0}));
  EXPECT_EQ(groups_of({"blue", "It is a very long answer", "red", "blue"}),
            (std::vector<double>{1, 0, 2, 1}));
}

TEST(AnswerGroup, RareAnswersShareAGroup) {
  EXPECT_EQ(groups_of({"red", "blue", "blue", "green"},
                      {{"minimum_share", config::Value(0.5, config::Origin{"test", 0})}}),
            (std::vector<double>{0, 1, 1, 0}));
}

TEST(AnswerGroup, OfASolutionItsLastWordsCount) {
  const std::map<std::string, config::Value> last = {
      {"last_words", config::Value(std::int64_t{1}, config::Origin{"test", 0})}};
  const std::vector<std::string> solutions = {"There are 4 objects. The answer is 3.",
                                              "2 plus 1 is 3. The answer is 3.",
                                              "2 plus 2 is 4. The answer is 4.", "4"};
  EXPECT_EQ(groups_of(solutions, last), (std::vector<double>{1, 1, 2, 2}));
  EXPECT_EQ(groups_of(solutions), (std::vector<double>{0, 0, 0, 1}));
}

}  // namespace
}  // namespace winnow
