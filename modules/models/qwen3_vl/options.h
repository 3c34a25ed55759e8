#pragma once
// The options of a Qwen3-VL model and the architecture of one that is trained from nothing.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

#include "config/options.h"
#include "models/lora.h"
#include "models/qwen3_vl/config.h"
#include "models/qwen3_vl/media_options.h"

namespace winnow::qwen3_vl {

// Parameters that are trained or frozen together: the tower's blocks; the mergers to text width,
// those of the deepstack among them; embeddings, text layers and output layer.
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
  std::optional<std::int64_t> minimum_pixels, maximum_pixels;
  std::optional<std::int64_t> video_minimum_pixels, video_maximum_pixels;
  // Where `path` is empty:
  std::int64_t width = 128;
  std::int64_t layers = 3;
  std::int64_t heads = 4;
  std::int64_t key_value_heads = 2;
  std::int64_t mlp_ratio = 3;
  std::int64_t vision_width = 64;
  std::int64_t vision_layers = 2;
  std::int64_t vision_heads = 2;
  std::int64_t patch_size = 16;
  std::int64_t vocabulary_tokens = 1024;
};
BOOST_DESCRIBE_STRUCT(Options, (),
                      (path, freeze, lora, precision, maximum_length, minimum_pixels,
                       maximum_pixels, video_minimum_pixels, video_maximum_pixels, width, layers,
                       heads, key_value_heads, mlp_ratio, vision_width, vision_layers, vision_heads,
                       patch_size, vocabulary_tokens))
config::Help help(const Options&);

bool freezes(const Options& options, Group group);
// By our name of the parameter.
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
