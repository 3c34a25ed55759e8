// The merge step against recorded outputs of the GDO release, and what it says of broken shards.

#include "gdo_release/merge/merge.h"

#include <gmock/gmock.h>

#include <cmath>

#include "core/errors.h"
#include "core/files.h"
#include "core/parallel.h"
#include "descriptors/support.h"
#include "gdo_release/recorded_json.h"
#include "golden.h"

namespace winnow::gdo_release {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing_support::elements;
using testing_support::fields;
using testing_support::find_golden;
using testing_support::number;
using testing_support::read_golden;
using testing_support::text;

// Every value of a JSON text with its path, in order, as it is written.
void flatten(const std::string& path, const std::string& text,
             std::vector<std::pair<std::string, std::string>>& values) {
  std::string buffer;
  const char* const begin = python::padded(text, buffer);
  if (*begin != '{') {
    values.emplace_back(path, text);
    return;
  }
  python::JsonScanner scanner(begin);
  const bool whole = scanner.object([&](const python::RawValue& key) {
    python::RawValue value;
    if (!scanner.value(value)) return false;
    flatten(path + "/" + python::unescaped(key), testing_support::as_written(value), values);
    return true;
  });
  EXPECT_TRUE(whole) << text;
}

bool follows_from_clusters(const std::string& path) {
  for (const char* name : {"cluster_score", "cluster_hardness", "cluster_dist", "quality_score"}) {
    if (path.ends_with(name)) return true;
  }
  return false;
}

struct Difference {
  double own = 0.0;      // of numbers that no cluster enters
  double cluster = 0.0;  // relative, of the others; absolute below 1
  std::size_t lines = 0, equal_lines = 0;
};

void compare_lines(const std::string& actual, const std::string& expected, Difference& difference) {
  ++difference.lines;
  if (actual == expected) {
    ++difference.equal_lines;
    return;
  }
  std::vector<std::pair<std::string, std::string>> ours, theirs;
  flatten("", actual, ours);
  flatten("", expected, theirs);
  ASSERT_EQ(ours.size(), theirs.size()) << actual;
  for (std::size_t i = 0; i < ours.size(); ++i) {
    const auto& [path, value] = ours[i];
    ASSERT_EQ(path, theirs[i].first);
    if (value == theirs[i].second) continue;
    ASSERT_TRUE(value.find_first_of("-0123456789") == 0 && path != "/qa_uid")
        << path << ": " << value << " for " << theirs[i].second << " in " << expected;
    const double a = number(value), b = number(theirs[i].second);
    double& worst = follows_from_clusters(path) ? difference.cluster : difference.own;
    worst = std::max(worst, std::abs(a - b) / std::max(1.0, std::abs(b)));
  }
}

class GoldenReleaseMerge : public testing::TestWithParam<std::string> {
 protected:
  GoldenReleaseMerge() {
    for (int rank = 0; rank < 4; ++rank) {
      const std::string name = "sixd_metrics_rank000" + std::to_string(rank) + ".jsonl";
      write_file(folder_.path() / "shards" / name, read_golden("gdo_release/shards/" + name));
    }
  }

  MergeRequest request(const std::string& name) {
    const std::string cases = read_golden("gdo_release/cases.json");
    for (const std::string& entry : elements(cases)) {
      auto recorded = fields(entry);
      if (text(recorded.at("kind")) != "merge" || text(recorded.at("name")) != name) continue;
      MergeRequest result{folder_.path() / "shards",
                          folder_.path() / "merged.jsonl",
                          folder_.path() / "report.json",
                          folder_.path() / "centers.jsonl",
                          {}};
      const std::map<std::string, std::int64_t*> options = {
          {"--cluster-k", &result.options.cluster_k},
          {"--cluster-batch-size", &result.options.cluster_batch_size},
          {"--seed", &result.options.seed},
          {"--max-rows", &result.options.max_rows},
          {"--stats-sample-size", &result.options.stats_sample_size}};
      const auto flags = elements(recorded.at("argv"));
      for (std::size_t i = 0; i + 1 < flags.size(); i += 2) {
        if (text(flags[i]) == "--input-dir") continue;
        *options.at(text(flags[i])) = std::stoll(text(flags[i + 1]));
      }
      return result;
    }
    throw std::runtime_error("no merge case " + name);
  }

  void expect_report(const MergeReport& report, const std::string& name) {
    EXPECT_EQ(report.json(), read_file(folder_.path() / "report.json"));
    const std::string content = read_golden("gdo_release/merged/" + name + ".report.json");
    std::vector<std::pair<std::string, std::string>> ours, theirs;
    flatten("", report.json(), ours);
    flatten("", content, theirs);
    ASSERT_EQ(ours.size(), theirs.size());
    for (std::size_t i = 0; i < ours.size(); ++i) {
      EXPECT_EQ(ours[i].first, theirs[i].first);
      if (ours[i].first == "/input_dir" || ours[i].first == "/output_jsonl") continue;
      EXPECT_EQ(ours[i].second, theirs[i].second) << ours[i].first;
    }
  }

  test::TemporaryFolder folder_;
};

TEST_P(GoldenReleaseMerge, TableAndReport) {
  const std::string name = "gdo_release/merged/" + GetParam();
  MergeRequest asked = request(GetParam());
  const bool table = !find_golden(name + ".jsonl").empty();
  if (table) {
    asked.options.centers = folder_.path() / "given.jsonl";
    write_file(*asked.options.centers, read_golden(name + ".centers.jsonl"));
  }
  expect_report(merge(asked), GetParam());
  if (!table) return;

  std::istringstream ours(read_file(asked.output_jsonl)), theirs(read_golden(name + ".jsonl"));
  Difference difference;
  std::string our_line, their_line;
  while (std::getline(theirs, their_line)) {
    ASSERT_TRUE(std::getline(ours, our_line)) << "too short";
    compare_lines(our_line, their_line, difference);
  }
  EXPECT_FALSE(std::getline(ours, our_line)) << "too long";
  EXPECT_EQ(difference.own, 0.0);
  EXPECT_LT(difference.cluster, 1e-5);
  RecordProperty("lines", static_cast<int>(difference.lines));
  RecordProperty("equal_lines", static_cast<int>(difference.equal_lines));
  RecordProperty("worst_cluster_difference", fmt::format("{}", difference.cluster));
  fmt::print("{}: {} of {} lines equal, worst difference of a cluster term {}\n", GetParam(),
             difference.equal_lines, difference.lines, difference.cluster);
}

// The repository's copy of the recorded data holds the small cases alone.
std::vector<std::string> recorded_cases() {
  std::vector<std::string> names = {"rows100", "stats0", "k", "stats500"};
  std::erase_if(names, [](const std::string& name) {
    const bool large = name == "k" || name == "stats500";
    return large && find_golden("gdo_release/merged/" + name + ".report.json").empty();
  });
  return names;
}

INSTANTIATE_TEST_SUITE_P(Cases, GoldenReleaseMerge, testing::ValuesIn(recorded_cases()),
                         [](const auto& instance) { return instance.param; });

// Inputs on which the release stops or skips.
TEST(GoldenReleaseMergeLimits, StopsWhereTheReleaseStops) {
  int cases = 0;
  const std::string limits = read_golden("gdo_release/limits/limits.json");
  for (const std::string& entry : elements(limits)) {
    auto recorded = fields(entry);
    if (text(recorded.at("program")) != "merge_metrics.py") continue;
    const std::string name = text(recorded.at("name"));
    const fs::path shard =
        find_golden("gdo_release/limits/" + name + "/sixd_metrics_rank0000.jsonl");
    ASSERT_FALSE(shard.empty()) << name;
    test::TemporaryFolder folder;
    MergeRequest asked{
        shard.parent_path(), folder.path() / "merged.jsonl", folder.path() / "report.json", {}, {}};
    asked.options.cluster_k = 3;
    ++cases;
    if (recorded.at("exit") == "0") {
      EXPECT_EQ(merge(asked).rows_written, number(recorded.at("rows_written"))) << name;
    } else {
      EXPECT_THROW(merge(asked), DataError) << name;
      EXPECT_FALSE(fs::exists(asked.output_jsonl)) << name;
    }
  }
  EXPECT_GT(cases, 0);
}

class ReleaseMerge : public testing::Test {
 protected:
  // A row whose features are these two numbers, as ppl and vds.
  static std::string row(const std::string& uid, double ppl, double vds) {
    return fmt::format(
        "{{\"qa_uid\": {}, \"data_quality_metrics\": {{\"ppl\": {}, \"vds\": {}}}}}\n", uid, ppl,
        vds);
  }
  MergeReport run(const std::string& shard) {
    write_file(request_.shards / "sixd_metrics_rank0000.jsonl", shard);
    return merge(request_);
  }
  std::string failure(const std::string& shard) {
    try {
      run(shard);
    } catch (const DataError& error) {
      return error.what();
    }
    return "no error";
  }

  test::TemporaryFolder folder_;
  MergeRequest request_{folder_.path() / "shards",
                        folder_.path() / "merged.jsonl",
                        folder_.path() / "report.json",
                        folder_.path() / "centers.jsonl",
                        {}};
};

TEST_F(ReleaseMerge, ErrorsNameFileAndLine) {
  const std::string good = row("\"a\"", 1, 2) + row("\"b\"", 3, 4);
  EXPECT_THAT(failure(good + "[1]\n"), HasSubstr("rank0000.jsonl:3: a row that is not an object"));
  EXPECT_THAT(failure(good + "\n\xFF\n"), HasSubstr("rank0000.jsonl:4: is not UTF-8"));
  EXPECT_THAT(failure(good + row("\"c\"", 1e39, 0)), HasSubstr(":3: a feature is too large"));
  EXPECT_THAT(failure(good + "{\"data_quality_metrics\": {\"text_feat\": [1]}}"),
              HasSubstr(":3: 6 features where the rows before have 5"));
  EXPECT_THAT(failure(row("\"\\ud800\"", 1, 2) + good), HasSubstr("surrogate"));
  EXPECT_THAT(failure(row("\"a\"", 1, 2)), HasSubstr("1 rows"));
  EXPECT_THAT(failure(""), HasSubstr("0 rows"));
  EXPECT_FALSE(fs::exists(request_.output_jsonl));
  EXPECT_EQ(run(good).rows_written, 2);
}

TEST_F(ReleaseMerge, CentersMustFitTheRows) {
  const std::string good = row("\"a\"", 1, 2) + row("\"b\"", 3, 4);
  request_.options.centers = folder_.path() / "given.jsonl";
  write_file(*request_.options.centers, "[0, 0, 0, 1, 2]\n");
  EXPECT_THAT(failure(good), HasSubstr("1 centres"));
  write_file(*request_.options.centers, "[0, 0, 0, 1, 2]\n[0, 1]\n");
  EXPECT_THAT(failure(good), HasSubstr("given.jsonl:2"));
  write_file(*request_.options.centers, "[0, 0, 0, 1, 2]\nno\n");
  EXPECT_THAT(failure(good), HasSubstr("given.jsonl:2"));
}

TEST_F(ReleaseMerge, EndsOfLinesAndBrokenLinesAreThoseOfPython) {
  const std::string crlf = row("\"a\"", 1, 2) + "\r\n" + row("\"b\"", 3, 4) + "\r" +
                           row("\"c\"", 3, 4) + "{broken\r\n\n   \n" + row("\"d\"", 1, 1) + "{\"q";
  EXPECT_EQ(run(crlf).rows_written, 4);
}

TEST_F(ReleaseMerge, ValuesPassThroughAsPythonWritesThem) {
  run(R"({"qa_uid": ["\u00e9\ud83d\ude00\n", 1.50, 1e400, -0, {"b": 1e-5, "a": 1, "b": 1E+16}],)"
      R"( "data_quality_metrics": {"loss_video": "x\/", "loss_blind": NaN, "vds": "1_0.5",)"
      R"( "ppl": true, "amm": "nan"}})"
      "\n" +
      row("\"\"", 1, 2));
  const std::string table = read_file(request_.output_jsonl);
  EXPECT_THAT(table, testing::StartsWith(
                         "{\"qa_uid\": [\"é😀\\n\", 1.5, Infinity, 0, {\"b\": 1e+16, \"a\": 1}], "
                         "\"video_uid\": \"\", \"loss_video\": \"x/\", \"loss_blind\": NaN, "
                         "\"frame_diversity\": 0.0, \"vds\": 10.5, "));
  EXPECT_THAT(table, HasSubstr("\"ppl\": 1.0, \"amm\": 0.0, "));
}

TEST_F(ReleaseMerge, IsTheSameForAnyNumberOfThreads) {
  std::string shard;
  for (int i = 0; i < 30000; ++i) {
    shard += row(fmt::format("\"{}\"", i), std::exp(i % 977 * 0.01), std::sin(i));
  }
  request_.options.cluster_k = 50;
  request_.options.cluster_batch_size = 700;
  request_.options.stats_sample_size = 1000;
  const std::size_t workers = worker_count();
  std::vector<std::string> results;
  for (const std::size_t count : {1, 3}) {
    set_worker_count(count);
    run(shard);
    results.push_back(read_file(request_.output_jsonl) + read_file(request_.output_report) +
                      read_file(request_.output_centers));
  }
  set_worker_count(workers);
  EXPECT_GT(shard.size(), std::size_t{2} << 20) << "one block would prove nothing";
  EXPECT_EQ(results[0], results[1]);
}

}  // namespace
}  // namespace winnow::gdo_release
