#pragma once
// The options of an InternVL3 model and the architecture of one that is trained from nothing.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "config/options.h"
#include "models/internvl/config.h"
#include "models/internvl/preprocessing.h"
#include "models/lora.h"

namespace winnow::internvl {

// Parameters that are trained or frozen together: the tower; the projector to text width;
// embeddings, text layers and output layer.
enum class Group { vision, projector, text };
BOOST_DESCRIBE_ENUM(Group, vision, projector, text)
enum class Precision { float32, bfloat16 };
BOOST_DESCRIBE_ENUM(Precision, float32, bfloat16)

struct Options {
  std::filesystem::path path;
  std::vector<Group> freeze;
  LoraOptions lora;
  Precision precision = Precision::float32;
  std::int64_t maximum_length = 8192;
  std::optional<std::int64_t> minimum_tiles, maximum_tiles;
  // Where `path` is empty:
  std::int64_t width = 128;
  std::int64_t layers = 3;
  std::int64_t heads = 4;
  std::int64_t key_value_heads = 2;
  std::int64_t mlp_ratio = 3;
  std::int64_t vision_width = 64;
  std::int64_t vision_layers = 2;
  std::int64_t vision_heads = 2;
  std::int64_t tile_size = 64;
  std::int64_t patch_size = 16;
  std::int64_t vocabulary_tokens = 1024;
};
BOOST_DESCRIBE_STRUCT(Options, (),
                      (path, freeze, lora, precision, maximum_length, minimum_tiles, maximum_tiles,
                       width, layers, heads, key_value_heads, mlp_ratio, vision_width,
                       vision_layers, vision_heads, tile_size, patch_size, vocabulary_tokens))
config::Help help(const Options&);

bool freezes(const Options& options, Group group);
// By our name of the parameter.
Group group_of(const std::string& parameter);

// Control tokens of the chat layout.
inline const std::vector<std::string> kControlTokens = {
    "<|endoftext|>", "<|im_start|>", "<|im_end|>", "<img>", "</img>", "<IMG_CONTEXT>"};

// The architecture that the options ask for, over a vocabulary of that size in which a visual token
// is `image_token`. Throws ConfigError where they contradict.
Config small_config(const Options& options, std::int64_t vocabulary, std::int64_t image_token);

// Tiling of such a model: at most four tiles for a picture.
PreprocessingOptions small_media_options();

// With the numbers of tiles that the options set in place of the checkpoint's. Throws ConfigError
// when the minimum is above the maximum.
PreprocessingOptions with_tiles_of(const Options& options, PreprocessingOptions media);

}  // namespace winnow::internvl
