#include "gdo_release/select/write/report.h"

#include <gtest/gtest.h>

#include "golden.h"

namespace winnow::gdo_release {
namespace {

namespace json = boost::json;
using testing_support::read_golden;

TEST(GoldenReleaseNumbers, DistancesOfDistributions) {
  const json::value all = json::parse(read_golden("gdo_release/text/numeric.json"));
  ASSERT_FALSE(all.at("js_divergence").as_array().empty());
  using Shares = std::map<std::string, double>;
  for (const json::value& recorded : all.at("js_divergence").as_array()) {
    EXPECT_NEAR(js_divergence(json::value_to<Shares>(recorded.at("p")),
                              json::value_to<Shares>(recorded.at("q"))),
                recorded.at("out").to_number<double>(), 1e-12);
  }
}

}  // namespace
}  // namespace winnow::gdo_release
