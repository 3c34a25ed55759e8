#pragma once
// Pictures to files. The folder around them is synced as a whole by its owner, so the files are not
// synced one by one.

#include <filesystem>
#include <opencv2/core.hpp>
#include <string_view>
#include <vector>

namespace winnow::micro_world {

// Both throw IoError naming the path.
void write_plain(const std::filesystem::path& path, std::string_view bytes);
void write_picture(const std::filesystem::path& path, const cv::Mat& rgb);  // by extension
// MPEG-4 part 2 in an MP4 container.
void write_clip(const std::filesystem::path& path, const std::vector<cv::Mat>& rgb, double fps);

}  // namespace winnow::micro_world
