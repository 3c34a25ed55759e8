// What every descriptor must do, checked for each that is registered.

#include <gmock/gmock.h>

#include <set>

#include "config/compose.h"
#include "core/files.h"
#include "support.h"

namespace winnow {
namespace {

using test::make_descriptor;
using test::make_sample;

class DescriptorConformance : public testing::TestWithParam<std::string> {
 protected:
  std::unique_ptr<Descriptor> descriptor_ = make_descriptor(GetParam());
  test::TemporaryFolder folder_;
  Media image_ = test::grey_medium(folder_.path(), "image", {10});
  Media video_ = test::grey_medium(folder_.path(), "video", {10, 200, 30});
  std::vector<Sample> samples_ = {
      make_sample("text", "Capital of France?", "Paris", {}),
      make_sample("image", "Colour?", "grey", {image_}),
      make_sample("video", "What happens before the flash?", "nothing", {video_}),
      make_sample("two images", "Which is darker?", "the first", {image_, image_}),
      make_sample("mixed", "Is the image in the video?", "no", {image_, video_}),
  };

  // Everything there is to know of a sample, with this loss.
  Observation full(const Sample& sample, double loss) {
    Observation observation{sample};
    for (const Media& medium : sample.media) {
      observation.frames.push_back(std::make_shared<const Frames>(decode(medium, {})));
    }
    observation.loss_with_vision = loss;
    if (sample.modality() != Modality::text) observation.loss_without_vision = loss + 1.0;
    if (sample.modality() == Modality::video) observation.loss_single_frame = loss + 0.5;
    observation.sampled_answers = {"a", "b", "a", "c d", "a"};
    observation.prompt_features = {1.0F, 2.0F};
    observation.question_features = {3.0F, 4.0F};
    return observation;
  }
};

TEST_P(DescriptorConformance, HasDistinctNamedColumns) {
  const std::vector<std::string> columns = descriptor_->columns();
  EXPECT_FALSE(columns.empty());
  EXPECT_EQ(std::set(columns.begin(), columns.end()).size(), columns.size());
  EXPECT_THAT(columns, testing::Not(testing::Contains("")));
}

TEST_P(DescriptorConformance, MeasuresEveryModalityTheSameEachTime) {
  for (const Sample& sample : samples_) {
    const std::vector<Cell> cells = descriptor_->measure(full(sample, 0.7));
    const std::vector<Cell> again = make_descriptor(GetParam())->measure(full(sample, 0.7));
    ASSERT_EQ(cells.size(), descriptor_->columns().size()) << sample.id;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      EXPECT_NE(cells[i].state, CellState::failed) << sample.id << ": " << cells[i].reason;
      EXPECT_EQ(cells[i].state, again[i].state) << sample.id;
      EXPECT_EQ(cells[i].value, again[i].value) << sample.id;
      EXPECT_TRUE(std::isfinite(cells[i].value)) << sample.id;
    }
  }
}

TEST_P(DescriptorConformance, MakesNoNumberOutOfNothing) {
  if (!descriptor_->needs().frames && !descriptor_->needs().model()) {
    GTEST_SKIP() << "reads the text alone, which is always there";
  }
  for (const Sample& sample : samples_) {
    for (const std::string failure : {"", "the disk is gone"}) {
      Observation observation{sample};
      observation.failure = failure;
      const std::vector<Cell> cells = descriptor_->measure(observation);
      ASSERT_EQ(cells.size(), descriptor_->columns().size());
      for (const Cell& cell : cells) {
        EXPECT_NE(cell.state, CellState::valid) << sample.id;
        EXPECT_EQ(cell.state == CellState::failed,
                  !failure.empty() && cell.state != CellState::not_applicable);
        EXPECT_EQ(cell.reason, cell.state == CellState::failed ? failure : "");
      }
    }
  }
}

TEST_P(DescriptorConformance, FailsWhereALossIsNoNumber) {
  const Needs needs = descriptor_->needs();
  if (!needs.loss_with_vision && !needs.loss_without_vision && !needs.loss_single_frame) {
    GTEST_SKIP() << "reads no loss";
  }
  for (const double loss : {std::nan(""), HUGE_VAL}) {
    for (const Cell& cell : descriptor_->measure(full(samples_[2], loss))) {
      EXPECT_EQ(cell.state, CellState::failed);
      EXPECT_FALSE(cell.reason.empty());
    }
  }
}

TEST_P(DescriptorConformance, FinishesEveryPool) {
  for (const std::size_t count : {std::size_t{0}, std::size_t{1}, samples_.size()}) {
    SampleTable table(facts_of({samples_.begin(), samples_.begin() + count}));
    const std::filesystem::path scratch = std::filesystem::temp_directory_path();
    PoolFeatures features{RowVectors(count, scratch), RowVectors(count, scratch)};
    for (std::size_t i = 0; i < count; ++i) {
      features.prompt.set(i, std::vector<float>{static_cast<float>(i), 1.0F});
      features.question.set(i, std::vector<float>{static_cast<float>(i)});
    }
    for (const std::string& column : descriptor_->columns()) {
      table.add(Column::missing(column, count));
    }
    descriptor_->finish(table, features, 1);
    for (const std::string& column : descriptor_->columns()) {
      EXPECT_EQ(table.column(column).values.size(), count);
    }
  }
}

TEST_P(DescriptorConformance, HasAConfigFileThatMakesIt) {
  const std::filesystem::path root = folder_.path() / "root.toml";
  write_file(root, "defaults = [{\"/descriptors@descriptors." + GetParam() + "\" = \"" +
                       GetParam() + "\"}]\n");
  const config::Value composed = config::compose(
      {{folder_.path(), std::filesystem::path(WINNOW_SOURCE_DIR) / "configs"}, "root", {}});
  const DescriptorPass pass =
      DescriptorPass::from_config(composed.at("descriptors"), "descriptors");
  EXPECT_EQ(composed.at("descriptors." + GetParam() + ".type").string(), GetParam());
  EXPECT_FALSE(pass.columns().empty());
}

INSTANTIATE_TEST_SUITE_P(All, DescriptorConformance, testing::ValuesIn(descriptors().names()),
                         [](const auto& descriptor) { return descriptor.param; });

class GdoSet : public testing::Test {
 protected:
  config::Value compose(const std::string& root, const std::vector<std::string>& overrides) {
    write_file(folder_.path() / "root.toml", root);
    return config::compose({{folder_.path(), std::filesystem::path(WINNOW_SOURCE_DIR) / "configs"},
                            "root",
                            overrides})
        .at("descriptors");
  }
  std::vector<std::string> columns(const std::string& root,
                                   const std::vector<std::string>& overrides) {
    return DescriptorPass::from_config(compose(root, overrides), "descriptors").columns();
  }
  test::TemporaryFolder folder_;
  const std::string gdo_ = "defaults = [{descriptors = \"gdo\"}]\n";
};

TEST_F(GdoSet, IsTheSixOfThePaperAndTheAnswersGroup) {
  EXPECT_THAT(columns(gdo_, {}), testing::UnorderedElementsAre(
                                     "optical_flow", "frame_diversity", "visual_dependency",
                                     "loss_without_vision", "perplexity", "loss", "temporal_need",
                                     "self_consistency", "cluster", "coverage", "answer_group"));
}

TEST_F(GdoSet, LosesADescriptorByOneOverride) {
  EXPECT_THAT(columns(gdo_, {"~descriptors.optical_flow"}),
              testing::AllOf(testing::SizeIs(9), testing::Not(testing::Contains("optical_flow"))));
}

TEST_F(GdoSet, GainsADescriptorByOneLine) {
  const std::string more =
      "defaults = [{descriptors = \"gdo\"}, "
      "{\"/descriptors@descriptors.question_coverage\" = \"coverage\"}, \"_self_\"]\n"
      "[descriptors.question_coverage]\nspace = \"question\"\ncolumn_prefix = \"question_\"\n";
  EXPECT_THAT(columns(more, {}),
              testing::AllOf(testing::SizeIs(13), testing::Contains("question_cluster")));
}

TEST_F(GdoSet, RefusesAnUnknownOptionOfThePass) {
  try {
    columns(gdo_ + "[descriptors]\nbatchsize = 3\n", {});
    FAIL() << "accepted";
  } catch (const ConfigError& error) {
    EXPECT_THAT(error.what(), testing::AllOf(testing::HasSubstr("descriptors.batchsize"),
                                             testing::HasSubstr("batch_size")));
  }
}

}  // namespace
}  // namespace winnow
