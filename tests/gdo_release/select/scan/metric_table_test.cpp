#include "gdo_release/select/scan/metric_table.h"

#include <gmock/gmock.h>

#include <boost/json.hpp>
#include <cmath>
#include <filesystem>
#include <string>

#include "core/errors.h"
#include "core/files.h"
#include "golden.h"
#include "temporary_folder.h"

namespace winnow::gdo_release {
namespace {

namespace json = boost::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using testing_support::read_golden;

class MetricTableTest : public ::testing::Test {
 protected:
  static std::filesystem::path written(const std::string& name, const std::string& text) {
    const std::filesystem::path path = testing_support::temporary_folder() / name;
    write_file(path, text);
    return path;
  }
  static std::string error_of(const std::string& text) {
    const std::filesystem::path path = written("metrics.jsonl", text);
    try {
      MetricTable{path};
    } catch (const DataError& error) {
      return error.what();
    }
    return "no error";
  }
};

TEST(GoldenReleaseNumbers, RunningStatistics) {
  const json::value all = json::parse(read_golden("gdo_release/text/numeric.json"));
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

TEST_F(MetricTableTest, ARowThatStopsTheReleaseIsNamed) {
  const std::string good = "{\"qa_uid\": \"a\", \"vds\": 1}\n";
  EXPECT_THAT(error_of(good + "null\n"),
              AllOf(HasSubstr("metrics.jsonl:2"), HasSubstr("no object")));
  EXPECT_THAT(error_of(good + "{\"x\": " + std::string(4301, '1') + "}\n"),
              AllOf(HasSubstr("metrics.jsonl:2"), HasSubstr("4300 digits")));
  EXPECT_THAT(error_of(std::string(2000, '[')),
              AllOf(HasSubstr("metrics.jsonl:1"), HasSubstr("nested")));
  EXPECT_THAT(error_of("{\"qa_uid\": \"a\", \"vds\": 1" + std::string(400, '0') + "}\n"),
              HasSubstr("beyond the largest number"));
}

TEST_F(MetricTableTest, TheLastRowOfAPairCounts) {
  const MetricTable table(written("metrics.jsonl",
                                  "{\"qa_uid\": \"a\", \"vds\": 1}\n{bad\n{\"vds\": 4}\n"
                                  "{\"id\": \"b\", \"vds\": \" 3 \"}\n"
                                  "{\"qa_uid\": \" a\", \"data_quality_metrics\": {\"vds\": null}, "
                                  "\"vds\": 5}\n"));
  EXPECT_EQ(table.size(), 2U);
  EXPECT_EQ(table.bad_rows(), 2);
  EXPECT_EQ(table.terms(table.uids().find(key_of("a")), 4).vds3, 0.0);  // null hides the 5
  EXPECT_NEAR(table.terms(table.uids().find(key_of("b")), 4).vds3, std::sqrt(0.5), 1e-12);
}

}  // namespace
}  // namespace winnow::gdo_release
