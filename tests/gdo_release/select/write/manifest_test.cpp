#include "selectors/manifest.h"

#include <gmock/gmock.h>

#include "core/errors.h"
#include "core/hash.h"
#include "core/parallel.h"
#include "gdo_release/select/recorded_case.h"
#include "temporary_folder.h"

namespace winnow::gdo_release::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class GoldenReleaseManifest : public ::testing::Test {
 protected:
  GoldenReleaseManifest() : inputs_(winnow::testing_support::temporary_folder()) {
    const json::value cases = json::parse(read_golden("gdo_release/cases.json"));
    for (const json::value& recorded : cases.as_array()) {
      if (recorded.at("name") == json::string("scaled_temp_plus")) {
        flags_ = flags_of(recorded.at("argv").as_array(), inputs_);
      }
    }
  }
  fs::path select_to(const std::string& name) const {
    const fs::path folder = inputs_.folder() / name;
    fs::create_directories(folder);
    select(flags_.files, {{flags_.options, folder}});
    return folder;
  }

  Inputs inputs_;
  Flags flags_;
};

TEST_F(GoldenReleaseManifest, NamesEveryPairTakenWithItsScoreWhateverTheThreads) {
  set_worker_count(2);
  const fs::path two = find_selection(select_to("two"));
  set_worker_count(1);
  const fs::path one = find_selection(select_to("one"));
  set_worker_count(0);
  EXPECT_EQ(two.filename(), one.filename());
  EXPECT_EQ(one.filename(), "selection-" + digest_of(read_file(one)) + ".jsonl");

  const auto lines = lines_of(read_file(one));
  const auto expected = lines_of(read_golden("gdo_release/build/scaled_temp_plus/filtered.jsonl"));
  ASSERT_EQ(lines.size(), expected.size() + 1);
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const json::value taken = json::parse(lines[i + 1]), row = json::parse(expected[i]);
    EXPECT_EQ(taken.at("id"), row.at(0));
    EXPECT_NEAR(taken.at("score").to_number<double>(), row.at(1).to_number<double>(), 1e-9);
    EXPECT_FALSE(taken.at("stage").as_string().empty());
  }
  EXPECT_EQ(read_selected_ids(one).size(), expected.size());
}

TEST_F(GoldenReleaseManifest, ExplainsTakenAndDroppedPairs) {
  const auto taken = read_selected_ids(find_selection(select_to("it")));
  EXPECT_THAT(explain(flags_.files, flags_.options, taken.front()),
              AllOf(StartsWith("TAKEN by stage 'hard_temporal_video', as number 1 of"),
                    HasSubstr("quota"), HasSubstr("legacy_vds3")));
  // Every dropped pair has a reason; look at some of the pool.
  const std::set<std::string> chosen(taken.begin(), taken.end());
  std::map<std::string, int> reasons;
  for (const std::string& line :
       lines_of(read_golden("gdo_release/scores/scaled_temp_plus_all.jsonl"))) {
    const std::string id(json::parse(line).at(0).as_string());
    if (reasons.size() > 2 || chosen.contains(id) || hash64(id) % 50 != 0) continue;
    const std::string text = explain(flags_.files, flags_.options, id);
    EXPECT_THAT(text, AllOf(StartsWith("NOT TAKEN: "), HasSubstr("rank")));
    ++reasons[text.substr(0, text.find('\n'))];
  }
  EXPECT_GT(reasons.size(), 1U);
  EXPECT_THROW(explain(flags_.files, flags_.options, "nobody"), DataError);
}

}  // namespace
}  // namespace winnow::gdo_release::testing
