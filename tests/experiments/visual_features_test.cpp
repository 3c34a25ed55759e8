#include "experiments/stages/visual_features.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <opencv2/imgcodecs.hpp>

#include "core/errors.h"
#include "core/files.h"
#include "core/parallel.h"
#include "models/micro/micro_model.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;

class VisualFeaturesTest : public testing::Test {
 protected:
  VisualFeaturesTest() : model_(micro::MicroOptions{}) {
    folder_ = fs::path(testing::TempDir()) / ("features-" + std::to_string(::getpid()));
    fs::remove_all(folder_);
    for (const char* name : {"media", "output", "resume", "other", "empty"}) {
      fs::create_directories(folder_ / name);
    }
    model_.initialise({"red", "blue"}, 1);
    for (int i = 0; i < 300; ++i) {
      const fs::path path = folder_ / "media" / (std::to_string(i) + ".png");
      cv::imwrite(path.string(), cv::Mat(32, 32, CV_8UC3, cv::Scalar(i % 256, 255 - i % 256, 7)));
      Media medium;
      medium.paths = {path};
      media_.push_back({"medium-" + std::to_string(i), medium});
    }
    write_file(media_[5].medium.paths[0], "this is a text file");
  }
  ~VisualFeaturesTest() override { fs::remove_all(folder_); }

  VisualFeatures compute(const char* output, const char* resume, std::size_t workers) {
    set_worker_count(workers);
    VisualFeatures::compute(model_, media_, SamplingOptions{}, folder_ / output, folder_ / resume);
    set_worker_count(0);
    return VisualFeatures::load(folder_ / output);
  }

  fs::path folder_;
  micro::MicroModel model_;
  std::vector<NamedMedium> media_;
};

TEST_F(VisualFeaturesTest, AreWhatTheTowerSays) {
  const VisualFeatures features = compute("output", "resume", 2);
  const VisualTokens expected =
      model_.encode_vision({model_.preprocess(decode(media_[299].medium, SamplingOptions{}))})[0];
  const VisualTokens stored = features.of("medium-299");
  EXPECT_TRUE(torch::allclose(stored.tokens, expected.tokens, 1e-5, 1e-6));
  EXPECT_EQ(stored.layout, expected.layout);
  EXPECT_EQ(stored.layout.grid, std::vector<std::int64_t>{1});
  EXPECT_FALSE(torch::allclose(features.of("medium-0").tokens, expected.tokens, 1e-5, 1e-6));
}

TEST_F(VisualFeaturesTest, DoNotDependOnThreadsOrOnWhereAKilledRunStopped) {
  compute("output", "resume", 2);
  const std::string whole = read_file(folder_ / "output" / "features.bin");
  compute("other", "empty", 1);
  EXPECT_EQ(read_file(folder_ / "other" / "features.bin"), whole);
  // The first chunk is whole, the second has data without an index: killed between the two.
  fs::remove(folder_ / "resume" / "chunk-1.json");
  write_file(folder_ / "resume" / "chunk-1.bin", "half");
  fs::remove_all(folder_ / "media" / "0.png");  // of the first chunk: is not read again
  compute("other", "resume", 1);
  EXPECT_EQ(read_file(folder_ / "other" / "features.bin"), whole);
}

TEST_F(VisualFeaturesTest, ListWhatCannotBeDecoded) {
  const VisualFeatures features = compute("output", "resume", 1);
  ASSERT_EQ(features.failures().size(), 1u);
  EXPECT_THAT(features.failures().at("medium-5"), testing::HasSubstr("5.png"));
  EXPECT_THROW(features.of("medium-5"), DataError);
  EXPECT_NO_THROW(features.of("medium-6"));
}

TEST_F(VisualFeaturesTest, ATruncatedFileIsNamed) {
  compute("output", "resume", 1);
  fs::resize_file(folder_ / "output" / "features.bin", 10);
  EXPECT_THROW(VisualFeatures::load(folder_ / "output"), DataError);
}

}  // namespace
}  // namespace winnow
