#pragma once
// What the options of all families of published checkpoints have in common.

#include <cstdint>
#include <filesystem>
#include <vector>

#include "config/options.h"
#include "models/compute_device.h"
#include "models/lora.h"
#include "models/text_decoder.h"
#include "models/torch.h"

namespace winnow {

// Parameters that are trained or frozen together: the vision tower; what brings its features to
// text width; embeddings, text layers and output layer.
enum class Group { vision, projector, text };
BOOST_DESCRIBE_ENUM(Group, vision, projector, text)
enum class Precision { float32, bfloat16 };
BOOST_DESCRIBE_ENUM(Precision, float32, bfloat16)

struct CheckpointOptions {
  std::filesystem::path path;
  std::vector<Group> freeze;
  LoraOptions lora;
  Precision precision = Precision::float32;
  ComputeDevice device;
  bool gradient_checkpointing = false;
  std::int64_t maximum_length = 8192;
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

  bool freezes(Group group) const;
  torch::ScalarType dtype() const;
  // Dtype and device of the weights.
  torch::TensorOptions kind() const;
};
BOOST_DESCRIBE_STRUCT(CheckpointOptions, (),
                      (path, freeze, lora, precision, device, gradient_checkpointing,
                       maximum_length, width, layers, heads, key_value_heads, mlp_ratio,
                       vision_width, vision_layers, vision_heads, patch_size, vocabulary_tokens))
config::Help help(const CheckpointOptions&);

// The text model that options without a path describe, over a vocabulary of that size. Throws
// ConfigError where they contradict each other.
TextShape small_text_shape(const CheckpointOptions& options, std::int64_t vocabulary);

}  // namespace winnow
