#include "models/internvl/options.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/errors.h"

namespace winnow::internvl {
namespace {

constexpr std::int64_t kMergeSize = 2;
constexpr std::int64_t kSmallMaximumTiles = 4;

void require(bool holds, const std::string& message) {
  if (!holds) throw ConfigError(message);
}

}  // namespace

config::Help help(const Options& options) {
  using config::at_least;
  config::Help result = help(static_cast<const CheckpointOptions&>(options));
  result.insert(
      result.end(),
      {{"minimum_tiles", "of a picture, at least; absent: as the checkpoint says", at_least(1)},
       {"maximum_tiles",
        "of a picture, at most, without its thumbnail; absent: as the checkpoint says",
        at_least(1)},
       {"tile_size", "without path: side of a tile, pixels; an even number of patches",
        at_least(4)}});
  return result;
}

Group group_of(const std::string& parameter) {
  if (parameter.starts_with("text.")) return Group::text;
  return parameter.starts_with("projector.") ? Group::projector : Group::vision;
}

Config small_config(const Options& options, std::int64_t vocabulary, std::int64_t image_token) {
  require(options.width % options.heads == 0 && options.width / options.heads % 2 == 0,
          fmt::format("model.width = {} over model.heads = {} is not an even number", options.width,
                      options.heads));
  require(options.vision_width % options.vision_heads == 0,
          fmt::format("model.vision_heads = {} does not divide model.vision_width = {}",
                      options.vision_heads, options.vision_width));
  require(options.tile_size % (options.patch_size * kMergeSize) == 0,
          fmt::format("model.tile_size = {} is not an even number of patches of "
                      "model.patch_size = {} pixels",
                      options.tile_size, options.patch_size));
  Config config;
  config.vision = {.layers = options.vision_layers,
                   .hidden_size = options.vision_width,
                   .intermediate_size = options.mlp_ratio * options.vision_width,
                   .heads = options.vision_heads,
                   .channels = 3,
                   .tile_size = options.tile_size,
                   .patch_size = options.patch_size,
                   .norm_epsilon = 1e-6,
                   .rms_norm = false,
                   .attention_bias = true,
                   .query_key_norm = false};
  config.text = {small_text_shape(options, vocabulary), 1e6, 1.0, 32768};
  config.merge_size = kMergeSize;
  config.tied = true;
  config.image_token = image_token;
  return config;
}

PreprocessingOptions small_media_options() {
  PreprocessingOptions options;
  options.maximum_tiles = kSmallMaximumTiles;
  return options;
}

PreprocessingOptions with_tiles_of(const Options& options, PreprocessingOptions media) {
  media.minimum_tiles = options.minimum_tiles.value_or(media.minimum_tiles);
  media.maximum_tiles = options.maximum_tiles.value_or(media.maximum_tiles);
  // A maximum below the checkpoint's minimum is meant, and the other way round.
  if (!options.minimum_tiles) {
    media.minimum_tiles = std::min(media.minimum_tiles, media.maximum_tiles);
  }
  if (!options.maximum_tiles) {
    media.maximum_tiles = std::max(media.minimum_tiles, media.maximum_tiles);
  }
  require(media.minimum_tiles <= media.maximum_tiles,
          fmt::format("model.minimum_tiles = {} is above model.maximum_tiles = {}",
                      media.minimum_tiles, media.maximum_tiles));
  return media;
}

}  // namespace winnow::internvl
