#include "models/checkpoint_options.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/errors.h"

namespace winnow {

config::Help help(const CheckpointOptions&) {
  using config::at_least;
  return {
      {"path", "folder of a Hugging Face checkpoint; empty: a small model, trained from nothing"},
      {"freeze", "groups that training leaves as they are: vision, projector, text"},
      {"lora", "adapters of low rank that are trained in place of the weights"},
      {"precision", "of weights and arithmetic"},
      {"device", "that the model runs on: cpu, cuda, cuda:1"},
      {"gradient_checkpointing",
       "whether the backward pass computes the inside of layers and tower blocks again: less "
       "memory, a third more time"},
      {"maximum_length", "tokens of a conversation at most, visual ones included", at_least(16)},
      {"width", "without path: width of the text model", at_least(8)},
      {"layers", "without path: layers of the text model", at_least(1)},
      {"heads", "without path: query heads; divides width", at_least(1)},
      {"key_value_heads", "without path: key and value heads; divides heads", at_least(1)},
      {"mlp_ratio", "without path: width of the feed-forward parts over that of the model",
       at_least(1)},
      {"vision_width", "without path: width of the vision tower", at_least(8)},
      {"vision_layers", "without path: layers of the vision tower", at_least(1)},
      {"vision_heads", "without path: heads of the tower; divides vision_width", at_least(1)},
      {"patch_size", "without path: pixels; a visual token is 2 x 2 patches", at_least(2)},
      {"vocabulary_tokens", "without path: tokens that the tokenizer learns at most",
       at_least(264)}};
}

TextShape small_text_shape(const CheckpointOptions& options, std::int64_t vocabulary) {
  if (options.heads % options.key_value_heads != 0) {
    throw ConfigError(fmt::format("model.key_value_heads = {} does not divide model.heads = {}",
                                  options.key_value_heads, options.heads));
  }
  TextShape shape;
  shape.vocabulary = vocabulary;
  shape.hidden_size = options.width;
  shape.intermediate_size = options.mlp_ratio * options.width;
  shape.layers = options.layers;
  shape.heads = options.heads;
  shape.key_value_heads = options.key_value_heads;
  shape.head_size = options.width / options.heads;
  shape.norm_epsilon = 1e-6;
  return shape;
}

bool CheckpointOptions::freezes(Group group) const {
  return std::find(freeze.begin(), freeze.end(), group) != freeze.end();
}

torch::ScalarType CheckpointOptions::dtype() const {
  return precision == Precision::bfloat16 ? torch::kBFloat16 : torch::kFloat32;
}

torch::TensorOptions CheckpointOptions::kind() const {
  return torch::TensorOptions(dtype()).device(device.device);
}

}  // namespace winnow
