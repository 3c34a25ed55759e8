#pragma once
// The options of a Qwen3-VL model and the architecture of one that is trained from nothing.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "models/checkpoint_options.h"
#include "models/qwen3_vl/config.h"
#include "models/qwen3_vl/media_options.h"

namespace winnow::qwen3_vl {

struct Options : CheckpointOptions {
  std::optional<std::int64_t> minimum_pixels, maximum_pixels;
  std::optional<std::int64_t> video_minimum_pixels, video_maximum_pixels;
};
BOOST_DESCRIBE_STRUCT(Options, (CheckpointOptions),
                      (minimum_pixels, maximum_pixels, video_minimum_pixels, video_maximum_pixels))
config::Help help(const Options&);

// By our name of the parameter. All mergers, those of the deepstack among them, are the projector.
Group group_of(const std::string& parameter);

// The architecture that the options ask for, over a vocabulary of that size with these ids of
// control tokens in the order of kControlTokens. Throws ConfigError where they contradict.
Config small_config(const Options& options, std::int64_t vocabulary,
                    const std::vector<std::int64_t>& control_tokens);

// Control tokens of the chat layout; small_config looks for the last four.
inline const std::vector<std::string> kControlTokens = {
    "<|endoftext|>",  "<|im_start|>",  "<|im_end|>",   "<|vision_start|>",
    "<|vision_end|>", "<|image_pad|>", "<|video_pad|>"};

// Pixel bounds of such a model: from one token to a few hundred for a picture.
MediaOptions small_media_options(const Config& config);

// With the bounds that the options set in place of the checkpoint's. Throws ConfigError when a
// minimum is above its maximum.
MediaOptions with_bounds_of(const Options& options, MediaOptions media);

}  // namespace winnow::qwen3_vl
