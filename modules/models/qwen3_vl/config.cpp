#include "models/qwen3_vl/config.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <cmath>

#include "core/files.h"
#include "models/config_json.h"

namespace winnow::qwen3_vl {
namespace json = boost::json;
namespace {

VisionConfig vision_config(const ConfigTable& table) {
  VisionConfig vision;
  table.expect_text("hidden_act", "gelu_pytorch_tanh");
  vision.depth = table.integer("depth", 1, kMostLayers);
  vision.hidden_size = table.integer("hidden_size", 1, kLargestSize);
  vision.intermediate_size = table.integer("intermediate_size", 1, kLargestSize);
  vision.heads = table.integer("num_heads", 1, vision.hidden_size);
  if (vision.hidden_size % vision.heads != 0 || vision.head_size() % 4 != 0) {
    table.refuse("num_heads", "such that hidden_size / num_heads is a multiple of 4");
  }
  vision.channels = table.integer("in_channels", 3, 3);
  vision.patch_size = table.integer("patch_size", 1, 1024);
  vision.temporal_patch_size = table.integer("temporal_patch_size", 1, 64);
  vision.merge_size = table.integer("spatial_merge_size", 1, 64);
  vision.positions = table.integer("num_position_embeddings", 1, kLargestSize);
  if (vision.positions_per_side() * vision.positions_per_side() != vision.positions) {
    table.refuse("num_position_embeddings", "a square number");
  }
  vision.output_size = table.integer("out_hidden_size", 1, kLargestSize);
  vision.deepstack_blocks = table.integers("deepstack_visual_indexes", vision.depth - 1);
  for (std::size_t i = 1; i < vision.deepstack_blocks.size(); ++i) {
    if (vision.deepstack_blocks[i] <= vision.deepstack_blocks[i - 1]) {
      table.refuse("deepstack_visual_indexes", "in ascending order");
    }
  }
  return vision;
}

void read_rope(const ConfigTable& table, TextConfig& text) {
  const bool together = table.has("rope_parameters");
  const ConfigTable rope = table.table(together ? "rope_parameters" : "rope_scaling");
  text.rope_theta = (together ? rope : table).positive("rope_theta");
  // Older tools write `type` for `rope_type`.
  rope.expect_text(rope.has("rope_type") || !rope.has("type") ? "rope_type" : "type", "default");
  if (rope.has("mrope_interleaved") && !rope.boolean("mrope_interleaved")) {
    rope.refuse("mrope_interleaved", "true");
  }
  text.rope_sections = rope.integers("mrope_section", text.head_size);
  const std::vector<std::int64_t>& sections = text.rope_sections;
  const std::int64_t half = text.head_size / 2;
  // Height takes every third frequency from the second on, width from the third on.
  if (sections.size() != 3 || sections[0] + sections[1] + sections[2] != half ||
      3 * sections[1] - 2 >= half || 3 * sections[2] - 1 >= half) {
    rope.refuse("mrope_section",
                fmt::format("three numbers with sum head_dim / 2 = {}, height and width at most a "
                            "third of it",
                            half));
  }
}

TextConfig text_config(const ConfigTable& table) {
  TextConfig text;
  read_text_shape(table, text);
  if (table.has("attention_bias") && table.boolean("attention_bias")) {
    table.refuse("attention_bias", "false");
  }
  text.head_size = table.integer("head_dim", 2, kLargestSize);
  if (text.head_size % 2 != 0) table.refuse("head_dim", "even");
  read_rope(table, text);
  return text;
}

}  // namespace

std::int64_t VisionConfig::positions_per_side() const {
  return std::llround(std::sqrt(static_cast<double>(positions)));
}

Config parse_config(const std::string& text, const std::string& name) {
  const json::object object = parse_config_object(text, name);
  const ConfigTable table(name, "", object);
  table.expect_text("model_type", "qwen3_vl");
  Config config;
  config.vision = vision_config(table.table("vision_config"));
  const ConfigTable text_table = table.table("text_config");
  config.text = text_config(text_table);
  if (config.vision.output_size != config.text.hidden_size) {
    table.table("vision_config")
        .refuse("out_hidden_size",
                fmt::format("the text model's hidden_size {}", config.text.hidden_size));
  }
  if (static_cast<std::int64_t>(config.vision.deepstack_blocks.size()) > config.text.layers) {
    table.table("vision_config")
        .refuse("deepstack_visual_indexes", "no longer than num_hidden_layers of the text model");
  }
  config.tied = read_tied(table, text_table);
  const std::int64_t last = config.text.vocabulary - 1;
  config.image_token = table.integer("image_token_id", 0, last);
  config.video_token = table.integer("video_token_id", 0, last);
  config.vision_start_token = table.integer("vision_start_token_id", 0, last);
  config.vision_end_token = table.integer("vision_end_token_id", 0, last);
  return config;
}

Config read_config(const std::filesystem::path& path) {
  return parse_config(read_file(path), path.string());
}

std::string config_text(const Config& config) {
  const VisionConfig& vision = config.vision;
  const TextConfig& text = config.text;
  const json::object text_table = {
      {"attention_bias", false},
      {"head_dim", text.head_size},
      {"hidden_act", "silu"},
      {"hidden_size", text.hidden_size},
      {"intermediate_size", text.intermediate_size},
      {"model_type", "qwen3_vl_text"},
      {"num_attention_heads", text.heads},
      {"num_hidden_layers", text.layers},
      {"num_key_value_heads", text.key_value_heads},
      {"rms_norm_eps", text.norm_epsilon},
      {"rope_scaling", json::object{{"mrope_interleaved", true},
                                    {"mrope_section", json::value_from(text.rope_sections)},
                                    {"rope_type", "default"}}},
      {"rope_theta", text.rope_theta},
      {"tie_word_embeddings", config.tied},
      {"vocab_size", text.vocabulary}};
  const json::object vision_table = {
      {"deepstack_visual_indexes", json::value_from(vision.deepstack_blocks)},
      {"depth", vision.depth},
      {"hidden_act", "gelu_pytorch_tanh"},
      {"hidden_size", vision.hidden_size},
      {"in_channels", vision.channels},
      {"intermediate_size", vision.intermediate_size},
      {"model_type", "qwen3_vl"},
      {"num_heads", vision.heads},
      {"num_position_embeddings", vision.positions},
      {"out_hidden_size", vision.output_size},
      {"patch_size", vision.patch_size},
      {"spatial_merge_size", vision.merge_size},
      {"temporal_patch_size", vision.temporal_patch_size}};
  const json::object all = {{"architectures", json::array{"Qwen3VLForConditionalGeneration"}},
                            {"image_token_id", config.image_token},
                            {"model_type", "qwen3_vl"},
                            {"text_config", text_table},
                            {"tie_word_embeddings", config.tied},
                            {"video_token_id", config.video_token},
                            {"vision_config", vision_table},
                            {"vision_end_token_id", config.vision_end_token},
                            {"vision_start_token_id", config.vision_start_token}};
  return json::serialize(all) + "\n";
}

}  // namespace winnow::qwen3_vl
