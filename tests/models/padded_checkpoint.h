#pragma once
// Checkpoint folders whose vocabulary is larger than their tokenizer, as published ones are.

#include <boost/json.hpp>
#include <filesystem>
#include <map>
#include <string>

#include "core/files.h"
#include "models/safetensors.h"

namespace winnow::testing_support {

// Gives embedding and output layer `size` rows and config.json that vocab_size. New rows hold
// `value` and -`value` in turns.
inline void pad_vocabulary(const std::filesystem::path& folder, std::int64_t size, double value) {
  boost::json::value config = boost::json::parse(read_file(folder / "config.json"));
  boost::json::value& known = config.at("text_config").at("vocab_size");
  const std::int64_t rows = size - known.as_int64();
  known = size;
  std::map<std::string, torch::Tensor> tensors = read_safetensors(folder / "model.safetensors");
  for (auto& [name, tensor] : tensors) {
    if (!name.ends_with("embed_tokens.weight") && !name.ends_with("lm_head.weight")) continue;
    const torch::Tensor signs = torch::arange(rows).remainder(2).mul(-2).add(1);
    tensor = torch::cat(
        {tensor,
         signs.mul(value).unsqueeze(1).expand({rows, tensor.size(1)}).to(tensor.scalar_type())});
  }
  write_safetensors(folder / "model.safetensors", tensors, {{"format", "pt"}});
  write_file(folder / "config.json", boost::json::serialize(config));
}

}  // namespace winnow::testing_support
