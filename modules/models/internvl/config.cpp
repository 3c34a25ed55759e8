#include "models/internvl/config.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <cmath>

#include "core/files.h"
#include "models/config_json.h"

namespace winnow::internvl {
namespace json = boost::json;
namespace {

// A side of a square: a number, or the two equal sides as a list.
std::int64_t square_side(const ConfigTable& table, const std::string& key, std::int64_t most) {
  if (!table.is_list(key)) return table.integer(key, 1, most);
  const std::vector<std::int64_t> sides = table.integers(key, most);
  if (sides.size() != 2 || sides[0] != sides[1] || sides[0] < 1) {
    table.refuse(key, fmt::format("two equal numbers from 1 to {}", most));
  }
  return sides[0];
}

VisionConfig vision_config(const ConfigTable& table) {
  VisionConfig vision;
  table.expect_text("hidden_act", "gelu");
  table.expect_if_there("use_absolute_position_embeddings", true);
  table.expect_if_there("use_mask_token", false);
  table.expect_if_there("use_mean_pooling", true);  // else a last norm would follow
  vision.layers = table.integer("num_hidden_layers", 1, kMostLayers);
  vision.hidden_size = table.integer("hidden_size", 1, kLargestSize);
  vision.intermediate_size = table.integer("intermediate_size", 1, kLargestSize);
  vision.heads = table.integer("num_attention_heads", 1, vision.hidden_size);
  if (vision.hidden_size % vision.heads != 0) {
    table.refuse("num_attention_heads", "a divisor of hidden_size");
  }
  vision.channels = table.integer("num_channels", 3, 3);
  vision.tile_size = square_side(table, "image_size", 1 << 14);
  vision.patch_size = square_side(table, "patch_size", vision.tile_size);
  if (vision.tile_size % vision.patch_size != 0) {
    table.refuse("patch_size", fmt::format("a divisor of image_size {}", vision.tile_size));
  }
  vision.norm_epsilon = table.positive("layer_norm_eps");
  vision.rms_norm = table.choice("norm_type", {"layer_norm", "rms_norm"}) == "rms_norm";
  vision.attention_bias = table.boolean("attention_bias");
  vision.query_key_norm = table.boolean("use_qk_norm");
  return vision;
}

void read_rope(const ConfigTable& table, TextConfig& text) {
  text.maximum_positions = table.integer("max_position_embeddings", 1, std::int64_t{1} << 40);
  const bool together = table.has("rope_parameters");
  if (!together && !table.has("rope_scaling")) {
    text.rope_theta = table.positive("rope_theta");
    return;
  }
  const ConfigTable rope = table.table(together ? "rope_parameters" : "rope_scaling");
  text.rope_theta = (together ? rope : table).positive("rope_theta");
  // Older tools write `type` for `rope_type`.
  const std::string key = rope.has("rope_type") || !rope.has("type") ? "rope_type" : "type";
  if (rope.choice(key, {"default", "dynamic"}) == "default") return;
  text.rope_factor = rope.positive("factor");
  if (text.rope_factor < 1.0) rope.refuse("factor", "at least 1");
}

TextConfig text_config(const ConfigTable& table) {
  TextConfig text;
  table.expect_text("model_type", "qwen2");
  table.expect_if_there("use_sliding_window", false);
  read_text_shape(table, text);
  text.head_size = text.hidden_size / text.heads;
  if (text.hidden_size % text.heads != 0 || text.head_size % 2 != 0) {
    table.refuse("num_attention_heads", "such that hidden_size / num_attention_heads is even");
  }
  if (table.has("head_dim") && table.integer("head_dim", 1, kLargestSize) != text.head_size) {
    table.refuse("head_dim", fmt::format("hidden_size / num_attention_heads = {}", text.head_size));
  }
  read_rope(table, text);
  return text;
}

}  // namespace

Config parse_config(const std::string& text, const std::string& name) {
  const json::object object = parse_config_object(text, name);
  const ConfigTable table(name, "", object);
  if (const json::value* type = object.if_contains("model_type");
      type != nullptr && *type == "internvl_chat") {
    table.refuse("model_type", "\"internvl\": the checkpoints whose names end in -hf");
  }
  table.expect_text("model_type", "internvl");
  table.expect_text("projector_hidden_act", "gelu");
  Config config;
  config.vision = vision_config(table.table("vision_config"));
  const ConfigTable text_table = table.table("text_config");
  config.text = text_config(text_table);
  config.tied = read_tied(table, text_table);
  if (table.has("vision_feature_layer")) table.integer("vision_feature_layer", -1, -1);
  if (table.has("vision_feature_select_strategy")) {
    table.expect_text("vision_feature_select_strategy", "default");
  }
  const double ratio = table.positive("downsample_ratio");
  config.merge_size = ratio > 1.0 / 64 ? std::llround(1.0 / ratio) : 0;
  if (config.merge_size < 1 || ratio * static_cast<double>(config.merge_size) != 1.0 ||
      config.vision.patches_per_side() % config.merge_size != 0) {
    table.refuse("downsample_ratio",
                 fmt::format("one over a divisor of a tile's {} patches per side",
                             config.vision.patches_per_side()));
  }
  if (table.has("image_seq_length") &&
      table.integer("image_seq_length", 1, kLargestSize) != config.tokens_per_tile()) {
    table.refuse("image_seq_length", fmt::format("the {} tokens that a tile of this config gives",
                                                 config.tokens_per_tile()));
  }
  config.image_token = table.integer("image_token_id", 0, config.text.vocabulary - 1);
  return config;
}

Config read_config(const std::filesystem::path& path) {
  return parse_config(read_file(path), path.string());
}

std::string config_text(const Config& config) {
  const VisionConfig& vision = config.vision;
  const TextConfig& text = config.text;
  json::object text_table = {{"architectures", json::array{"Qwen2ForCausalLM"}},
                             {"hidden_act", "silu"},
                             {"hidden_size", text.hidden_size},
                             {"intermediate_size", text.intermediate_size},
                             {"max_position_embeddings", text.maximum_positions},
                             {"model_type", "qwen2"},
                             {"num_attention_heads", text.heads},
                             {"num_hidden_layers", text.layers},
                             {"num_key_value_heads", text.key_value_heads},
                             {"rms_norm_eps", text.norm_epsilon},
                             {"rope_scaling", nullptr},
                             {"rope_theta", text.rope_theta},
                             {"tie_word_embeddings", config.tied},
                             {"use_sliding_window", false},
                             {"vocab_size", text.vocabulary}};
  if (text.rope_factor != 1.0) {
    text_table["rope_scaling"] =
        json::object{{"factor", text.rope_factor}, {"rope_type", "dynamic"}};
  }
  const json::object vision_table = {
      {"attention_bias", vision.attention_bias},
      {"hidden_act", "gelu"},
      {"hidden_size", vision.hidden_size},
      {"image_size", json::array{vision.tile_size, vision.tile_size}},
      {"intermediate_size", vision.intermediate_size},
      {"layer_norm_eps", vision.norm_epsilon},
      {"model_type", "internvl_vision"},
      {"norm_type", vision.rms_norm ? "rms_norm" : "layer_norm"},
      {"num_attention_heads", vision.heads},
      {"num_channels", vision.channels},
      {"num_hidden_layers", vision.layers},
      {"patch_size", json::array{vision.patch_size, vision.patch_size}},
      {"use_absolute_position_embeddings", true},
      {"use_mask_token", false},
      {"use_mean_pooling", true},
      {"use_qk_norm", vision.query_key_norm}};
  const json::object all = {{"architectures", json::array{"InternVLForConditionalGeneration"}},
                            {"downsample_ratio", 1.0 / static_cast<double>(config.merge_size)},
                            {"image_seq_length", config.tokens_per_tile()},
                            {"image_token_id", config.image_token},
                            {"model_type", "internvl"},
                            {"projector_hidden_act", "gelu"},
                            {"text_config", text_table},
                            {"tie_word_embeddings", config.tied},
                            {"vision_config", vision_table},
                            {"vision_feature_layer", -1},
                            {"vision_feature_select_strategy", "default"}};
  return json::serialize(all) + "\n";
}

}  // namespace winnow::internvl
