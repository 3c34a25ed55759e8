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

config::Help help(const Options&) {
  using config::at_least;
  return {
      {"path",
       "folder of a Hugging Face checkpoint (InternVL3-*-hf); empty: a small model, trained from "
       "nothing"},
      {"freeze", "groups that training leaves as they are: vision, projector, text"},
      {"lora", "adapters of low rank that are trained in place of the weights"},
      {"precision", "of weights and arithmetic"},
      {"maximum_length", "tokens of a conversation at most, visual ones included", at_least(16)},
      {"minimum_tiles", "of a picture, at least; absent: as the checkpoint says", at_least(1)},
      {"maximum_tiles",
       "of a picture, at most, without its thumbnail; absent: as the checkpoint says", at_least(1)},
      {"width", "without path: width of the text model", at_least(8)},
      {"layers", "without path: layers of the text model", at_least(1)},
      {"heads", "without path: query heads; width / heads is even", at_least(1)},
      {"key_value_heads", "without path: key and value heads; divides heads", at_least(1)},
      {"mlp_ratio", "without path: width of the feed-forward parts over that of the model",
       at_least(1)},
      {"vision_width", "without path: width of the vision tower", at_least(8)},
      {"vision_layers", "without path: layers of the vision tower", at_least(1)},
      {"vision_heads", "without path: heads of the tower; divides vision_width", at_least(1)},
      {"tile_size", "without path: side of a tile, pixels; an even number of patches", at_least(4)},
      {"patch_size", "without path: pixels; a visual token is 2 x 2 patches", at_least(2)},
      {"vocabulary_tokens", "without path: tokens that the tokenizer learns at most",
       at_least(264)}};
}

bool freezes(const Options& options, Group group) {
  return std::find(options.freeze.begin(), options.freeze.end(), group) != options.freeze.end();
}

Group group_of(const std::string& parameter) {
  if (parameter.starts_with("text.")) return Group::text;
  return parameter.starts_with("projector.") ? Group::projector : Group::vision;
}

Config small_config(const Options& options, std::int64_t vocabulary, std::int64_t image_token) {
  require(options.width % options.heads == 0 && options.width / options.heads % 2 == 0,
          fmt::format("model.width = {} over model.heads = {} is not an even number", options.width,
                      options.heads));
  require(options.heads % options.key_value_heads == 0,
          fmt::format("model.key_value_heads = {} does not divide model.heads = {}",
                      options.key_value_heads, options.heads));
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
  config.text = {.vocabulary = vocabulary,
                 .hidden_size = options.width,
                 .intermediate_size = options.mlp_ratio * options.width,
                 .layers = options.layers,
                 .heads = options.heads,
                 .key_value_heads = options.key_value_heads,
                 .norm_epsilon = 1e-6,
                 .rope_theta = 1e6,
                 .rope_factor = 1.0,
                 .maximum_positions = 32768};
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
