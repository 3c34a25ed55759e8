#pragma once
// A folder of golden cases of one model family: tiny random weights, inputs and what a reference
// made of them (golden/README.md).

#include <boost/json.hpp>
#include <filesystem>
#include <limits>
#include <map>
#include <set>
#include <stdexcept>
#include <string>

#include "golden.h"
#include "models/safetensors.h"
#include "models/vision_language_model.h"

namespace winnow::testing_support {

using Tensors = std::map<std::string, torch::Tensor>;

class GoldenFolder {
 public:
  // `name`: "internvl_tiny/".
  explicit GoldenFolder(std::string name)
      : name_(std::move(name)),
        summary_(boost::json::parse(read_golden(name_ + "cases/summary.json"))) {}

  const boost::json::object& summary() const { return summary_.as_object(); }
  // Path of a file, or of its `.gz`; empty when there is none.
  std::filesystem::path find(const std::string& file) const { return find_golden(name_ + file); }
  boost::json::value json(const std::string& file) const {
    return boost::json::parse(read_golden(name_ + file));
  }

  // All cases of summary.json: of generation ("generate_a_text") or the others.
  std::set<std::string> case_names(bool generate) const {
    std::set<std::string> names;
    for (const auto& [name, facts] : summary().at(generate ? "generate" : "cases").as_object()) {
      names.insert((generate ? "generate_" : "") + std::string(name));
    }
    return names;
  }

  Tensors tensors(const std::string& case_name) const {
    const std::filesystem::path path = find("cases/" + case_name + ".safetensors");
    if (path.empty()) throw std::runtime_error("no golden case " + case_name);
    return read_safetensors(path);
  }

  // Inputs of a case with what it takes from others filled in.
  Tensors inputs(const std::string& case_name) const {
    Tensors inputs = tensors(case_name);
    const auto take = [&](const std::string& other, const std::string& only) {
      for (const auto& [key, value] : this->inputs(other)) {
        if (key.starts_with("in.") && (only.empty() || key == only)) inputs.emplace(key, value);
      }
    };
    const std::string generate = "generate_";
    if (case_name.starts_with(generate)) {
      take(case_name.substr(generate.size()), "");
      return inputs;
    }
    const boost::json::object& facts = summary().at("cases").as_object().at(case_name).as_object();
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

 private:
  std::string name_;
  boost::json::value summary_;
};

// One sequence of a case's batch without its padding, which may stand on either side.
inline ModelInput input_of_row(const Tensors& inputs, std::int64_t row) {
  const torch::Tensor present = inputs.at("in.attention_mask")[row].to(torch::kBool);
  const auto values = [&](const char* key) -> std::vector<std::int64_t> {
    const torch::Tensor kept = inputs.at(key)[row].index({present}).contiguous();
    return {kept.data_ptr<std::int64_t>(), kept.data_ptr<std::int64_t>() + kept.numel()};
  };
  ModelInput input;
  input.tokens = values("in.input_ids");
  input.labels = inputs.count("in.labels") > 0
                     ? values("in.labels")
                     : std::vector<std::int64_t>(input.tokens.size(), -100);
  return input;
}

// Largest absolute difference; infinite for another shape or values that are not finite.
inline double difference(const torch::Tensor& a, const torch::Tensor& b) {
  if (a.sizes() != b.sizes() || !torch::isfinite(a).all().item<bool>()) {
    return std::numeric_limits<double>::infinity();
  }
  return (a.to(torch::kFloat64) - b.to(torch::kFloat64)).abs().max().item<double>();
}

// Mean over the labelled tokens of the batch; labels are not shifted.
inline torch::Tensor mean_loss(const torch::Tensor& logits, const torch::Tensor& labels) {
  const std::int64_t length = labels.size(1);
  return torch::cross_entropy_loss(logits.narrow(1, 0, length - 1).flatten(0, 1),
                                   labels.narrow(1, 1, length - 1).flatten());
}

}  // namespace winnow::testing_support
