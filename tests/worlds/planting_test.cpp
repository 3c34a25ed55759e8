// Planted properties in all: shares, concentration by source, labels, bytes, mistakes.

#include "worlds/planting.h"

#include <gmock/gmock.h>

#include <cmath>
#include <set>

#include "config/compose.h"
#include "core/errors.h"
#include "core/hash.h"
#include "core/parallel.h"
#include "core/progress.h"
#include "pool/hidden_labels.h"
#include "pool/temporary_folder.h"
#include "worlds/clean_pool.h"

namespace winnow::micro_world {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

// As configs/mixture has it.
MicroWorldOptions planted(std::int64_t questions, std::int64_t seed = 3) {
  const config::Value config =
      config::compose({{fs::path(WINNOW_SOURCE_DIR) / "configs"},
                       "measure",
                       {"pool=micro_world", "mixture@pool=planted", "++world.questions=200",
                        "++world.questions_per_benchmark=20"}});
  MicroWorldOptions options;
  static_cast<MicroPoolOptions&>(options) =
      config::bind<MicroPoolOptions>(config.at("pool"), "pool");
  options.seed = seed;
  options.questions = questions;
  return options;
}

TEST(PlantedProperties, AllAreInTheMixtureAndEachSaysWhatItIs) {
  const MicroWorldOptions options = planted(400);
  std::set<std::string> mixed;
  for (const auto& [name, wanted] : options.properties) mixed.insert(name);
  const std::vector<std::string> names = properties().names();
  EXPECT_EQ(mixed, std::set<std::string>(names.begin(), names.end()));
  for (const std::string& name : names) EXPECT_FALSE(properties().at(name)->help().empty());
  EXPECT_FALSE(is_planted_ill("rare_skill"));
  EXPECT_TRUE(is_planted_ill("wrong"));
  EXPECT_FALSE(is_planted_ill("temporal"));
}

TEST(PlantedProperties, SharesAreThoseAskedFor) {
  const MicroWorldOptions options = planted(8000);
  const PoolPlan plan = plan_pool(options);
  ASSERT_EQ(plan.rows.size(), 8000U);
  std::map<std::string, double> found;
  std::int64_t several = 0;
  for (const PlannedRow& row : plan.rows) {
    for (const auto& [name, strength] : row.planted) {
      ++found[name];
      EXPECT_EQ(strength, options.properties.at(name).strength);
    }
    several += row.planted.size() > 1 ? 1 : 0;
    EXPECT_EQ(row.planted.count("wrong"), row.wrong == WrongKind::none ? 0U : 1U);
    EXPECT_EQ(row.given_answer != row.question.answer, row.wrong != WrongKind::none);
    for (const std::size_t medium : row.media) ASSERT_LT(medium, plan.media.size());
  }
  for (const auto& [name, wanted] : options.properties) {
    EXPECT_NEAR(found[name] / 8000, wanted.share, 0.0015) << name;
  }
  EXPECT_GT(several, 200);  // a row may have several
}

TEST(PlantedProperties, NoTwoDecideTheSamePartOfARow) {
  for (const PlannedRow& row : plan_pool(planted(4000)).rows) {
    unsigned decided = 0;
    for (const auto& [name, strength] : row.planted) {
      const unsigned parts = properties().at(name)->parts();
      EXPECT_EQ(decided & parts, 0U) << name;
      decided |= parts;
    }
  }
}

TEST(PlantedProperties, ConcentrationSaysHowUnevenSourcesAre) {
  // Of each source's rate, the deviation of the logarithm where sources are large enough.
  const auto unevenness = [](double concentration) {
    MicroWorldOptions options = clean(24000);
    options.source_skew = 0;
    options.properties["rambling"] = {0.05, 1.0, concentration};
    std::vector<double> rows(source_profiles().size()), having(source_profiles().size());
    for (const PlannedRow& row : plan_pool(options).rows) {
      ++rows[row.source];
      having[row.source] += row.planted.empty() ? 0 : 1;
    }
    double sum = 0, squares = 0;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const double log_rate = std::log((having[i] + 0.5) / rows[i]);
      sum += log_rate;
      squares += log_rate * log_rate;
    }
    const auto count = static_cast<double>(rows.size());
    return std::sqrt(squares / count - sum * sum / count / count);
  };
  EXPECT_LT(unevenness(0.0), 0.02);
  EXPECT_NEAR(unevenness(0.5), 0.5, 0.2);
  EXPECT_NEAR(unevenness(1.5), 1.5, 0.5);
}

TEST(PlantedProperties, OtherRowsStayAsTheyAre) {
  const MicroWorldOptions without = clean(1000);
  MicroWorldOptions with = without;
  with.properties["wrong"] = {0.1, 1.0, 1.0};
  with.properties["trivial"] = {0.1, 1.0, 1.0};
  const PoolPlan before = plan_pool(without), after = plan_pool(with);
  ASSERT_EQ(before.rows.size(), after.rows.size());
  std::int64_t changed = 0;
  for (std::size_t i = 0; i < after.rows.size(); ++i) {
    changed += after.rows[i].planted.empty() ? 0 : 1;
    if (!after.rows[i].planted.empty()) continue;
    EXPECT_EQ(before.rows[i].text, after.rows[i].text);
    EXPECT_EQ(before.rows[i].answer, after.rows[i].answer);
  }
  EXPECT_GT(changed, 150);
}

TEST(PlantedProperties, HaveTheSameBytesOnAnyNumberOfThreads) {
  Progress::set_enabled(false);
  const std::size_t workers = worker_count();
  TemporaryFolder many, one;
  set_worker_count(3);
  write_pool(planted(400), many.path());
  set_worker_count(1);
  write_pool(planted(400), one.path());
  set_worker_count(workers);
  std::int64_t files = 0;
  for (const auto& entry : fs::recursive_directory_iterator(many.path())) {
    if (!entry.is_regular_file()) continue;
    ++files;
    const fs::path other = one.path() / entry.path().lexically_relative(many.path());
    ASSERT_EQ(digest_of_file(entry.path()), digest_of_file(other)) << other;
  }
  EXPECT_GT(files, 200);
}

TEST(PlantedProperties, LabelsAreHiddenLabelsWithStrengths) {
  Progress::set_enabled(false);
  TemporaryFolder folder;
  const MicroWorldOptions options = planted(600);
  const WorldSummary summary = write_pool(options, folder.path());
  const HiddenLabels labels(folder / "labels.jsonl");
  for (const auto& [name, wanted] : options.properties) {
    EXPECT_TRUE(labels.contains(name)) << name;
    EXPECT_FALSE(labels.contains("verbose"));
  }
  const auto read = read_hidden_labels(folder / "labels.jsonl");
  ASSERT_EQ(read.size(), summary.labels.size());
  for (std::size_t i = 0; i < read.size(); ++i) {
    EXPECT_EQ(read[i].properties, summary.labels[i].properties);
    EXPECT_EQ(read[i].wrong, summary.labels[i].wrong);
    EXPECT_EQ(read[i].clean(), summary.labels[i].clean());
    EXPECT_EQ(labels.has(read[i].id, "wrong"), !read[i].wrong.empty());
    EXPECT_EQ(labels.has(read[i].id, "trivial"), read[i].properties.at("trivial").has_value());
  }
}

TEST(PlantedProperties, WhatThereIsNotIsAnError) {
  MicroWorldOptions options = clean(400);
  options.properties["wrnog"] = {0.1, 1.0, 1.0};
  EXPECT_THROW(plan_pool(options), ConfigError);
  options.properties = {{"off_format", {0.1, 0.5, 1.0}}};
  try {
    plan_pool(options);
    FAIL() << "no error";
  } catch (const ConfigError& error) {
    EXPECT_THAT(error.what(), HasSubstr("off_format.strength"));
  }
  options.properties = {{"rare_skill", {0.5, 1.0, 1.0}}};
  try {
    plan_pool(options);
    FAIL() << "no error";
  } catch (const ConfigError& error) {
    EXPECT_THAT(error.what(), HasSubstr("properties.rare_skill.share"));
  }
}

}  // namespace
}  // namespace winnow::micro_world
