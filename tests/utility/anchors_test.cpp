#include "utility/anchors.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <set>

#include "core/errors.h"

namespace winnow {
namespace {

using testing::HasSubstr;

AnchorCandidate candidate(std::size_t i, const std::string& subtask, double difficulty = 0.0) {
  AnchorCandidate result;
  result.sample.id = "h" + std::to_string(i);
  result.sample.turns = {{Turn::Role::user, "question " + std::to_string(i)},
                         {Turn::Role::assistant, i % 2 == 0 ? "yes" : "no"}};
  result.subtask = subtask;
  result.difficulty = difficulty;
  return result;
}

// 60 colours, 30 counts and 10 orders.
std::vector<AnchorCandidate> hundred() {
  std::vector<AnchorCandidate> result;
  for (std::size_t i = 0; i < 100; ++i) {
    result.push_back(candidate(i,
                               i < 60   ? "colour"
                               : i < 90 ? "count"
                                        : "order",
                               static_cast<double>(i * 37 % 100)));
  }
  return result;
}

std::map<std::string, int> counts(const std::vector<AnchorCandidate>& candidates,
                                  const std::vector<std::size_t>& drawn) {
  std::map<std::string, int> result;
  for (const std::size_t i : drawn) ++result[candidates[i].subtask];
  return result;
}

std::set<std::string> ids(const std::vector<AnchorCandidate>& candidates,
                          const std::vector<std::size_t>& drawn) {
  std::set<std::string> result;
  for (const std::size_t i : drawn) result.insert(candidates[i].sample.id);
  return result;
}

TEST(DrawAnchors, RepresentsEveryStratumByItsShare) {
  const auto candidates = hundred();
  const auto drawn = draw_anchors(candidates, {20, AnchorOptions::StratifyBy::subtask, {}}, "a", 1);
  EXPECT_EQ(counts(candidates, drawn),
            (std::map<std::string, int>{{"colour", 12}, {"count", 6}, {"order", 2}}));
  // 15 of 100: 9, 4.5 and 1.5; the one left over goes to the lower name of the two equal
  // remainders.
  const auto fifteen =
      draw_anchors(candidates, {15, AnchorOptions::StratifyBy::subtask, {}}, "a", 1);
  EXPECT_EQ(counts(candidates, fifteen),
            (std::map<std::string, int>{{"colour", 9}, {"count", 5}, {"order", 1}}));
  EXPECT_EQ(std::set(drawn.begin(), drawn.end()).size(), drawn.size());
}

TEST(DrawAnchors, DependsOnSeedAndNameAndNotOnTheOrder) {
  const auto candidates = hundred();
  const AnchorOptions options{20, AnchorOptions::StratifyBy::subtask, {}};
  const auto drawn = ids(candidates, draw_anchors(candidates, options, "a", 1));
  auto reversed = candidates;
  std::reverse(reversed.begin(), reversed.end());
  EXPECT_EQ(ids(reversed, draw_anchors(reversed, options, "a", 1)), drawn);
  EXPECT_NE(ids(candidates, draw_anchors(candidates, options, "a", 2)), drawn);
  EXPECT_NE(ids(candidates, draw_anchors(candidates, options, "b", 1)), drawn);
}

TEST(DrawAnchors, StratifiesByDifficultyInQuarters) {
  const auto candidates = hundred();
  const auto drawn =
      draw_anchors(candidates, {20, AnchorOptions::StratifyBy::difficulty, {}}, "a", 1);
  std::map<int, int> quarters;
  for (const std::size_t i : drawn) ++quarters[static_cast<int>(candidates[i].difficulty) / 25];
  EXPECT_EQ(quarters, (std::map<int, int>{{0, 5}, {1, 5}, {2, 5}, {3, 5}}));
  auto broken = candidates;
  broken[5].difficulty = std::nan("");
  EXPECT_THROW(draw_anchors(broken, {20, AnchorOptions::StratifyBy::difficulty, {}}, "a", 1),
               DataError);
}

TEST(DrawAnchors, KeepsToSubtasks) {
  const auto candidates = hundred();
  const AnchorOptions options{10, AnchorOptions::StratifyBy::answer, {"count", "order"}};
  const auto found = counts(candidates, draw_anchors(candidates, options, "a", 1));
  EXPECT_EQ(found.count("colour"), 0U);
  EXPECT_EQ(found.at("count") + found.at("order"), 10);
}

TEST(DrawAnchors, RefusesWhatCannotBeDrawn) {
  const auto candidates = hundred();
  EXPECT_THROW(draw_anchors(candidates, {101, AnchorOptions::StratifyBy::none, {}}, "a", 1),
               ConstraintError);
  try {
    draw_anchors(candidates, {5, AnchorOptions::StratifyBy::none, {"colours"}}, "a", 1);
    FAIL();
  } catch (const ConfigError& error) {
    EXPECT_THAT(error.what(), HasSubstr("'colour'"));
  }
}

TEST(RefuseOverlap, NamesWhatIsInBoth) {
  std::vector<Sample> anchors, others;
  for (std::size_t i = 0; i < 4; ++i) anchors.push_back(candidate(i, "").sample);
  for (std::size_t i = 10; i < 14; ++i) others.push_back(candidate(i, "").sample);
  EXPECT_NO_THROW(refuse_overlap(anchors, others, "the pool"));
  others[2] = anchors[1];
  others[2].id = "another name";
  try {
    refuse_overlap(anchors, others, "the pool");
    FAIL();
  } catch (const DataError& error) {
    EXPECT_THAT(error.what(), HasSubstr("1 samples of the pool"));
    EXPECT_THAT(error.what(), HasSubstr("'h1' is 'another name'"));
  }
}

}  // namespace
}  // namespace winnow
