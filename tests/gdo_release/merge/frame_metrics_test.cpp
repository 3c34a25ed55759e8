// Motion, diversity and colours of frame files against recorded outputs of the GDO release.

#include "gdo_release/merge/frame_metrics.h"

#include <gmock/gmock.h>

#include "config/compose.h"
#include "core/files.h"
#include "descriptors/support.h"
#include "gdo_release/frame_sampling.h"
#include "gdo_release/golden_rows.h"
#include "gdo_release/recorded_json.h"

namespace winnow::gdo_release {
namespace {

using testing_support::elements;
using testing_support::fields;
using testing_support::find_golden;
using testing_support::golden_lines;
using testing_support::number;
using testing_support::text;

struct Sequence {
  std::string name;
  std::vector<std::string> paths;  // relative to the flow folder
  std::map<std::string, std::string> record;
};

class GoldenReleaseFrames : public testing::Test {
 protected:
  GoldenReleaseFrames() {
    for (const std::string& line : golden_lines("flow/expected.jsonl")) {
      Sequence sequence;
      sequence.record = fields(line);
      sequence.name = text(sequence.record.at("seq"));
      for (const std::string& path : elements(sequence.record.at("paths"))) {
        // One list holds blanks, which the release passes over.
        sequence.paths.push_back(path.front() == '"' ? text(path) : "");
      }
      sequences_.push_back(std::move(sequence));
    }
  }
  // Where the files are; those that are recorded as missing are nowhere.
  std::vector<std::string> files(const Sequence& sequence) const {
    std::vector<std::string> files;
    for (const std::string& path : sequence.paths) {
      files.push_back(path.empty() ? "" : (folder_ / path).string());
    }
    return files;
  }

  const std::filesystem::path folder_ =
      find_golden("gdo_release/flow/expected.jsonl").parent_path();
  std::vector<Sequence> sequences_;
};

TEST_F(GoldenReleaseFrames, MotionDiversityAndColours) {
  constexpr double kTolerance = 1e-4;
  double worst = 0.0, worst_colour = 0.0;
  const auto expect_near = [&](double actual, double expected, const std::string& what) {
    EXPECT_NEAR(actual, expected, kTolerance) << what;
    worst = std::max(worst, std::abs(actual - expected));
  };
  for (const Sequence& sequence : sequences_) {
    for (const auto& [frames, recorded] : fields(sequence.record.at("by_max_frames"))) {
      const std::string what = sequence.name + ", " + frames + " frames";
      const std::int64_t most = std::stoll(frames);
      auto expected = fields(recorded);
      std::vector<std::string> sampled, expected_paths;
      std::vector<std::string> named = sequence.paths;
      std::erase(named, "");
      for (const std::int64_t i : sample_frames(static_cast<std::int64_t>(named.size()), most)) {
        sampled.push_back(named[static_cast<std::size_t>(i)]);
      }
      for (const std::string& path : elements(expected.at("sample_paths"))) {
        expected_paths.push_back(text(path));
      }
      EXPECT_EQ(sampled, expected_paths) << what;
      const FrameMetrics metrics = FrameMeter(most).measure(files(sequence));
      expect_near(metrics.amm, number(expected.at("amm")), what);
      expect_near(metrics.frame_diversity, number(expected.at("frame_diversity")), what);
      if (most != 8) continue;
      const auto pairs = elements(sequence.record.at("per_pair_8"));
      ASSERT_EQ(metrics.pairs.size(), pairs.size()) << what;
      for (std::size_t i = 0; i < pairs.size(); ++i) {
        expect_near(metrics.pairs[i].flow, number(elements(pairs[i])[0]), what);
        expect_near(metrics.pairs[i].difference, number(elements(pairs[i])[1]), what);
      }
      // Without a readable frame there is no double to compare with, only zeros.
      const bool seen = sequence.record.contains("vision_feature_6_float64");
      const auto colours =
          elements(sequence.record.at(seen ? "vision_feature_6_float64" : "vision_feature_6"));
      ASSERT_EQ(colours.size(), metrics.vis_feat.size());
      for (std::size_t i = 0; i < colours.size(); ++i) {
        EXPECT_NEAR(metrics.vis_feat[i], number(colours[i]), 1e-6) << what;
        worst_colour = std::max(worst_colour, std::abs(metrics.vis_feat[i] - number(colours[i])));
      }
    }
  }
  EXPECT_GE(sequences_.size(), 8U);
  fmt::print("{} sequences: worst difference {:.2g} of motion or diversity, {:.2g} of colours\n",
             sequences_.size(), worst, worst_colour);
}

// The descriptor of the mended path, told by its config to measure as the release does.
TEST_F(GoldenReleaseFrames, TheDescriptorCanBeSetToTheRelease) {
  test::TemporaryFolder folder;
  write_file(folder.path() / "root.toml",
             "defaults = [{\"/descriptors@descriptors.flow\" = \"optical_flow_release\"}]\n");
  const config::Value composed = config::compose(
      {{folder.path(), std::filesystem::path(WINNOW_SOURCE_DIR) / "configs"}, "root", {}});
  const auto flow = descriptors().create(composed.at("descriptors.flow"), "descriptors.flow");
  int compared = 0;
  for (const Sequence& sequence : sequences_) {
    const bool blanks = std::count(sequence.paths.begin(), sequence.paths.end(), "") > 0;
    if (sequence.name.starts_with("unreadable") || blanks || sequence.paths.size() < 2) continue;
    Media medium;
    medium.kind = Media::Kind::frames;
    medium.frames_per_second = 30.0;  // must not matter
    for (const std::string& file : files(sequence)) medium.paths.emplace_back(file);
    const Sample sample = test::make_sample(sequence.name, "?", "x", {medium});
    Observation observation{sample};
    SamplingOptions sampling;
    sampling.frames = 8;
    observation.frames = {std::make_shared<const Frames>(decode(medium, sampling))};
    auto expected = fields(fields(sequence.record.at("by_max_frames")).at("8"));
    const std::vector<Cell> cells = flow->measure(observation);
    EXPECT_NEAR(cells[0].value, number(expected.at("amm")), 1e-4) << sequence.name;
    EXPECT_NEAR(cells[1].value, number(expected.at("frame_diversity")), 1e-4) << sequence.name;
    ++compared;
  }
  EXPECT_GE(compared, 6);
}

}  // namespace
}  // namespace winnow::gdo_release
