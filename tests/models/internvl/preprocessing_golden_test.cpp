// Tiling, sampling and pixels against the reference's.

#include <gtest/gtest.h>

#include "media/frames.h"
#include "models/internvl/golden_cases.h"
#include "models/internvl/preprocessing.h"

namespace winnow::internvl {
namespace {

namespace json = boost::json;
using testing_support::internvl_golden;

std::int64_t integer(const json::value& value) { return value.to_number<std::int64_t>(); }

json::value tables() { return internvl_golden().json("preprocess/tiling_and_sampling.json"); }

TEST(GoldenInternVlPreprocessing, TileGrids) {
  const json::value all = tables();
  const json::array& rows = all.at("tiling").as_array();
  ASSERT_GE(rows.size(), 20U);
  for (const json::value& row : rows) {
    SCOPED_TRACE(json::serialize(row));
    const TileGrid grid = tile_grid(integer(row.at(0)), integer(row.at(1)), integer(row.at(2)),
                                    integer(row.at(3)), integer(row.at(4)));
    EXPECT_EQ(grid.columns, integer(row.at(5).at(0)));
    EXPECT_EQ(grid.rows, integer(row.at(5).at(1)));
    const std::int64_t tiles = grid.columns * grid.rows;
    EXPECT_EQ(tiles > 1 ? tiles + 1 : 1, integer(row.at(6)));
  }
}

TEST(GoldenInternVlPreprocessing, FrameSampling) {
  const json::value all = tables();
  const json::array& rows = all.at("video_sampling").as_array();
  ASSERT_GE(rows.size(), 10U);
  for (const json::value& row : rows) {
    SCOPED_TRACE(json::serialize(row));
    const json::object& facts = row.as_object();
    SamplingOptions sampling = published_sampling();
    double rate = 0.0;
    if (facts.contains("num_frames")) {
      sampling.frames = integer(facts.at("num_frames"));
    } else {
      sampling.mode = SamplingOptions::Mode::fps;
      sampling.maximum_frames = integer(facts.at("total_frames"));
      rate = facts.at("fps").to_number<double>();
      sampling.frames_per_second = facts.at("arg_fps").to_number<double>();
    }
    std::vector<std::int64_t> wanted;
    for (const json::value& index : facts.at("indices").as_array()) {
      wanted.push_back(integer(index));
    }
    EXPECT_EQ(sample_frame_indices(integer(facts.at("total_frames")), rate, sampling), wanted);
  }
}

cv::Mat decoded_picture(const std::string& file) {
  Media media;
  media.kind = Media::Kind::image;
  media.paths = {internvl_golden().find(file).string()};
  return decode(media, {}).images.at(0);
}

PreprocessingOptions case_options() {
  const json::object& summary = internvl_golden().summary();
  PreprocessingOptions options;
  options.minimum_tiles = integer(summary.at("min_patches"));
  options.maximum_tiles = integer(summary.at("max_patches"));
  options.mean = json::value_to<std::vector<double>>(summary.at("mean"));
  options.deviation = json::value_to<std::vector<double>>(summary.at("std"));
  return options;
}

// The 8-bit levels behind normalised values.
torch::Tensor levels(const PreprocessingOptions& options, const torch::Tensor& values) {
  const auto by_channel = [](const std::vector<double>& numbers) {
    return torch::tensor(numbers, torch::kFloat64).view({1, 3, 1, 1});
  };
  return (values.to(torch::kFloat64) * by_channel(options.deviation) + by_channel(options.mean))
      .mul(255.0)
      .round()
      .to(torch::kInt64);
}

TEST(GoldenInternVlPreprocessing, TilesOfTheCases) {
  const PreprocessingOptions options = case_options();
  const VisionConfig vision = testing_support::internvl_config("model").vision;
  int images = 0, videos = 0;
  double worst = 0.0;
  for (const std::string& name : internvl_golden().case_names(false)) {
    SCOPED_TRACE(name);
    const testing_support::Tensors stored = internvl_golden().tensors(name);
    if (stored.count("in.pixel_values") == 0) continue;
    const json::object& facts =
        internvl_golden().summary().at("cases").as_object().at(name).as_object();
    std::vector<torch::Tensor> tiles;
    for (const json::value& file : facts.at("images").as_array()) {
      tiles.push_back(image_tiles(vision, options, decoded_picture(std::string(file.as_string()))));
      ++images;
    }
    if (const auto clip = stored.find("in.video_frames_u8"); clip != stored.end()) {
      const torch::Tensor& frames = clip->second;  // [F, height, width, 3]
      std::vector<std::int64_t> wanted;
      for (const json::value& index : facts.at("sampled_indices").as_array()) {
        wanted.push_back(integer(index));
      }
      SamplingOptions sampling = published_sampling();
      sampling.frames = static_cast<std::int64_t>(wanted.size());
      const auto indices = sample_frame_indices(frames.size(0), {}, sampling);
      EXPECT_EQ(indices, wanted);
      std::vector<cv::Mat> chosen;
      for (const std::int64_t i : indices) {
        chosen.emplace_back(static_cast<int>(frames.size(1)), static_cast<int>(frames.size(2)),
                            CV_8UC3, frames[i].data_ptr());
      }
      tiles.push_back(video_tiles(vision, options, chosen));
      ++videos;
    }
    const torch::Tensor ours = torch::cat(tiles), &theirs = stored.at("in.pixel_values");
    ASSERT_EQ(ours.sizes(), theirs.sizes());
    EXPECT_TRUE(torch::equal(levels(options, ours), levels(options, theirs)));
    const double off = testing_support::difference(ours, theirs);
    EXPECT_LE(off, 1e-6);
    worst = std::max(worst, off);
  }
  EXPECT_EQ(images, 6);
  EXPECT_EQ(videos, 1);
  std::cout << "golden internvl preprocessing: " << images << " images, " << videos
            << " videos, worst pixel value " << worst << std::endl;
}

}  // namespace
}  // namespace winnow::internvl
