#pragma once
// The options of an InternVL3 model and the architecture of one that is trained from nothing.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "models/checkpoint_options.h"
#include "models/internvl/config.h"
#include "models/internvl/preprocessing.h"

namespace winnow::internvl {

struct Options : CheckpointOptions {
  std::optional<std::int64_t> minimum_tiles, maximum_tiles;
  std::int64_t tile_size = 64;  // where `path` is empty
};
BOOST_DESCRIBE_STRUCT(Options, (CheckpointOptions), (minimum_tiles, maximum_tiles, tile_size))
config::Help help(const Options&);

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
