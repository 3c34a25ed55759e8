// The release's numbers on recorded inputs: Python's random draws, quotas, distances, statistics.

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <map>
#include <numeric>

#include "gdo_release/python/random.h"
#include "gdo_release/select/metric_table.h"
#include "gdo_release/select/ordered_counts.h"
#include "gdo_release/select/release_report.h"
#include "golden.h"

namespace winnow::gdo_release {
namespace {

namespace json = boost::json;
using testing_support::read_golden;
using Integers = std::vector<std::int64_t>;

json::value numeric() { return json::parse(read_golden("gdo_release/text/numeric.json")); }

TEST(GoldenReleaseNumbers, RandomDraws) {
  const json::value all = json::parse(read_golden("gdo_release/rng.json"));
  ASSERT_GE(all.as_array().size(), 11U);
  for (const json::value& recorded : all.as_array()) {
    const auto seed = recorded.at("seed").to_number<std::int64_t>();
    SCOPED_TRACE(seed);
    PythonRandom numbers(seed);
    for (const json::value& expected : recorded.at("random20").as_array()) {
      EXPECT_DOUBLE_EQ(numbers.random(), expected.to_number<double>());
    }
    for (const auto& entry : recorded.at("randint").as_object()) {
      PythonRandom random(seed);
      const std::int64_t high = std::stoll(std::string(entry.key()));
      for (const json::value& expected : entry.value().as_array()) {
        EXPECT_EQ(random.randint(1, high), expected.to_number<std::int64_t>()) << high;
      }
    }
    Integers values(50);
    std::iota(values.begin(), values.end(), 0);
    PythonRandom(seed).shuffle(values);
    EXPECT_EQ(values, json::value_to<Integers>(recorded.at("shuffle50")));
    PythonRandom mixed(seed);
    std::int64_t i = 1;
    for (const json::value& expected : recorded.at("mixed_random_then_randint_1_to_i").as_array()) {
      EXPECT_DOUBLE_EQ(mixed.random(), expected.as_array()[0].to_number<double>());
      EXPECT_EQ(mixed.randint(1, i++), expected.as_array()[1].to_number<std::int64_t>());
    }
  }
}

TEST(GoldenReleaseNumbers, Quotas) {
  const json::value all = numeric();
  ASSERT_FALSE(all.at("target_quotas").as_array().empty());
  for (const json::value& recorded : all.at("target_quotas").as_array()) {
    OrderedCounts counts;
    for (const auto& entry : recorded.at("counts").as_object()) {
      counts.add(std::string(entry.key()), entry.value().to_number<std::int64_t>());
    }
    Integers expected;
    for (const auto& entry : recorded.at("out").as_object()) {
      expected.push_back(entry.value().to_number<std::int64_t>());
    }
    EXPECT_EQ(largest_remainder_quotas(counts, recorded.at("target").to_number<std::int64_t>()),
              expected)
        << json::serialize(recorded);
  }
}

TEST(GoldenReleaseNumbers, DistancesOfDistributions) {
  const json::value all = numeric();
  ASSERT_FALSE(all.at("js_divergence").as_array().empty());
  using Shares = std::map<std::string, double>;
  for (const json::value& recorded : all.at("js_divergence").as_array()) {
    EXPECT_NEAR(js_divergence(json::value_to<Shares>(recorded.at("p")),
                              json::value_to<Shares>(recorded.at("q"))),
                recorded.at("out").to_number<double>(), 1e-12);
  }
}

TEST(GoldenReleaseNumbers, RunningStatistics) {
  const json::value all = numeric();
  ASSERT_FALSE(all.at("running_stats").as_array().empty());
  for (const json::value& recorded : all.at("running_stats").as_array()) {
    RunningStatistics statistics;
    for (const json::value& value : recorded.at("in").as_array()) {
      statistics.add(value.to_number<double>());
    }
    EXPECT_EQ(statistics.count(), recorded.at("count").to_number<std::int64_t>());
    EXPECT_NEAR(statistics.mean(), recorded.at("mean").to_number<double>(), 1e-9);
    EXPECT_NEAR(statistics.deviation(), recorded.at("std").to_number<double>(), 1e-9);
  }
}

TEST(PythonRandom, DrawsStayBelowTheirBound) {
  PythonRandom random(3);
  for (const std::uint64_t bound : {1ULL, 2ULL, 1000003ULL, 1ULL << 32, (1ULL << 40) + 1}) {
    for (int i = 0; i < 100; ++i) EXPECT_LT(random.below(bound), bound);
  }
}

TEST(OrderedCounts, TheLargestComeFirstAndEqualOnesInTheirOrder) {
  OrderedCounts counts;
  for (const char* name : {"b", "a", "c", "a", "d", "d"}) counts.add(name);
  std::vector<std::string> names;
  for (const NamedCount& entry : counts.most_common(3)) names.push_back(entry.name);
  EXPECT_EQ(names, (std::vector<std::string>{"a", "d", "b"}));
  EXPECT_EQ(counts.count("a"), 2);
  EXPECT_EQ(counts.count("e"), 0);
  EXPECT_EQ(counts.total(), 6);
}

}  // namespace
}  // namespace winnow::gdo_release
