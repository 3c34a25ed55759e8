#pragma once
// The cases of golden/internvl_tiny: reference values of a tiny InternVL3 with random weights.

#include "models/golden_folder.h"
#include "models/internvl/network.h"

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

// The inputs with what our tower makes of their tiles. Observed: "vision." + what encode_tiles
// observes.
inline internvl::Batch internvl_batch(const InternVlModel& model, const Tensors& inputs,
                                      const Observer& observe = {}) {
  internvl::Batch batch;
  batch.tokens = inputs.at("in.input_ids");
  batch.attention_mask = inputs.at("in.attention_mask");
  if (inputs.count("in.pixel_values") > 0) {
    batch.visual =
        internvl::encode_tiles(model.config, model.weights.vision, inputs.at("in.pixel_values"),
                               with_prefix(observe, "vision."))
            .flatten(0, 1);
  }
  return batch;
}

}  // namespace winnow::testing_support
