#pragma once
// The cases of golden/qwen3_vl_tiny: reference values of a tiny Qwen3-VL with random weights.

#include <algorithm>
#include <boost/json.hpp>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "golden.h"
#include "models/qwen3_vl/network.h"
#include "models/safetensors.h"

namespace winnow::testing_support {

inline const std::string kQwen3Vl = "qwen3_vl_tiny/";

inline const boost::json::object& qwen3_vl_summary() {
  static const boost::json::value summary =
      boost::json::parse(read_golden(kQwen3Vl + "cases/summary.json"));
  return summary.as_object();
}

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
  if (!find_golden(kQwen3Vl + "model_tied/model.safetensors").empty()) {
    return load_golden_model("model_tied");
  }
  // A clone's copy leaves it out: it is the other one without its output layer.
  Qwen3VlModel model = load_golden_model("model_untied");
  model.config = qwen3_vl::read_config(find_golden(kQwen3Vl + "model_tied/config.json"));
  model.weights.text.head = torch::Tensor();
  return model;
}

inline std::map<std::string, torch::Tensor> tensors_of_case(const std::string& name) {
  const std::filesystem::path path = find_golden(kQwen3Vl + "cases/" + name + ".safetensors");
  if (path.empty()) throw std::runtime_error("no golden case " + name);
  return read_safetensors(path);
}

// Names of the case files that are there, of those that begin with `generate_` or of the others.
// A clone's own copy has some; the folder they come from has all that summary.json lists.
inline std::set<std::string> case_names(bool generate) {
  std::set<std::string> names;
  for (const auto& root : golden_roots()) {
    const std::filesystem::path folder = root / (kQwen3Vl + "cases");
    if (!std::filesystem::exists(folder)) continue;
    for (const auto& file : std::filesystem::directory_iterator(folder)) {
      if (file.path().extension() != ".safetensors") continue;
      const std::string name = file.path().stem();
      if (name.starts_with("generate_") == generate) names.insert(name);
    }
  }
  return names;
}

inline std::vector<qwen3_vl::Grid> grids_of(const torch::Tensor& rows) {  // [n, 3]
  std::vector<qwen3_vl::Grid> grids;
  const auto values = rows.accessor<std::int64_t, 2>();
  for (std::int64_t i = 0; i < rows.size(0); ++i) {
    grids.push_back({values[i][0], values[i][1], values[i][2]});
  }
  return grids;
}

// Inputs of a case with what it takes from others filled in.
inline std::map<std::string, torch::Tensor> inputs_of_case(const std::string& name) {
  std::map<std::string, torch::Tensor> inputs = tensors_of_case(name);
  const auto take = [&](const std::string& other, const std::string& only) {
    for (const auto& [key, value] : inputs_of_case(other)) {
      if (key.starts_with("in.") && (only.empty() || key == only)) inputs.emplace(key, value);
    }
  };
  const std::string generate = "generate_";
  if (name.starts_with(generate)) {
    take(name.substr(generate.size()), "");
    return inputs;
  }
  const boost::json::object& facts =
      qwen3_vl_summary().at("cases").as_object().at(name).as_object();
  if (const auto* from = facts.if_contains("inputs_from")) {
    for (const auto& [key, other] : from->as_object()) {
      take(std::string(other.as_string()), std::string(key));
    }
  }
  const std::string those_of = "those of ";
  if (const auto* text = facts.if_contains("inputs")) {
    take(std::string(text->as_string()).substr(those_of.size()), "");
  }
  return inputs;
}

inline qwen3_vl::Batch batch_of(const std::map<std::string, torch::Tensor>& inputs) {
  qwen3_vl::Batch batch;
  batch.tokens = inputs.at("in.input_ids");
  batch.attention_mask = inputs.at("in.attention_mask");
  if (inputs.count("in.image_grid_thw") > 0) {
    batch.image_patches = inputs.at("in.pixel_values");
    batch.image_grids = grids_of(inputs.at("in.image_grid_thw"));
  }
  if (inputs.count("in.video_grid_thw") > 0) {
    batch.video_patches = inputs.at("in.pixel_values_videos");
    batch.video_grids = grids_of(inputs.at("in.video_grid_thw"));
  }
  return batch;
}

// Largest absolute difference; infinite for another shape or values that are not finite.
inline double difference(const torch::Tensor& a, const torch::Tensor& b) {
  if (a.sizes() != b.sizes() || !torch::isfinite(a).all().item<bool>()) {
    return std::numeric_limits<double>::infinity();
  }
  return (a.to(torch::kFloat64) - b.to(torch::kFloat64)).abs().max().item<double>();
}

}  // namespace winnow::testing_support
