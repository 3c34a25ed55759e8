// `winnow merge` as a user runs it.

#include <gmock/gmock.h>

#include <boost/json.hpp>

#include "core/files.h"
#include "experiments/program_runner.h"

namespace winnow {
namespace {

namespace json = boost::json;
using testing::HasSubstr;
using testing::StartsWith;
using testing_support::expect_config_error;
using testing_support::Outcome;

class MergeCommand : public testing_support::ProgramTest {};

TEST_F(MergeCommand, WritesATableAReportAndItsCentres) {
  write_file(folder_ / "shards/sixd_metrics_rank0000.jsonl",
             "{\"qa_uid\": \"a\", \"data_quality_metrics\": {\"vds\": 1.0}}\n"
             "{\"qa_uid\": \"b\", \"data_quality_metrics\": {\"vds\": 3.0}}\n{broken\n");
  const std::string folders = " shards='" + (folder_ / "shards").string() + "' output='" +
                              (folder_ / "merged").string() + "'";
  const Outcome merged = run("merge" + folders + " merge.cluster_k=2");
  EXPECT_EQ(merged.status, 0) << merged.err;
  const json::object report = json::parse(merged.out).as_object();
  EXPECT_EQ(report.at("rows_written").as_int64(), 2);
  EXPECT_EQ(json::parse(read_file(folder_ / "merged/report.json")), json::value(report));
  EXPECT_THAT(read_file(folder_ / "merged/metrics.jsonl"), StartsWith("{\"qa_uid\": \"a\", "));
  EXPECT_EQ(read_file(folder_ / "merged/centers.jsonl"), "[0, 0, 0, 0, 1]\n[0, 0, 0, 0, 3]\n");
  expect_config_error(run("merge" + folders + " merge.clusterk=2"), HasSubstr("'cluster_k'"));
  expect_config_error(run("merge output=x"), HasSubstr("shards=FOLDER"));
  expect_config_error(run("merge" + folders + " merge.cluster_k=0"), HasSubstr("at least 1"));
}

}  // namespace
}  // namespace winnow
