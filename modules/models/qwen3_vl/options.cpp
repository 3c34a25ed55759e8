#include "models/qwen3_vl/options.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/errors.h"

namespace winnow::qwen3_vl {
namespace {

constexpr std::int64_t kPositionsPerSide = 8;
constexpr std::int64_t kMostImageTokens = 256, kMostVideoTokens = 8192;
constexpr std::size_t kMostDeepstack = 3;

// Shares of time, height and width as in the published models: 24, 20 and 20 of 64.
std::vector<std::int64_t> rope_sections(std::int64_t head_size) {
  const std::int64_t half = head_size / 2, side = half * 5 / 16;
  return {half - 2 * side, side, side};
}

void require(bool holds, const std::string& message) {
  if (!holds) throw ConfigError(message);
}

void set_bounds(const std::optional<std::int64_t>& minimum,
                const std::optional<std::int64_t>& maximum, const std::string& prefix,
                PreprocessingOptions& options) {
  options.minimum_pixels = minimum.value_or(options.minimum_pixels);
  options.maximum_pixels = maximum.value_or(options.maximum_pixels);
  // A maximum below the checkpoint's minimum is meant.
  if (!minimum) options.minimum_pixels = std::min(options.minimum_pixels, options.maximum_pixels);
  require(options.minimum_pixels <= options.maximum_pixels,
          fmt::format("model.{0}minimum_pixels = {1} is above model.{0}maximum_pixels = {2}",
                      prefix, options.minimum_pixels, options.maximum_pixels));
}

}  // namespace

config::Help help(const Options& options) {
  const auto minimum = config::between(1, static_cast<double>(kMostMinimumPixels));
  const auto maximum = config::between(1, static_cast<double>(kMostMaximumPixels));
  config::Help result = help(static_cast<const CheckpointOptions&>(options));
  result.insert(
      result.end(),
      {{"minimum_pixels", "a picture is enlarged to; absent: as the checkpoint says", minimum},
       {"maximum_pixels", "a picture is reduced to; absent: as the checkpoint says", maximum},
       {"video_minimum_pixels", "as minimum_pixels, of all frames of a clip together", minimum},
       {"video_maximum_pixels", "as maximum_pixels, of all frames of a clip together", maximum}});
  return result;
}

Group group_of(const std::string& parameter) {
  if (parameter.starts_with("text.")) return Group::text;
  const bool merges =
      parameter.starts_with("vision.merger.") || parameter.starts_with("vision.deepstack.");
  return merges ? Group::projector : Group::vision;
}

Config small_config(const Options& options, std::int64_t vocabulary,
                    const std::vector<std::int64_t>& control_tokens) {
  require(options.width % options.heads == 0 && options.width / options.heads % 4 == 0,
          fmt::format("model.width = {} over model.heads = {} is not a multiple of 4",
                      options.width, options.heads));
  require(options.vision_width % options.vision_heads == 0 &&
              options.vision_width / options.vision_heads % 4 == 0,
          fmt::format("model.vision_width = {} over model.vision_heads = {} is not a multiple of 4",
                      options.vision_width, options.vision_heads));
  Config config;
  config.vision = {.depth = options.vision_layers,
                   .hidden_size = options.vision_width,
                   .intermediate_size = options.mlp_ratio * options.vision_width,
                   .heads = options.vision_heads,
                   .channels = 3,
                   .patch_size = options.patch_size,
                   .temporal_patch_size = 2,
                   .merge_size = 2,
                   .positions = kPositionsPerSide * kPositionsPerSide,
                   .output_size = options.width,
                   .deepstack_blocks = {}};
  // After the first blocks, but not the last, whose output goes in as it is.
  const std::size_t deepstack = std::min({kMostDeepstack, static_cast<std::size_t>(options.layers),
                                          static_cast<std::size_t>(options.vision_layers - 1)});
  for (std::size_t i = 0; i < deepstack; ++i) {
    config.vision.deepstack_blocks.push_back(static_cast<std::int64_t>(i));
  }
  const std::int64_t head_size = options.width / options.heads;
  config.text = {small_text_shape(options, vocabulary), 5e6, rope_sections(head_size)};
  config.tied = true;
  config.vision_start_token = control_tokens.at(3);
  config.vision_end_token = control_tokens.at(4);
  config.image_token = control_tokens.at(5);
  config.video_token = control_tokens.at(6);
  return config;
}

MediaOptions small_media_options(const Config& config) {
  const std::int64_t side = config.vision.patch_size * config.vision.merge_size;
  MediaOptions options;
  options.image.minimum_pixels = side * side;
  options.image.maximum_pixels = kMostImageTokens * side * side;
  options.video.minimum_pixels = side * side;
  options.video.maximum_pixels = kMostVideoTokens * side * side;
  return options;
}

MediaOptions with_bounds_of(const Options& options, MediaOptions media) {
  set_bounds(options.minimum_pixels, options.maximum_pixels, "", media.image);
  set_bounds(options.video_minimum_pixels, options.video_maximum_pixels, "video_", media.video);
  return media;
}

}  // namespace winnow::qwen3_vl
