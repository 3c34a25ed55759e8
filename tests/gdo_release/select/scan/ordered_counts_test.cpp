#include "gdo_release/select/scan/ordered_counts.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "golden.h"

namespace winnow::gdo_release {
namespace {

namespace json = boost::json;
using testing_support::read_golden;
using Integers = std::vector<std::int64_t>;

TEST(GoldenReleaseNumbers, Quotas) {
  const json::value all = json::parse(read_golden("gdo_release/text/numeric.json"));
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
