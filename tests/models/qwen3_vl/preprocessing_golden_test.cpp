// Sizes, sampling, resized pictures and patches against the reference's.

#include <gtest/gtest.h>

#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "core/errors.h"
#include "media/bicubic.h"
#include "media/frames.h"
#include "models/qwen3_vl/golden_cases.h"
#include "models/qwen3_vl/preprocessing.h"

namespace winnow::qwen3_vl {
namespace {

namespace json = boost::json;
using testing_support::find_golden;
using testing_support::kQwen3Vl;
using testing_support::read_golden;

std::int64_t integer(const json::value& value) { return value.to_number<std::int64_t>(); }

json::value tables() {
  return json::parse(read_golden(kQwen3Vl + "preprocess/sizes_and_sampling.json"));
}

template <class Compute>
void expect_size(const json::value& wanted, const Compute& compute) {
  if (wanted.is_string()) {
    EXPECT_THROW(compute(), DataError);
    return;
  }
  const PixelSize size = compute();
  EXPECT_EQ(size.height, integer(wanted.at(0)));
  EXPECT_EQ(size.width, integer(wanted.at(1)));
}

TEST(GoldenQwen3VlPreprocessing, ImageSizes) {
  const json::value all = tables();
  const json::array& rows = all.at("image_smart_resize").as_array();
  ASSERT_GE(rows.size(), 30U);
  for (const json::value& row : rows) {
    SCOPED_TRACE(json::serialize(row));
    expect_size(row.at(5), [&] {
      return image_size({integer(row.at(0)), integer(row.at(1))}, integer(row.at(2)),
                        integer(row.at(3)), integer(row.at(4)));
    });
  }
}

TEST(GoldenQwen3VlPreprocessing, VideoSizes) {
  const json::value all = tables();
  const json::array& rows = all.at("video_smart_resize").as_array();
  ASSERT_GE(rows.size(), 10U);
  for (const json::value& row : rows) {
    SCOPED_TRACE(json::serialize(row));
    expect_size(row.at(6), [&] {
      return video_size(integer(row.at(0)), {integer(row.at(1)), integer(row.at(2))},
                        integer(row.at(3)), integer(all.at("video_smart_resize_temporal_factor")),
                        integer(row.at(4)), integer(row.at(5)));
    });
  }
}

// Long lists are shortened in the file: "..." stands for what is left out in the middle.
template <class Value, class Read>
void expect_list(const json::array& wanted, const std::vector<Value>& ours, const Read& read) {
  std::size_t at = 0;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (wanted[i].is_string() && wanted[i].as_string() == "...") {
      at = ours.size() - (wanted.size() - i - 1);
      continue;
    }
    ASSERT_LT(at, ours.size());
    EXPECT_EQ(ours[at++], read(wanted[i])) << i;
  }
}

// The reference takes an unknown rate as 24.
std::vector<double> seconds(const std::vector<std::int64_t>& indices, double fps) {
  std::vector<double> result;
  for (const std::int64_t index : indices) {
    result.push_back(static_cast<double>(index) / (fps > 0.0 ? fps : 24.0));
  }
  return result;
}

TEST(GoldenQwen3VlPreprocessing, FrameSamplingAndTimestamps) {
  const json::value all = tables();
  const json::array& rows = all.at("video_sampling").as_array();
  ASSERT_GE(rows.size(), 15U);
  for (const json::value& row : rows) {
    SCOPED_TRACE(json::serialize(row).substr(0, 120));
    SamplingOptions sampling = published_sampling();
    if (!row.at("arg_fps").is_null()) {
      sampling.frames_per_second = row.at("arg_fps").to_number<double>();
    }
    if (!row.at("arg_num_frames").is_null()) {
      sampling.mode = SamplingOptions::Mode::uniform;
      sampling.frames = integer(row.at("arg_num_frames"));
    }
    const double fps = row.at("fps").is_null() ? 0.0 : row.at("fps").to_number<double>();
    const std::vector<std::int64_t> indices = sample_frame_indices(
        integer(row.at("total_frames")), fps > 0 ? std::optional(fps) : std::nullopt, sampling);
    EXPECT_EQ(static_cast<std::int64_t>(indices.size()), integer(row.at("count")));
    expect_list(row.at("indices").as_array(), indices, integer);
    const json::array& texts = row.at("timestamps_text").as_array();
    std::vector<std::string> ours = timestamp_texts(seconds(indices, fps), 2);
    EXPECT_EQ(ours.size(), (indices.size() + 1) / 2);
    ours.resize(std::min(ours.size(), texts.size()));  // the file keeps the first forty
    EXPECT_EQ(ours.size(), std::min<std::size_t>((indices.size() + 1) / 2, 40));
    expect_list(texts, ours, [](const json::value& text) { return std::string(text.as_string()); });
  }
}

cv::Mat decoded_picture(const std::string& file) {
  const std::filesystem::path path = find_golden(kQwen3Vl + file);
  Media media;
  media.kind = Media::Kind::image;
  media.paths = {path.string()};
  return decode(media, {}).images.at(0);
}

VisionConfig tiny_vision() {
  return read_config(find_golden(kQwen3Vl + "model_untied/config.json")).vision;
}

PreprocessingOptions options_of(const json::value& entry) {
  PreprocessingOptions options;
  options.minimum_pixels = integer(entry.at("shortest_edge"));
  options.maximum_pixels = integer(entry.at("longest_edge"));
  return options;
}

TEST(GoldenQwen3VlPreprocessing, ResizedPicturesAndPatches) {
  const json::value all = json::parse(read_golden(kQwen3Vl + "preprocess/images.json"));
  const auto stored = read_safetensors(find_golden(kQwen3Vl + "preprocess/images.safetensors"));
  std::set<std::string> compared;
  double worst = 0.0;
  for (const json::value& entry : all.at("images").as_array()) {
    const std::string file(entry.at("file").as_string());
    SCOPED_TRACE(file);
    const std::string stem = file.substr(0, file.find('.')) + ".";
    const cv::Mat image = decoded_picture("preprocess/" + file);
    const PreprocessingOptions options = options_of(entry);
    const Patches patches = image_patches(tiny_vision(), options, image);
    const json::array& grid = entry.at("grid_thw").as_array();
    EXPECT_EQ(patches.grid, (Grid{integer(grid[0]), integer(grid[1]), integer(grid[2])}));
    if (entry.as_object().contains("pixel_values_sum")) {  // kept as sums only
      const torch::Tensor exact = patches.values.to(torch::kFloat64);
      EXPECT_NEAR(exact.sum().item<double>(), entry.at("pixel_values_sum").to_number<double>(),
                  1e-2);
      EXPECT_NEAR(exact.square().sum().item<double>(),
                  entry.at("pixel_values_sumsq").to_number<double>(), 1e-2);
      continue;
    }
    compared.insert(stem + "image_grid_thw");
    const PixelSize size =
        image_size({image.rows, image.cols}, 32, options.minimum_pixels, options.maximum_pixels);
    EXPECT_EQ(size.height, integer(entry.at("resized_height")));
    EXPECT_EQ(size.width, integer(entry.at("resized_width")));
    cv::Mat small =
        resize_bicubic(image, static_cast<int>(size.width), static_cast<int>(size.height));
    const torch::Tensor pixels =
        torch::from_blob(small.data, {size.height, size.width, 3}, torch::kUInt8)
            .permute({2, 0, 1});
    EXPECT_TRUE(torch::equal(pixels, stored.at(stem + "resized_u8_chw")));
    compared.insert(stem + "resized_u8_chw");
    const auto values = stored.find(stem + "pixel_values");
    if (values == stored.end()) continue;
    const double off = testing_support::difference(patches.values, values->second);
    EXPECT_LE(off, 1e-6);
    worst = std::max(worst, off);
    compared.insert(values->first);
  }
  for (const auto& [name, value] : stored) EXPECT_EQ(compared.count(name), 1U) << name;
  std::cout << "golden qwen3_vl preprocessing: worst patch value " << worst << std::endl;
}

// Frames of a [F, height, width, 3] tensor, which must outlive them.
std::vector<cv::Mat> frames_of(const torch::Tensor& frames,
                               const std::vector<std::int64_t>& indices) {
  std::vector<cv::Mat> images;
  for (const std::int64_t i : indices) {
    images.emplace_back(static_cast<int>(frames.size(1)), static_cast<int>(frames.size(2)), CV_8UC3,
                        frames[i].data_ptr());
  }
  return images;
}

TEST(GoldenQwen3VlPreprocessing, PixelsOfTheCases) {
  const json::object& summary = testing_support::qwen3_vl_summary();
  const PreprocessingOptions image_options = options_of(summary.at("image_processor_size"));
  const PreprocessingOptions video_options = options_of(summary.at("video_processor_size"));
  int images = 0, videos = 0;
  for (const std::string& name : testing_support::case_names(false)) {
    SCOPED_TRACE(name);
    const auto stored = testing_support::tensors_of_case(name);
    const json::object& facts = summary.at("cases").as_object().at(name).as_object();
    if (stored.count("in.pixel_values") > 0) {
      std::vector<torch::Tensor> values;
      std::vector<Grid> grids;
      for (const json::value& file : facts.at("images").as_array()) {
        const Patches patches = image_patches(tiny_vision(), image_options,
                                              decoded_picture(std::string(file.as_string())));
        values.push_back(patches.values);
        grids.push_back(patches.grid);
        ++images;
      }
      EXPECT_EQ(grids, testing_support::grids_of(stored.at("in.image_grid_thw")));
      EXPECT_LE(testing_support::difference(torch::cat(values), stored.at("in.pixel_values")),
                1e-6);
    }
    if (stored.count("in.video_frames_u8") > 0) {
      const json::value& video = facts.at("video");
      const std::vector<std::int64_t> indices =
          sample_frame_indices(integer(video.at("total_num_frames")),
                               video.at("fps").to_number<double>(), published_sampling());
      const Patches patches = video_patches(tiny_vision(), video_options,
                                            frames_of(stored.at("in.video_frames_u8"), indices));
      EXPECT_EQ(std::vector<Grid>{patches.grid},
                testing_support::grids_of(stored.at("in.video_grid_thw")));
      EXPECT_LE(testing_support::difference(patches.values, stored.at("in.pixel_values_videos")),
                1e-6);
      ++videos;
    }
  }
  EXPECT_EQ(images, 5);
  EXPECT_EQ(videos, 1);
}

TEST(GoldenQwen3VlPreprocessing, OddNumberOfFrames) {
  const std::filesystem::path path =
      find_golden(kQwen3Vl + "preprocess/video_odd_frames.safetensors");
  const auto odd = read_safetensors(path);
  const Patches patches = video_patches(
      tiny_vision(), options_of(testing_support::qwen3_vl_summary().at("video_processor_size")),
      frames_of(odd.at("frames_u8"), {0, 1, 2, 3, 4}));
  EXPECT_EQ(std::vector<Grid>{patches.grid}, testing_support::grids_of(odd.at("video_grid_thw")));
  EXPECT_LE(testing_support::difference(patches.values, odd.at("pixel_values_videos")), 1e-6);
}

}  // namespace
}  // namespace winnow::qwen3_vl
