// Greedy decoding with cached keys and values against the reference's tokens and logits.

#include <gtest/gtest.h>

#include "models/qwen3_vl/generation.h"
#include "models/qwen3_vl/golden_cases.h"

namespace winnow::qwen3_vl {
namespace {

TEST(GoldenQwen3VlGeneration, GreedyTokensAndLogits) {
  const torch::NoGradGuard no_grad;
  const std::set<std::string> names = testing_support::case_names(true);
  ASSERT_GE(names.size(), 3U);
  if (!testing_support::find_golden("qwen3_vl_tiny/model_tied/model.safetensors").empty()) {
    const std::size_t listed =
        testing_support::qwen3_vl_summary().at("generate").as_object().size();
    EXPECT_EQ(names.size(), listed) << "the whole golden folder lacks a case";
  }
  double worst = 0.0;
  for (const std::string& name : names) {
    SCOPED_TRACE(name);
    const testing_support::Qwen3VlModel model = testing_support::model_of_case(name);
    const auto stored = testing_support::tensors_of_case(name);
    GenerationState state =
        prefill(model.config, model.weights,
                testing_support::batch_of(testing_support::inputs_of_case(name)));
    const torch::Tensor& tokens = stored.at("out.tokens");  // [B, 8]
    for (std::int64_t step = 0; step < tokens.size(1); ++step) {
      const torch::Tensor best = state.logits.argmax(-1);
      EXPECT_TRUE(torch::equal(best, tokens.select(1, step))) << "step " << step;
      const double off =
          testing_support::difference(state.logits, stored.at("out.step_logits").select(1, step));
      EXPECT_LE(off, 5e-5) << "step " << step;
      worst = std::max(worst, off);
      if (step + 1 < tokens.size(1)) advance(model.config, model.weights, best, state);
    }
  }
  std::cout << "golden qwen3_vl generation: " << names.size() << " cases, worst logits " << worst
            << std::endl;
}

}  // namespace
}  // namespace winnow::qwen3_vl
