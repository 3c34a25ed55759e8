#include "selectors/budget.h"

#include <gmock/gmock.h>

#include "config/read.h"
#include "core/errors.h"
#include "tables.h"

namespace winnow {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::make;
using testing::Setting;

template <class Error, class Act>
std::string message_of(const Act& act) {
  try {
    act();
  } catch (const Error& error) {
    return error.what();
  }
  return "no such error";
}

std::vector<Setting> settings_of(const std::string& type, std::vector<Setting> settings) {
  if (type == "top_k") settings.emplace_back("column", "loss");
  if (type == "gdo") settings.emplace_back("weights.loss", 1.0);
  if (type == "deita") {
    settings.emplace_back("complexity", "perplexity");
    settings.emplace_back("quality", "self_consistency");
    settings.emplace_back("scale", "rank");
    settings.emplace_back("minimum_distance", 0.0);
  }
  return settings;
}

class Budget : public ::testing::TestWithParam<std::string> {
 protected:
  std::unique_ptr<Selector> selector(const std::vector<Setting>& settings) const {
    return make(GetParam(), settings_of(GetParam(), settings));
  }
  const SampleTable table_ = testing::make_table({}, 7);
};

TEST_P(Budget, AShareIsOfTheDistinctRowsAndRounded) {
  const std::int64_t distinct = testing::distinct_contents(table_);
  ASSERT_LT(distinct, static_cast<std::int64_t>(table_.size()));
  for (const double share : {0.1, 0.2, 0.333}) {
    const auto rows = selector({{"share", share}})->select({table_, 3}).rows.size();
    EXPECT_EQ(static_cast<std::int64_t>(rows), std::llround(share * double(distinct))) << share;
  }
  EXPECT_EQ(selector({{"budget", 7}})->select({table_, 3}).rows.size(), 7U);
  EXPECT_EQ(selector({{"budget", 7}, {"share", 0.0}})->select({table_, 3}).rows.size(), 7U);
  EXPECT_THAT(message_of<ConstraintError>([&] {
                selector({{"share", 0.001}})->select({table_, 3});
              }),
              HasSubstr("share = 0.001 of"));
}

TEST_P(Budget, ItIsEitherANumberOrAShare) {
  const auto both = AllOf(HasSubstr("selector."), HasSubstr("set either budget or share"));
  EXPECT_THAT(message_of<ConfigError>([&] { selector({{"budget", 7}, {"share", 0.1}}); }), both);
  EXPECT_THAT(message_of<ConfigError>([&] { selector({{"budget", 0}}); }), both);
  EXPECT_THAT(message_of<ConfigError>([&] { selector({{"share", 0.0}}); }), both);
  EXPECT_THAT(message_of<ConfigError>([&] { selector({{"share", 1.5}}); }), HasSubstr("share"));
  EXPECT_THAT(message_of<ConfigError>([&] { selector({{"budget", -1}}); }), HasSubstr("budget"));
  const config::Value table =
      config::parse_toml("type = \"" + GetParam() + "\"\nbudget = 7\nshare = 0.1\n", "mine.toml");
  EXPECT_THAT(message_of<ConfigError>([&] { make_selector(table, "methods.mine.selector"); }),
              HasSubstr("mine.toml:2: methods.mine.selector.budget = 7: set either"));
}

TEST_P(Budget, MoreThanThereAreNamesBothNumbers) {
  const std::string message = message_of<ConstraintError>([&] {
    selector({{"budget", 5000}})->select({table_, 3});
  });
  EXPECT_THAT(message, AllOf(HasSubstr("5000"), HasSubstr("short")));
  // By the key that the user wrote.
  SelectionInput input{table_, 3};
  input.place = "methods.mine.selector";
  EXPECT_THAT(message_of<ConstraintError>([&] {
                selector({{"budget", 5000}})->select(input);
              }),
              ::testing::StartsWith("methods.mine.selector.budget: "));
  input.place = "selector";
  input.method = "methods.mine";
  EXPECT_THAT(message_of<ConstraintError>([&] {
                selector({{"share", 0.001}})->select(input);
              }),
              ::testing::StartsWith("selector.share (of methods.mine) = 0.001"));
  // Without either number 1000 rows are wanted.
  EXPECT_THAT(message_of<ConstraintError>([&] {
                selector({})->select({table_, 3});
              }),
              HasSubstr("1000"));
}

INSTANTIATE_TEST_SUITE_P(Selectors, Budget, ::testing::Values("gdo", "top_k", "uniform", "deita"),
                         [](const auto& parameter) { return parameter.param; });

TEST(Budget, ScoresThatAreNoNumbersAreRefused) {
  const SampleTable table = testing::make_table({}, 7);
  const double infinity = std::numeric_limits<double>::infinity();
  for (const double weight : {infinity, std::nan("")}) {
    EXPECT_THAT(message_of<ConfigError>([&] {
                  make("gdo", {{"weights.loss", weight}});
                }),
                HasSubstr("weights.loss"));
  }
  const auto overflow =
      make("gdo", {{"budget", 10}, {"weights.loss", 1e308}, {"weights.coverage", 1e308}});
  EXPECT_THAT(message_of<ConfigError>([&] {
                overflow->select({table, 1});
              }),
              HasSubstr("weights are too large"));
  EXPECT_THROW(make("top_k", {{"budget", 3}, {"weight_ratio", infinity}}), ConfigError);
}

}  // namespace
}  // namespace winnow
