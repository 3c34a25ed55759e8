#pragma once
// The cases of golden/internvl_tiny: reference values of a tiny InternVL3 with random weights.

#include "models/golden_folder.h"
#include "models/internvl/batch.h"
#include "models/internvl/vision_tower.h"

namespace winnow::testing_support {

inline const GoldenFolder& internvl_golden() {
  static const GoldenFolder folder("internvl_tiny/");
  return folder;
}

struct InternVlModel {
  internvl::Config config;
  internvl::Weights weights;
};

inline internvl::Config internvl_config(const std::string& folder) {
  const std::filesystem::path config = internvl_golden().find(folder + "/config.json");
  if (config.empty()) throw std::runtime_error("no golden model " + folder);
  return internvl::read_config(config);
}

// The tiny model that a case was made with.
inline InternVlModel internvl_model_of(const std::string& case_name) {
  const std::string folder = case_name.ends_with("rms_qknorm") ? "model_rms_qknorm" : "model";
  InternVlModel model;
  model.config = internvl_config(folder);
  model.weights = internvl::load_weights(
      model.config, internvl_golden().find(folder + "/config.json").parent_path());
  if (case_name.ends_with("tied")) {  // the same weights without the output layer
    model.config = internvl_config("model_tied");
    model.weights.text.head = torch::Tensor();
  }
  return model;
}

// A case as inputs of the common interface. merged: [tiles, M, K] of all its tiles as a tower gives
// them; undefined without media.
inline std::vector<ModelInput> golden_inputs(const internvl::Config& config, const Tensors& inputs,
                                             const torch::Tensor& merged) {
  std::vector<ModelInput> result;
  std::int64_t begin = 0;
  for (std::int64_t row = 0; row < inputs.at("in.input_ids").size(0); ++row) {
    ModelInput input = input_of_row(inputs, row);
    const auto places = std::count(input.tokens.begin(), input.tokens.end(), config.image_token);
    const std::int64_t tiles = places / config.tokens_per_tile();
    if (tiles > 0) {
      input.visual.push_back({merged.narrow(0, begin, tiles).flatten(0, 1), {{tiles}, {}, false}});
    }
    begin += tiles;
    result.push_back(std::move(input));
  }
  EXPECT_EQ(begin, merged.defined() ? merged.size(0) : 0);
  return result;
}

}  // namespace winnow::testing_support
