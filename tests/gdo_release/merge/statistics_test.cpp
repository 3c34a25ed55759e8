#include "gdo_release/merge/statistics.h"

#include <gtest/gtest.h>

#include "gdo_release/recorded_json.h"
#include "golden.h"

namespace winnow::gdo_release {
namespace {

using testing_support::elements;
using testing_support::fields;
using testing_support::number;
using testing_support::read_golden;

TEST(GoldenReleaseNumbers, StatisticsOfTheMerge) {
  const std::string content = read_golden("gdo_release/text/numeric.json");
  auto recorded = fields(content);
  const auto floats = [](const std::string& list) {
    std::vector<float> values;
    for (const std::string& value : elements(list))
      values.push_back(static_cast<float>(number(value)));
    return values;
  };
  for (const std::string& entry : elements(recorded.at("robust_center_scale"))) {
    auto example = fields(entry);
    const CenterScale result = robust_center_scale(floats(example.at("in")));
    EXPECT_EQ(result.center, number(elements(example.at("out"))[0]));
    EXPECT_EQ(result.scale, number(elements(example.at("out"))[1]));
  }
  for (const std::string& entry : elements(recorded.at("zscore"))) {
    const auto row = elements(entry);
    EXPECT_EQ(zscore(number(row[0]), {number(row[1]), number(row[2])}), number(row[3]));
  }
  for (const std::string& entry : elements(recorded.at("sigmoid"))) {
    EXPECT_EQ(sigmoid(number(elements(entry)[0])), number(elements(entry)[1]));
  }
  for (const std::string& entry : elements(recorded.at("reservoir"))) {
    auto example = fields(entry);
    ReservoirSampler sampler(static_cast<std::int64_t>(number(example.at("capacity"))),
                             static_cast<std::uint64_t>(number(example.at("seed"))));
    for (int i = 0; i < number(example.at("n")); ++i) sampler.add(i);
    EXPECT_EQ(sampler.values(), floats(example.at("buf")));
    EXPECT_EQ(static_cast<double>(sampler.total_seen()), number(example.at("total_seen")));
  }
}

}  // namespace
}  // namespace winnow::gdo_release
