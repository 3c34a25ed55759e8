#pragma once
// What preprocessor_config.json and video_preprocessor_config.json of a checkpoint say.

#include <cstdint>
#include <filesystem>
#include <string>

#include "models/qwen3_vl/config.h"
#include "models/qwen3_vl/preprocessing.h"

namespace winnow::qwen3_vl {

// Bounds beyond which a number of pixels is a mistake: every picture is enlarged to the minimum,
// and no file holds a picture of the maximum.
inline constexpr std::int64_t kMostMinimumPixels = std::int64_t{1} << 26;
inline constexpr std::int64_t kMostMaximumPixels = std::int64_t{1} << 40;

struct MediaOptions {
  PreprocessingOptions image = {65536, 16777216};
  PreprocessingOptions video = {4096, 25165824};  // bounds of frames x height x width
};

// Of a checkpoint folder; the published defaults where a file is not there. Bounds may stand in
// `size` (shortest_edge and longest_edge, in pixels) or in `min_pixels` and `max_pixels`. Throws
// DataError naming file, key and value, also for patch sizes that are not those of the config.
MediaOptions read_media_options(const std::filesystem::path& folder, const Config& config);

// The files in the published layout, such that read_media_options gives them back.
std::string image_processor_text(const Config& config, const PreprocessingOptions& options);
std::string video_processor_text(const Config& config, const PreprocessingOptions& options);

}  // namespace winnow::qwen3_vl
