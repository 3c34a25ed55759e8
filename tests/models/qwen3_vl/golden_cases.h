#pragma once
// The cases of golden/qwen3_vl_tiny: reference values of a tiny Qwen3-VL with random weights.

#include "models/golden_folder.h"
#include "models/qwen3_vl/batch.h"

namespace winnow::testing_support {

inline const std::string kQwen3Vl = "qwen3_vl_tiny/";

inline const GoldenFolder& qwen3_vl_golden() {
  static const GoldenFolder folder(kQwen3Vl);
  return folder;
}

inline const boost::json::object& qwen3_vl_summary() { return qwen3_vl_golden().summary(); }

struct Qwen3VlModel {
  qwen3_vl::Config config;
  qwen3_vl::Weights weights;
};

inline Qwen3VlModel load_golden_model(const std::string& folder) {
  const std::filesystem::path config = find_golden(kQwen3Vl + folder + "/config.json");
  if (config.empty()) throw std::runtime_error("no golden model " + folder);
  Qwen3VlModel model;
  model.config = qwen3_vl::read_config(config);
  model.weights = qwen3_vl::load_weights(model.config, config.parent_path());
  return model;
}

// The tiny model that a case was made with.
inline Qwen3VlModel model_of_case(const std::string& name) {
  if (!name.ends_with("tied")) return load_golden_model("model_untied");
  // The other one without its output layer.
  Qwen3VlModel model = load_golden_model("model_untied");
  model.config = qwen3_vl::read_config(find_golden(kQwen3Vl + "model_tied/config.json"));
  model.weights.text.head = torch::Tensor();
  return model;
}

inline Tensors tensors_of_case(const std::string& name) { return qwen3_vl_golden().tensors(name); }
inline Tensors inputs_of_case(const std::string& name) { return qwen3_vl_golden().inputs(name); }
inline std::set<std::string> case_names(bool generate) {
  return qwen3_vl_golden().case_names(generate);
}

inline std::vector<qwen3_vl::Grid> grids_of(const torch::Tensor& rows) {  // [n, 3]
  std::vector<qwen3_vl::Grid> grids;
  const auto values = rows.accessor<std::int64_t, 2>();
  for (std::int64_t i = 0; i < rows.size(0); ++i) {
    grids.push_back({values[i][0], values[i][1], values[i][2]});
  }
  return grids;
}

// Patches and grids of a case's images or videos.
struct GoldenPatches {
  torch::Tensor values;  // undefined: none
  std::vector<qwen3_vl::Grid> grids;
};
inline GoldenPatches golden_images(const Tensors& inputs) {
  if (inputs.count("in.image_grid_thw") == 0) return {};
  return {inputs.at("in.pixel_values"), grids_of(inputs.at("in.image_grid_thw"))};
}
inline GoldenPatches golden_videos(const Tensors& inputs) {
  if (inputs.count("in.video_grid_thw") == 0) return {};
  return {inputs.at("in.pixel_values_videos"), grids_of(inputs.at("in.video_grid_thw"))};
}

// A case as inputs of the common interface, from what a tower made of its media in their order.
inline std::vector<ModelInput> golden_inputs(const qwen3_vl::Config& config, const Tensors& inputs,
                                             const std::vector<VisualTokens>& images,
                                             const std::vector<VisualTokens>& videos) {
  auto image = images.begin(), video = videos.begin();
  std::vector<ModelInput> result;
  for (std::int64_t row = 0; row < inputs.at("in.input_ids").size(0); ++row) {
    ModelInput input = input_of_row(inputs, row);
    std::int64_t groups = 0;  // of the video at hand that are still to come
    for (std::size_t i = 1; i < input.tokens.size(); ++i) {
      if (input.tokens[i - 1] != config.vision_start_token) continue;
      if (input.tokens[i] == config.image_token) input.visual.push_back(*image++);
      if (input.tokens[i] != config.video_token) continue;
      if (groups == 0) {
        input.visual.push_back(*video++);
        groups = input.visual.back().layout.grid.at(0);
      }
      --groups;
    }
    result.push_back(std::move(input));
  }
  EXPECT_TRUE(image == images.end() && video == videos.end());
  return result;
}

}  // namespace winnow::testing_support
