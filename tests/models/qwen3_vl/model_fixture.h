#pragma once
// A tiny Qwen3-VL that is trained from nothing, and inputs for it.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/errors.h"
#include "models/micro_fixture.h"
#include "models/qwen3_vl/model.h"

namespace winnow::testing_support {

inline qwen3_vl::Options tiny_qwen3_vl_options() {
  qwen3_vl::Options options;
  options.width = 32;
  options.layers = 2;
  options.heads = 4;
  options.key_value_heads = 2;
  options.vision_width = 16;
  options.vision_layers = 3;
  options.patch_size = 8;
  options.vocabulary_tokens = 300;
  return options;
}

inline std::unique_ptr<qwen3_vl::Model> tiny_qwen3_vl(
    std::uint64_t seed = 1, const qwen3_vl::Options& options = tiny_qwen3_vl_options()) {
  auto model = std::make_unique<qwen3_vl::Model>(options);
  const std::vector<std::string> texts(3, "what colour is it? red blue green user assistant");
  model->initialise_from(texts, seed);
  return model;
}

inline VisualTokens noise_tokens(VisionLanguageModel& model, std::int64_t frames,
                                 std::uint64_t seed) {
  return model.encode_vision({model.preprocess(noise_frames(frames, seed))})[0];
}

// A question about noise: an image for one frame, else a clip.
inline ModelInput noise_question(qwen3_vl::Model& model, std::int64_t frames,
                                 const std::string& answer, std::uint64_t seed) {
  return model.input(question_sample("sample " + std::to_string(seed), answer),
                     {noise_tokens(model, frames, seed)});
}

// What a user is told when `act` throws.
inline std::string refusal(const std::function<void()>& act) {
  try {
    act();
  } catch (const Error& error) {
    return error.what();
  }
  return "nothing was refused";
}

}  // namespace winnow::testing_support
