// Greedy decoding with cached keys and values against the reference's tokens and logits.

#include <gtest/gtest.h>

#include "models/internvl/generation.h"
#include "models/internvl/golden_cases.h"

namespace winnow::internvl {
namespace {

using testing_support::internvl_golden;

TEST(GoldenInternVlGeneration, GreedyTokensAndLogits) {
  const torch::NoGradGuard no_grad;
  const std::set<std::string> names = internvl_golden().case_names(true);
  ASSERT_GE(names.size(), 2U);
  if (testing_support::internvl_golden_is_whole()) {
    EXPECT_EQ(names.size(), internvl_golden().summary().at("generate").as_object().size())
        << "the whole golden folder lacks a case";
  }
  double worst = 0.0;
  for (const std::string& name : names) {
    SCOPED_TRACE(name);
    const testing_support::InternVlModel model = testing_support::internvl_model_of(name);
    const testing_support::Tensors stored = internvl_golden().tensors(name);
    GenerationState state =
        prefill(model.config, model.weights,
                testing_support::internvl_batch(model, internvl_golden().inputs(name)));
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
  std::cout << "golden internvl generation: " << names.size() << " cases, worst logits " << worst
            << std::endl;
}

}  // namespace
}  // namespace winnow::internvl
