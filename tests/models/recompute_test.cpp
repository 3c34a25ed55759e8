// Gradient checkpointing by itself and in both families: the same gradients from less memory.

#include "models/recompute.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/forward_grad.h>

#include "models/internvl/model_fixture.h"
#include "models/qwen3_vl/model_fixture.h"
#include "peak_memory.h"

namespace winnow {
namespace {

using testing_support::noise_frames;
using testing_support::PeakMemory;
using testing_support::question_sample;
using torch::autograd::variable_list;

torch::Tensor random(std::vector<std::int64_t> shape, std::int64_t seed) {
  auto draws = at::detail::createCPUGenerator(static_cast<std::uint64_t>(seed));
  return torch::randn(shape, draws);
}

// Two outputs from two inputs and two parameters; the second input only matters to the second.
struct Pair {
  torch::Tensor weight = random({4, 4}, 1).requires_grad_(true);
  torch::Tensor shift = random({4}, 2).requires_grad_(true);
  int* calls = nullptr;
  variable_list operator()(const variable_list& inputs) const {
    if (calls != nullptr) ++*calls;
    const torch::Tensor hidden = torch::tanh(torch::linear(inputs[0], weight, shift));
    return {hidden * hidden.sum(), hidden + inputs[1] * inputs[1] * shift};
  }
};

// A scalar that bends in everything.
torch::Tensor scalar_of(const variable_list& outputs) {
  return (outputs[0].square().sum() + (outputs[1] * outputs[0]).sum()).sin();
}

TEST(Recompute, GivesTheGradientsOfThePlainCall) {
  int calls = 0;
  Pair pair;
  pair.calls = &calls;
  for (const bool first_needs : {true, false}) {
    const torch::Tensor a = random({3, 4}, 3).requires_grad_(first_needs);
    const torch::Tensor b = random({3, 4}, 4).requires_grad_(true);
    const variable_list wanted = first_needs ? variable_list{a, b, pair.weight, pair.shift}
                                             : variable_list{b, pair.weight, pair.shift};
    // Behind further operations, so that inputs are no leaves.
    const torch::Tensor plain = scalar_of(pair({a * 2, b.exp()}));
    calls = 0;
    const torch::Tensor again = scalar_of(recomputed(pair, {a * 2, b.exp()}));
    EXPECT_EQ(calls, 1);
    EXPECT_TRUE(torch::equal(plain, again));
    const variable_list expected = torch::autograd::grad({plain}, wanted);
    const variable_list found = torch::autograd::grad({again}, wanted);
    EXPECT_EQ(calls, 2);
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      EXPECT_TRUE(torch::equal(found[i], expected[i])) << i;
    }
    EXPECT_THROW(torch::autograd::grad({again}, wanted), c10::Error);  // was freed
  }
}

TEST(Recompute, AccumulatesIntoParametersAsBackwardDoes) {
  const Pair pair;
  const torch::Tensor a = random({3, 4}, 3), b = random({3, 4}, 4);  // without gradients
  scalar_of(recomputed(pair, {a, b})).backward();
  const torch::Tensor once = pair.weight.grad().clone();
  EXPECT_TRUE(
      torch::equal(once, torch::autograd::grad({scalar_of(pair({a, b}))}, {pair.weight})[0]));
  scalar_of(recomputed(pair, {a, b})).backward();
  EXPECT_TRUE(torch::equal(pair.weight.grad(), once + once));
}

TEST(Recompute, ComputesNoGradientsThatNobodyAskedFor) {
  const Pair pair;
  const torch::Tensor a = random({3, 4}, 3).requires_grad_(true), b = random({3, 4}, 4);
  const variable_list some =
      torch::autograd::grad({scalar_of(recomputed(pair, {a, b}))}, {pair.shift});
  EXPECT_TRUE(
      torch::equal(some[0], torch::autograd::grad({scalar_of(pair({a, b}))}, {pair.shift})[0]));
  EXPECT_FALSE(a.grad().defined());
  EXPECT_FALSE(pair.weight.grad().defined());
}

TEST(Recompute, GradientsCanBeDifferentiatedAgain) {
  const Pair pair;
  const torch::Tensor a = random({3, 4}, 3).requires_grad_(true);
  const torch::Tensor b = random({3, 4}, 4).requires_grad_(true);
  const variable_list wanted = {a, b, pair.weight, pair.shift};
  const auto curvature = [&](const torch::Tensor& scalar) {
    const variable_list gradients = torch::autograd::grad({scalar}, wanted, {}, true, true);
    torch::Tensor sum = torch::zeros({});
    for (const torch::Tensor& gradient : gradients) sum = sum + gradient.square().sum();
    return torch::autograd::grad({sum}, wanted);
  };
  const variable_list expected = curvature(scalar_of(pair({a * 2, b.exp()})));
  const variable_list found = curvature(scalar_of(recomputed(pair, {a * 2, b.exp()})));
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    EXPECT_TRUE(torch::allclose(found[i], expected[i], 1e-5, 1e-6)) << i;
  }
}

TEST(Recompute, GoesRoundWhereNothingIsKept) {
  int calls = 0;
  Pair pair;
  pair.calls = &calls;
  const torch::Tensor a = random({3, 4}, 3).requires_grad_(true), b = random({3, 4}, 4);
  {
    const torch::NoGradGuard no_gradients;
    EXPECT_FALSE(recomputed(pair, {a, b})[0].requires_grad());
  }
  EXPECT_EQ(calls, 1);
  const auto constant = [](const variable_list& inputs) -> variable_list {
    return {inputs[0] * 2};
  };
  EXPECT_FALSE(recomputed(constant, {b})[0].requires_grad());

  // The derivative along a direction in an input and a parameter.
  const auto along = [&](const auto& run) {
    const std::uint64_t level = torch::autograd::ForwardADLevel::get_next_idx();
    Pair dual;
    dual.weight = torch::_make_dual(pair.weight.detach(), random({4, 4}, 5), level);
    const auto outputs = run(
        dual, torch::_make_dual(a.detach(), random({3, 4}, 6), static_cast<std::int64_t>(level)));
    const torch::Tensor tangent = std::get<1>(torch::_unpack_dual(scalar_of(outputs), level));
    torch::autograd::ForwardADLevel::release_idx(level);
    return tangent;
  };
  const torch::Tensor expected = along([&](const Pair& dual, const torch::Tensor& input) {
    return dual({input, b});
  });
  const torch::Tensor found = along([&](const Pair& dual, const torch::Tensor& input) {
    return recomputed(dual, {input, b});
  });
  EXPECT_NE(expected.item<double>(), 0.0);
  EXPECT_TRUE(torch::equal(found, expected));
}

TEST(Recompute, BrokenContractsAreErrors) {
  const torch::Tensor a = random({3, 4}, 3).requires_grad_(true);
  const torch::Tensor computed = a.exp();
  const auto greedy = [computed](const variable_list& inputs) -> variable_list {
    return {inputs[0] * computed};
  };
  EXPECT_THROW(recomputed(greedy, {a}), std::logic_error);

  Pair pair;
  const torch::Tensor loss = scalar_of(recomputed(pair, {a, random({3, 4}, 4)}));
  {
    const torch::NoGradGuard no_gradients;
    pair.weight.add_(1.0);
  }
  EXPECT_THROW(loss.backward(), c10::Error);
}

struct Qwen3Vl {
  using Model = qwen3_vl::Model;
  static qwen3_vl::Options options() { return testing_support::tiny_qwen3_vl_options(); }
};
struct InternVl {
  using Model = internvl::Model;
  static internvl::Options options() { return testing_support::tiny_internvl_options(); }
};

template <class Family>
class RecomputeModel : public testing::Test {
 protected:
  using Options = decltype(Family::options());
  static std::unique_ptr<VisionLanguageModel> model(Options options, bool checkpointing) {
    options.gradient_checkpointing = checkpointing;
    auto result = std::make_unique<typename Family::Model>(options);
    result->initialise_from({"what colour is it", "red", "blue", "what colour is it"}, 1);
    return result;
  }
  // An image and a clip through the tower, a loss over both.
  static torch::Tensor loss(VisionLanguageModel& model) {
    std::vector<ModelInput> inputs;
    for (const std::int64_t frames : {1, 3}) {
      const auto media = model.encode_vision({model.preprocess(noise_frames(frames, frames))});
      inputs.push_back(model.input(question_sample("a", "red"), media));
    }
    return model.answer_loss(inputs).mean().mean();
  }
  static std::map<std::string, torch::Tensor> gradients(VisionLanguageModel& model) {
    loss(model).backward();
    std::map<std::string, torch::Tensor> result;
    for (const auto& [name, parameter] : model.named_parameters()) result[name] = parameter.grad();
    return result;
  }
};

using Families = testing::Types<Qwen3Vl, InternVl>;
TYPED_TEST_SUITE(RecomputeModel, Families);

TYPED_TEST(RecomputeModel, TrainsTheSameBitForBit) {
  auto whole = TypeParam::options(), text_only = whole, adapted = whole;
  text_only.freeze = {Group::vision, Group::projector};
  adapted.lora.rank = 2;
  adapted.lora.layers = {"query", "down"};
  for (const auto& options : {whole, text_only, adapted}) {
    const auto plain = this->model(options, false), again = this->model(options, true);
    EXPECT_TRUE(torch::equal(this->loss(*plain), this->loss(*again)));
    const auto expected = this->gradients(*plain), found = this->gradients(*again);
    std::size_t trained = 0;
    for (const auto& [name, gradient] : expected) {
      ASSERT_EQ(found.at(name).defined(), gradient.defined()) << name;
      if (!gradient.defined()) continue;
      ++trained;
      EXPECT_TRUE(torch::equal(found.at(name), gradient)) << name;
    }
    EXPECT_GT(trained, 4U);
  }
}

TYPED_TEST(RecomputeModel, TakesTheMemoryOfOneBlock) {
  auto deep = TypeParam::options();
  deep.layers = 12;
  deep.vision_layers = 12;
  const auto peak = [&](bool checkpointing) {
    const auto model = this->model(deep, checkpointing);
    this->gradients(*model);  // buffers of gradients are there from now on
    const PeakMemory memory;
    const torch::Tensor loss = this->loss(*model);
    loss.backward();
    return static_cast<double>(memory.bytes());
  };
  const double plain = peak(false), checkpointed = peak(true);
  this->RecordProperty("plain_bytes", static_cast<int>(plain));
  this->RecordProperty("checkpointed_bytes", static_cast<int>(checkpointed));
  EXPECT_GT(plain, 1e5);  // something was counted
  EXPECT_LT(checkpointed, 0.4 * plain);
}

}  // namespace
}  // namespace winnow
