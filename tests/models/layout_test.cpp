// Lengths that are known before a tower has run, against those of the inputs that training sees.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <opencv2/imgproc.hpp>

#include "core/errors.h"
#include "golden.h"
#include "models/internvl/golden_cases.h"
#include "models/internvl/model_fixture.h"
#include "models/micro_fixture.h"
#include "models/qwen3_vl/golden_cases.h"
#include "models/qwen3_vl/model_fixture.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;

std::unique_ptr<VisionLanguageModel> model_of(const std::string& family) {
  if (family == "micro") {
    micro::MicroOptions options = testing_support::tiny_options();
    options.frame_slots = 20;
    auto model = std::make_unique<micro::MicroModel>(options);
    model->initialise({" it", "red"}, 1);
    return model;
  }
  if (family == "qwen3_vl") return testing_support::tiny_qwen3_vl();
  auto model = std::make_unique<internvl::Model>(testing_support::tiny_internvl_options());
  model->initialise_from({"what colour is it", "red"}, 1);
  return model;
}

Frames resized(Frames frames, int width, int height) {
  for (cv::Mat& image : frames.images) {
    cv::Mat other;
    cv::resize(image, other, cv::Size(width, height));
    image = other;
  }
  return frames;
}

// The frames of a clip at this rate, of a tensor [F, height, width, 3] that outlives them.
Frames clip_of(const torch::Tensor& pixels, double rate) {
  Frames frames;
  frames.kind = Media::Kind::video;
  for (std::int64_t i = 0; i < pixels.size(0); ++i) {
    frames.images.emplace_back(static_cast<int>(pixels.size(1)), static_cast<int>(pixels.size(2)),
                               CV_8UC3, pixels[i].data_ptr());
    frames.timestamps.push_back(static_cast<double>(i) / rate);
  }
  return frames;
}

class LayoutTest : public testing::TestWithParam<const char*> {
 protected:
  // Of one sample with all of these media.
  void expect_length(const std::vector<Frames>& media) {
    const torch::NoGradGuard no_grad;
    Sample sample;
    sample.id = "sample";
    std::string text;
    std::vector<MediumLayout> layouts;
    std::vector<PreprocessedMedium> seen;
    for (const Frames& frames : media) {
      sample.media.emplace_back();
      text += std::string(kMediaPlaceholder) + "\n";
      layouts.push_back(model_->layout(shape_of(frames)));
      seen.push_back(model_->preprocess(frames));
      EXPECT_EQ(layouts.back(), seen.back().layout);
    }
    sample.turns = {{Turn::Role::user, text + "what is it"}, {Turn::Role::assistant, "red"}};
    EXPECT_EQ(model_->length(sample, layouts),
              model_->input(sample, model_->encode_vision(seen)).length());
  }

  const std::unique_ptr<VisionLanguageModel> model_ = model_of(GetParam());
};

TEST_P(LayoutTest, RandomSizesAndNumbersOfFrames) {
  RandomStream stream(3, "test/layout");
  for (int i = 0; i < 40; ++i) {
    std::vector<Frames> media;
    const auto count = static_cast<std::size_t>(stream.integer(1, 2));
    while (media.size() < count) {
      const auto width = static_cast<int>(stream.integer(16, 300));
      const auto height = static_cast<int>(stream.integer(16, 300));
      SCOPED_TRACE(std::to_string(width) + " x " + std::to_string(height));
      media.push_back(
          resized(testing_support::noise_frames(stream.chance(0.5) ? 1 : stream.integer(2, 11), 1),
                  width, height));
    }
    expect_length(media);
  }
}

TEST_P(LayoutTest, GoldenPicturesAndClips) {
  int pictures = 0;
  for (const char* folder :
       {"qwen3_vl_tiny/images", "qwen3_vl_tiny/preprocess", "internvl_tiny/images"}) {
    for (const auto& file : fs::directory_iterator(testing_support::golden_root() / folder)) {
      if (file.path().extension() != ".png") continue;
      Media medium;
      medium.paths = {file.path()};
      const Frames frames = decode(medium, {});
      EXPECT_EQ(model_->layout(frame_shape(medium, {})), model_->preprocess(frames).layout);
      expect_length({frames});
      ++pictures;
    }
  }
  EXPECT_EQ(pictures, 10);
  const auto qwen = testing_support::qwen3_vl_golden().tensors("c_video");
  const auto internvl = testing_support::internvl_golden().tensors("f_video");
  const auto odd = read_safetensors(
      testing_support::qwen3_vl_golden().find("preprocess/video_odd_frames.safetensors"));
  expect_length({clip_of(qwen.at("in.video_frames_u8"), 8.0)});
  expect_length({clip_of(internvl.at("in.video_frames_u8"), 2.0)});
  expect_length({clip_of(odd.at("frames_u8"), 0.3), clip_of(odd.at("frames_u8"), 24.0)});
}

TEST_P(LayoutTest, ASampleThatIsTooLongIsRefusedAlike) {
  Sample sample = testing_support::question_sample("long one", "red", false);
  sample.turns[0].text = std::string(20'000, 'x');
  const auto message = [&](const std::function<void()>& act) -> std::string {
    try {
      act();
    } catch (const DataError& error) {
      return error.what();
    }
    return "nothing was refused";
  };
  const std::string refused = message([&] { model_->length(sample, {}); });
  EXPECT_THAT(refused, testing::HasSubstr("long one"));
  EXPECT_EQ(refused, message([&] { model_->input(sample, {}); }));
}

INSTANTIATE_TEST_SUITE_P(Families, LayoutTest, testing::Values("micro", "qwen3_vl", "internvl"));

}  // namespace
}  // namespace winnow
