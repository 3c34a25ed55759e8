// The recipe `what_methods_see` on generated pools, as its user runs it.

#include <boost/json.hpp>
#include <map>

#include "experiments/program_runner.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;
using testing::AllOf;
using testing::HasSubstr;
using testing_support::expect_config_error;
using testing_support::Outcome;

class WhatMethodsSee : public testing_support::ProgramTest {
 protected:
  std::string with_results() const { return " --results '" + (folder_ / "results").string() + "'"; }
};

// Of a cell, null where it has no number.
json::value number_of(const json::value& cell) {
  if (cell.is_number()) return cell;
  const bool measured = cell.is_object() && cell.as_object().contains("value");
  return measured ? cell.at("value") : json::value(nullptr);
}

// By the first cell of each row, the numbers of the table whose title begins so.
std::map<std::string, std::vector<json::value>> numbers(const json::value& document,
                                                        const std::string& title) {
  std::map<std::string, std::vector<json::value>> result;
  for (const json::value& table : document.at("tables").as_array()) {
    if (std::string(table.at("title").as_string()).rfind(title, 0) != 0) continue;
    for (const json::value& row : table.at("rows").as_array()) {
      const json::array& cells = row.as_array();
      std::vector<json::value>& own = result[std::string(cells[0].as_string())];
      for (std::size_t i = 1; i < cells.size(); ++i) {
        own.push_back(number_of(cells[i]));
      }
    }
  }
  return result;
}

TEST_F(WhatMethodsSee, MethodsByPropertiesAndEachPropertyAlone) {
  write_config("mixture/two",
               "defaults = [\"planted\"]\n[properties.wrong]\nshare = 0.2\n"
               "[properties.rambling]\nshare = 0.2\n");
  std::string others;
  for (const char* name :
       {"off_domain", "trivial", "near_duplicate", "wrong_medium", "static_clip", "rare_skill",
        "blind", "truncated", "repeated", "garbled", "off_format"}) {
    others += std::string(" '~pool.properties.") + name + "'";
  }
  const Outcome outcome =
      run("run experiment=what_methods_see scale=smoke mixture@pool=two" + others +
          " recipe.alone=true run.workers=2" + with_configs() + with_results());
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  fs::path folder;
  for (const auto& entry : fs::directory_iterator(folder_ / "results")) {
    if (entry.path().filename() != "stages") folder = entry.path();
  }
  for (const char* name : {"table.txt", "table.csv", "methods.svg", "methods.pdf", "columns.svg",
                           "columns.pdf", "config.toml", "provenance.json"}) {
    EXPECT_GT(fs::file_size(folder / name), 100U) << name;
  }
  const json::value tables = json::parse(read_file(folder / "table.json"));
  const auto taken = numbers(tables, "What methods take");
  ASSERT_EQ(taken.size(), 3U);  // temporal, wrong, rambling
  const std::vector<json::value>& wrong = taken.at("wrong");
  ASSERT_EQ(wrong.size(), 10U);  // share of the pool, nine methods
  EXPECT_NEAR(wrong[0].to_number<double>(), 20.0, 0.5);
  EXPECT_NEAR(wrong[2].to_number<double>(), 1.0, 0.25);  // Uni-10x sees nothing
  EXPECT_EQ(wrong.back().to_number<double>(), 0.0);      // the oracle sees all
  EXPECT_EQ(taken.at("rambling").back().to_number<double>(), 0.0);
  // Rambling is long and unexpected: the columns that see it are those that read the answer.
  double best = 0;
  const std::vector<json::value> areas = numbers(tables, "What each column").at("rambling");
  ASSERT_GT(areas.size(), 5U);
  for (std::size_t i = 1; i < areas.size(); ++i) {  // after the share of the pool
    if (!areas[i].is_null()) best = std::max(best, std::abs(areas[i].to_number<double>() - 0.5));
  }
  EXPECT_GT(best, 0.35);
  const auto alone = numbers(tables, "Each property alone");
  ASSERT_EQ(alone.size(), 3U);
  EXPECT_TRUE(alone.count("none") && alone.count("wrong") && alone.count("rambling"));
  EXPECT_NEAR(alone.at("wrong")[0].to_number<double>(), 20.0, 1e-9);
  EXPECT_GT(alone.at("wrong")[1].to_number<double>(), 0.0);
  // No method's subset was trained on: nothing but the three pools' uniform draws, two seeds each.
  std::int64_t trainings = 0;
  for (const auto& entry : fs::directory_iterator(folder_ / "results/stages/training")) {
    trainings += entry.path().filename().string()[0] == '.' ? 0 : 1;
  }
  EXPECT_EQ(trainings, 6 + 2);  // and the warm-ups of the proxy
}

TEST_F(WhatMethodsSee, WhatCannotBeSeenIsAnErrorBeforeAnyDataIsRead) {
  const std::string base = "run experiment=what_methods_see scale=smoke" + with_results() + " ";
  expect_config_error(run(base + "pool.properties.wrnog.share=0.1"),
                      AllOf(HasSubstr("wrnog"), HasSubstr("'wrong'")));
  expect_config_error(run(base + "pool.properties.off_format.strength=0.5"),
                      HasSubstr("off_format.strength"));
  expect_config_error(run(base + "mixture@pool=noisy recipe.alone=true"),
                      AllOf(HasSubstr("recipe.alone"), HasSubstr("mixture@pool=planted")));
  expect_config_error(run(base + "recipe.alone=true methods.uni_1x.role=method"),
                      HasSubstr("control"));
  EXPECT_FALSE(fs::exists(folder_ / "results"));
}

}  // namespace
}  // namespace winnow
