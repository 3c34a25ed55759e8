#include "gdo_release/python/random.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <numeric>

#include "golden.h"

namespace winnow::gdo_release::python {
namespace {

namespace json = boost::json;
using testing_support::read_golden;
using Integers = std::vector<std::int64_t>;

TEST(GoldenReleaseNumbers, RandomDraws) {
  const json::value all = json::parse(read_golden("gdo_release/rng.json"));
  ASSERT_GE(all.as_array().size(), 11U);
  for (const json::value& recorded : all.as_array()) {
    const auto seed = recorded.at("seed").to_number<std::int64_t>();
    SCOPED_TRACE(seed);
    Random numbers(seed);
    for (const json::value& expected : recorded.at("random20").as_array()) {
      EXPECT_DOUBLE_EQ(numbers.random(), expected.to_number<double>());
    }
    for (const auto& entry : recorded.at("randint").as_object()) {
      Random random(seed);
      const std::int64_t high = std::stoll(std::string(entry.key()));
      for (const json::value& expected : entry.value().as_array()) {
        EXPECT_EQ(random.randint(1, high), expected.to_number<std::int64_t>()) << high;
      }
    }
    Integers values(50);
    std::iota(values.begin(), values.end(), 0);
    Random(seed).shuffle(values);
    EXPECT_EQ(values, json::value_to<Integers>(recorded.at("shuffle50")));
    Random mixed(seed);
    std::int64_t i = 1;
    for (const json::value& expected : recorded.at("mixed_random_then_randint_1_to_i").as_array()) {
      EXPECT_DOUBLE_EQ(mixed.random(), expected.as_array()[0].to_number<double>());
      EXPECT_EQ(mixed.randint(1, i++), expected.as_array()[1].to_number<std::int64_t>());
    }
  }
}

TEST(PythonRandom, DrawsStayBelowTheirBound) {
  Random random(3);
  for (const std::uint64_t bound : {1ULL, 2ULL, 1000003ULL, 1ULL << 32, (1ULL << 40) + 1}) {
    for (int i = 0; i < 100; ++i) EXPECT_LT(random.below(bound), bound);
  }
}

}  // namespace
}  // namespace winnow::gdo_release::python
