// All recorded runs of the release's selection program, run again.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <iostream>
#include <set>

#include "core/errors.h"
#include "gdo_release/select/recorded_case.h"
#include "gdo_release/select/scan/exclusion.h"
#include "temporary_folder.h"

namespace winnow::gdo_release::testing {
namespace {

constexpr double kTolerance = 1e-9;

// What a walk over cases found.
struct Findings {
  int cases = 0, stopped = 0, files_equal_by_byte = 0, files = 0;
  std::int64_t rows = 0, baseline_rows = 0, report_values = 0;
  double worst_score = 0.0, worst_report_value = 0.0;
};

std::string sha256_of(const std::filesystem::path& path) {
  std::FILE* pipe = ::popen(("sha256sum '" + path.string() + "'").c_str(), "r");
  char digest[65] = {};
  const bool read = pipe != nullptr && std::fread(digest, 1, 64, pipe) == 64;
  if (pipe != nullptr) ::pclose(pipe);
  return read ? digest : "";
}

// Compares two JSON values: numbers of the same kind within the tolerance, everything else exactly,
// keys in their order.
class Comparison {
 public:
  Comparison(Findings& findings, std::string folder)
      : findings_(findings), folder_(std::move(folder)) {}

  void compare(const json::value& ours, const json::value& theirs, const std::string& path) {
    if (theirs.is_object() && ours.is_object()) {
      objects(ours.get_object(), theirs.get_object(), path);
    } else if (theirs.is_array() && ours.is_array()) {
      ASSERT_EQ(ours.get_array().size(), theirs.get_array().size()) << path;
      for (std::size_t i = 0; i < ours.get_array().size(); ++i) {
        compare(ours.get_array()[i], theirs.get_array()[i], path + "[" + std::to_string(i) + "]");
      }
    } else if (theirs.is_double() && ours.is_double()) {
      const double difference = std::abs(ours.get_double() - theirs.get_double());
      EXPECT_LE(difference, kTolerance) << path << ": " << ours << ", not " << theirs;
      findings_.worst_report_value = std::max(findings_.worst_report_value, difference);
      ++findings_.report_values;
    } else if (theirs.is_string() && ours.is_string()) {
      EXPECT_EQ(without_folder(std::string(ours.get_string())), std::string(theirs.get_string()))
          << path;
      ++findings_.report_values;
    } else {
      EXPECT_EQ(ours, theirs) << path;
      ++findings_.report_values;
    }
  }

 private:
  void objects(const json::object& ours, const json::object& theirs, const std::string& path) {
    std::vector<std::string> our_keys, their_keys;
    for (const auto& entry : ours) our_keys.emplace_back(entry.key());
    for (const auto& entry : theirs) their_keys.emplace_back(entry.key());
    // Blocks that a golden report shares with another were put at its end.
    const bool any_order = path.empty() || path.ends_with("parse_error_stats");
    if (any_order) {
      std::sort(our_keys.begin(), our_keys.end());
      std::sort(their_keys.begin(), their_keys.end());
    }
    ASSERT_EQ(our_keys, their_keys) << path;
    for (const auto& entry : theirs) {
      const std::string key(entry.key());
      compare(ours.at(key), entry.value(), path + "." + key);
    }
  }
  std::string without_folder(std::string text) const {
    for (std::size_t at = text.find(folder_); at != std::string::npos; at = text.find(folder_)) {
      text.erase(at, folder_.size());
    }
    return text;
  }

  Findings& findings_;
  std::string folder_;
};

class Walk {
 public:
  Walk() : inputs_(winnow::testing_support::temporary_folder()) {}

  void run(const json::object& recorded) {
    const std::string name(recorded.at("name").as_string());
    SCOPED_TRACE(name);
    ++findings_.cases;
    if (name == "preprofile") {  // the recorded report, with all of its blocks
      write_file(inputs_.folder() / "build/profile_only/report.json",
                 read_golden(golden_name("profile_only", "report.json")));
    }
    Flags flags = flags_of(recorded.at("argv").as_array(), inputs_);
    flags.options.profile_output = "profile.json";
    const std::filesystem::path folder = inputs_.folder() / "output" / name;
    std::filesystem::create_directories(folder);
    if (recorded.at("exit").to_number<int>() != 0) {
      stops(flags, folder, std::string(recorded.at("error").as_string()));
      return;
    }
    const SelectOutcome outcome = select(flags.files, {{flags.options, folder}}).front();
    EXPECT_EQ(outcome.target_count, recorded.at("target_count").to_number<std::int64_t>());
    Comparison comparison(findings_, inputs_.folder().string() + "/");
    comparison.compare(json::parse(read_file(folder / "report.json")), golden_report(name), "");
    comparison.compare(json::parse(read_file(folder / "profile.json")), golden_profile(name), "");
    if (flags.options.profile_only) return;
    subset(name, folder);
    baseline(name, folder, flags.options.skip_random_output);
    bytes(recorded, folder);
  }

  const Findings& findings() const { return findings_; }

 private:
  static std::string golden_name(const std::string& name, const std::string& file) {
    return "gdo_release/build/" + name + "/" + file;
  }
  static json::value golden_report(const std::string& name) {
    json::value report = json::parse(read_golden(golden_name(name, "report.json")));
    json::object& object = report.as_object();
    if (const json::value* same = object.if_contains("_same_as_rel_minloss")) {
      const json::array blocks = same->as_array();
      const json::value other = json::parse(read_golden(golden_name("rel_minloss", "report.json")));
      for (const json::value& block : blocks) {
        object[block.as_string()] = other.at(block.as_string());
      }
      object.erase("_same_as_rel_minloss");
    }
    return report;
  }
  static json::value golden_profile(const std::string& name) {
    const std::string own = golden_name(name, "profile.json");
    return json::parse(
        read_golden(find_golden(own).empty() ? golden_name("rel_minloss", "profile.json") : own));
  }

  void stops(const Flags& flags, const std::filesystem::path& folder, const std::string& error) {
    ++findings_.stopped;
    ASSERT_NE(error.find("legacy coverage too low: loaded=5342 total_pairs=5607"),
              std::string::npos);
    try {
      select(flags.files, {{flags.options, folder}});
      FAIL() << "the release stops here";
    } catch (const ConstraintError& mistake) {
      const std::string message = mistake.what();
      for (const char* part : {"5342", "5607", "0.952738", "0.999000"}) {
        EXPECT_NE(message.find(part), std::string::npos) << message;
      }
    }
  }

  void subset(const std::string& name, const std::filesystem::path& folder) {
    const auto ours = lines_of(read_file(folder / "subset.jsonl"));
    const auto theirs = lines_of(read_golden(golden_name(name, "filtered.jsonl")));
    ASSERT_EQ(ours.size(), theirs.size());
    for (std::size_t i = 0; i < ours.size(); ++i) {
      const json::value row = json::parse(ours[i]);
      const json::value recorded = json::parse(theirs[i]);
      const json::array& expected = recorded.as_array();
      ASSERT_EQ(row.at("qa_uid"), expected[0]) << "place " << i;
      const json::value& detail = row.at("meta").at("filter_score_detail");
      const json::value* scores[] = {&row.at("meta").at("filter_score"), &detail.at("base_score"),
                                     &detail.at("legacy_vds3"), &detail.at("legacy_quality_score")};
      for (std::size_t k = 0; k < 4; ++k) {
        const double difference =
            std::abs(scores[k]->to_number<double>() - expected[k + 1].to_number<double>());
        ASSERT_LE(difference, kTolerance) << "place " << i << ", score " << k;
        findings_.worst_score = std::max(findings_.worst_score, difference);
      }
      ++findings_.rows;
    }
  }

  void baseline(const std::string& name, const std::filesystem::path& folder, bool skipped) {
    EXPECT_EQ(std::filesystem::exists(folder / "uniform.jsonl"), !skipped);
    if (skipped) return;
    const auto ours = lines_of(read_file(folder / "uniform.jsonl"));
    const auto theirs = lines_of(read_golden(golden_name(name, "random_uids.txt")));
    ASSERT_EQ(ours.size(), theirs.size());
    for (std::size_t i = 0; i < ours.size(); ++i) {
      ASSERT_EQ(std::string(json::parse(ours[i]).at("qa_uid").as_string()), theirs[i])
          << "place " << i;
    }
    findings_.baseline_rows += static_cast<std::int64_t>(ours.size());
  }

  // Not required: the last digit of a score may differ on another machine.
  void bytes(const json::object& recorded, const std::filesystem::path& folder) {
    for (const auto& [key, file] : {std::pair{"sha256_filtered", "subset.jsonl"},
                                    std::pair{"sha256_random", "uniform.jsonl"}}) {
      const json::value* digest = recorded.if_contains(key);
      if (digest == nullptr || !std::filesystem::exists(folder / file)) continue;
      ++findings_.files;
      findings_.files_equal_by_byte += sha256_of(folder / file) == digest->as_string();
    }
  }

  Inputs inputs_;
  Findings findings_;
};

json::array build_cases() {
  json::array cases;
  const json::value all = json::parse(read_golden("gdo_release/cases.json"));
  for (const json::value& recorded : all.as_array()) {
    if (recorded.at("kind") == "build_pair") cases.push_back(recorded);
  }
  return cases;
}

TEST(GoldenRelease, SelectsTheSameRowsInAllRecordedCases) {
  Walk walk;
  for (const json::value& recorded : build_cases()) walk.run(recorded.as_object());
  const Findings& found = walk.findings();
  EXPECT_EQ(found.cases, 66);
  EXPECT_EQ(found.stopped, 1);
  EXPECT_GT(found.rows, 10000);
  std::cout << "golden release cases: " << found.cases << " walked, none skipped; " << found.rows
            << " subset rows, " << found.baseline_rows << " baseline rows, worst score difference "
            << found.worst_score << "; " << found.report_values
            << " report values, worst difference " << found.worst_report_value << "; "
            << found.files_equal_by_byte << " of " << found.files
            << " output files equal by byte\n";
}

}  // namespace
}  // namespace winnow::gdo_release::testing
