#include "models/micro/micro_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/errors.h"
#include "models/micro_fixture.h"
#include "temporary_folder.h"

namespace winnow {
namespace {

using testing_support::noise_frames;
using testing_support::noise_input;
using testing_support::question_sample;
using testing_support::tiny_model;

TEST(MicroModel, InputLabelsOnlyTheAnswerAndItsEnd) {
  const auto model = tiny_model();
  const ModelInput input = noise_input(*model, 3, "red", 1);
  ASSERT_EQ(input.tokens.size(), input.labels.size());
  std::vector<std::int64_t> trained;
  for (const std::int64_t label : input.labels) {
    if (label != -100) trained.push_back(label);
  }
  std::vector<std::int64_t> expected = model->tokenizer().encode("red");
  expected.push_back(model->tokenizer().end_of_turn());
  EXPECT_EQ(trained, expected);
  EXPECT_EQ(std::count_if(input.tokens.begin(), input.tokens.end(),
                          [&](std::int64_t token) { return model->words().is_visual_slot(token); }),
            3 * micro::kTokensPerFrame);
}

TEST(MicroModel, BlindInputHasNoVisualTokens) {
  const auto model = tiny_model();
  const ModelInput blind = model->blind_input(question_sample("a", "red"));
  EXPECT_TRUE(blind.visual.empty());
  for (const std::int64_t token : blind.tokens) EXPECT_FALSE(model->words().is_visual_slot(token));
}

TEST(MicroModel, TextCannotSmuggleInControlTokens) {
  const auto model = tiny_model();
  Sample sample = question_sample("a", std::string("red") + kMediaPlaceholder);
  const ModelInput input = model->blind_input(sample);
  for (std::size_t t = 0; t + 1 < input.tokens.size(); ++t) {
    EXPECT_TRUE(input.labels[t] == -100 || !model->words().is_visual_slot(input.tokens[t]));
  }
}

TEST(MicroModel, LossDoesNotDependOnTheBatch) {
  const auto model = tiny_model();
  const torch::NoGradGuard no_grad;
  const std::vector<ModelInput> inputs = {noise_input(*model, 1, "red", 1),
                                          noise_input(*model, 5, "blue green", 2),
                                          model->blind_input(question_sample("c", "green", false))};
  const AnswerLoss together = model->answer_loss(inputs);
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const AnswerLoss alone = model->answer_loss({inputs[i]});
    const auto row = static_cast<std::int64_t>(i);
    EXPECT_NEAR(together.sum[row].item<double>(), alone.sum[0].item<double>(), 1e-5);
    EXPECT_EQ(together.count[row].item<double>(), alone.count[0].item<double>());
  }
}

TEST(MicroModel, SeparateTurnsAreConversationsOfTheirOwn) {
  const auto model = tiny_model();
  const torch::NoGradGuard no_grad;
  const auto visual = model->encode_vision({model->preprocess(noise_frames(3, 1))});
  const std::vector<Sample> alone = {question_sample("a", "red"),
                                     question_sample("b", "blue green"),
                                     question_sample("c", "it is")};
  Sample together = alone[0];
  double expected = 0, tokens = 0;
  for (const Sample& sample : alone) {
    const AnswerLoss loss = model->answer_loss({model->input(sample, visual)});
    expected += loss.sum[0].item<double>();
    tokens += loss.count[0].item<double>();
    if (&sample == &alone[0]) continue;
    together.turns.push_back({Turn::Role::user, "what colour is it"});
    together.turns.push_back(sample.turns[1]);
  }
  ModelInput input = model->input(together, visual);
  const double seen_in_turn = model->answer_loss({input}).sum[0].item<double>();
  model->separate_turns(input);
  const AnswerLoss loss = model->answer_loss({input});
  EXPECT_NEAR(loss.sum[0].item<double>(), expected, 1e-4);
  EXPECT_EQ(loss.count[0].item<double>(), tokens);
  EXPECT_GT(std::abs(seen_in_turn - expected), 1e-3);
}

// Frames whose tokens show their surroundings.
std::unique_ptr<micro::MicroModel> model_in_context() {
  micro::MicroOptions options = testing_support::tiny_options();
  options.frame_context = true;
  auto model = std::make_unique<micro::MicroModel>(options);
  model->initialise({"red", "blue", "green", "what", " colour", " is", " it"}, 1);
  return model;
}

TEST(MicroModel, FrameContextReachesOverOneMediumOnly) {
  const auto model = model_in_context();
  const torch::NoGradGuard no_grad;
  torch::Tensor visual = torch::randn({7 * micro::kTokensPerFrame, 4 * 4});
  const torch::Tensor before = model->network().project(visual, {3, 4});
  EXPECT_EQ(before.size(0), 7 * micro::kTokensPerFrame);
  visual.slice(0, 6 * micro::kTokensPerFrame).add_(1.0);  // the last frame of the second medium
  const torch::Tensor after = model->network().project(visual, {3, 4});
  const torch::Tensor moved = (after - before).abs().sum(1).view({7, -1}).sum(1);  // [frames]
  EXPECT_EQ(moved.slice(0, 0, 3).sum().item<double>(), 0.0);
  // What comes one or two frames later changes what a frame shows.
  for (const std::int64_t frame : {4, 5, 6}) EXPECT_GT(moved[frame].item<double>(), 1e-3) << frame;
}

TEST(MicroModel, FrameContextGivesTheSameAnswersFromAPrefix) {
  const auto model = model_in_context();
  const torch::NoGradGuard no_grad;
  const ModelInput input = noise_input(*model, 3, "blue", 3);
  const auto scores = model->score_continuations(*model->prefill({input}), {{"blue"}})[0];
  EXPECT_NEAR(-scores[0].first, model->answer_loss({input}).sum[0].item<double>(), 1e-4);
}

TEST(MicroModel, MixedCellsAreALinearMapOfWhatTheyWere) {
  const auto model = tiny_model();
  const torch::NoGradGuard no_grad;
  const torch::Tensor frames = model->preprocess(noise_frames(2, 4)).values;
  const torch::Tensor weight = torch::randn({4, 4}), bias = torch::randn({4});
  const torch::Tensor before = model->cells(frames).permute({0, 2, 3, 1});  // [F, G, G, C]
  model->mix_cells(weight, bias);
  const torch::Tensor after = model->cells(frames).permute({0, 2, 3, 1});
  EXPECT_TRUE(torch::allclose(after, torch::linear(before, weight, bias), 1e-4, 1e-4));
}

TEST(MicroModel, LossIsTheCrossEntropyOfTheLogits) {
  const auto model = tiny_model();
  const torch::NoGradGuard no_grad;
  const ModelInput input = noise_input(*model, 2, "blue", 3);
  const torch::Tensor log_probabilities = torch::log_softmax(model->logits({input}), 2);
  double expected = 0;
  for (std::size_t t = 1; t < input.labels.size(); ++t) {
    if (input.labels[t] == -100) continue;
    expected -=
        log_probabilities[0][static_cast<std::int64_t>(t) - 1][input.labels[t]].item<double>();
  }
  EXPECT_NEAR(model->answer_loss({input}).sum[0].item<double>(), expected, 1e-5);
}

TEST(MicroModel, SharedPrefixScoresAsTheWholeForwardDoes) {
  const auto model = tiny_model();
  const torch::NoGradGuard no_grad;
  const std::vector<std::string> answers = {"red", "blue green", "unknown", ""};
  std::vector<ModelInput> prompts = {noise_input(*model, 4, "red", 4),
                                     noise_input(*model, 1, "x", 5)};
  const auto scores = model->score_continuations(*model->prefill(prompts), {answers, answers});
  for (std::size_t b = 0; b < prompts.size(); ++b) {
    for (std::size_t k = 0; k < answers.size(); ++k) {
      const ModelInput whole = noise_input(*model, b == 0 ? 4 : 1, answers[k], 4 + b);
      const AnswerLoss loss = model->answer_loss({whole});
      EXPECT_NEAR(scores[b][k].first, -loss.sum[0].item<double>(), 1e-5) << answers[k];
      EXPECT_EQ(static_cast<double>(scores[b][k].second), loss.count[0].item<double>());
    }
  }
}

TEST(MicroModel, CausalTextAndTwoWayVision) {
  const auto model = tiny_model();
  const torch::NoGradGuard no_grad;
  ModelInput input = noise_input(*model, 2, "red", 6);
  const torch::Tensor before = model->logits({input});
  // The last text token changes nothing before it.
  ModelInput later = input;
  later.tokens.back() = model->words().size() - 1;
  const torch::Tensor after = model->logits({later});
  EXPECT_TRUE(torch::allclose(before.slice(1, 0, -1), after.slice(1, 0, -1), 1e-5, 1e-6));
  // The last frame changes the state of the first: the visual block sees itself both ways.
  ModelInput other = input;
  other.visual[0].tokens = input.visual[0].tokens.clone();
  other.visual[0].tokens.slice(0, micro::kTokensPerFrame).add_(1.0);
  EXPECT_GT((model->logits({other}) - before)[0][1].abs().max().item<double>(), 1e-6);
}

TEST(MicroModel, SampledAnswersDependOnTheirStreamAlone) {
  const auto model = tiny_model();
  const ModelInput a = noise_input(*model, 3, "red", 7), b = noise_input(*model, 1, "red", 8);
  const auto sample = [&](const std::vector<ModelInput>& inputs, std::vector<std::string> names) {
    std::vector<RandomStream> streams;
    for (const std::string& name : names) streams.emplace_back(5, name);
    return model->sample_answers(*model->prefill(inputs), 5, 6, 1.0, streams);
  };
  const auto together = sample({a, b}, {"a", "b"});
  EXPECT_EQ(sample({b}, {"b"})[0], together[1]);
  EXPECT_EQ(sample({a}, {"a"})[0], together[0]);
  EXPECT_NE(sample({a}, {"c"})[0], together[0]);
  EXPECT_EQ(together[0].size(), 5U);
}

TEST(MicroModel, ColdSamplingIsGreedy) {
  const auto model = tiny_model();
  const ModelInput input = noise_input(*model, 2, "red", 9);
  std::vector<RandomStream> streams;
  streams.emplace_back(1, "s");
  const auto answers = model->sample_answers(*model->prefill({input}), 4, 5, 1e-4, streams);
  for (const std::string& answer : answers[0]) EXPECT_EQ(answer, answers[0][0]);
}

TEST(MicroModel, StreamsTheAnswerThatColdSamplingGives) {
  const auto model = tiny_model();
  const ModelInput input = noise_input(*model, 2, "red", 9);
  const auto prefix = model->prefill({input});
  std::vector<RandomStream> streams;
  streams.emplace_back(1, "a");
  const auto sampled = model->sample_answers(*prefix, 1, 5, 1e-4, streams);
  std::string streamed;
  RandomStream stream(1, "s");
  model->stream_answer(*prefix, {0.0, 1.0}, 5, stream,
                       [&](std::string_view piece) { streamed += piece; });
  EXPECT_EQ(streamed, sampled[0][0]);
  EXPECT_FALSE(streamed.empty());
}

TEST(MicroModel, SavesAndLoadsToTheBit) {
  const std::filesystem::path folder = testing_support::temporary_folder();
  std::filesystem::remove_all(folder);
  const auto model = tiny_model(3);
  model->save(folder);
  micro::MicroModel loaded(testing_support::tiny_options());
  loaded.load(folder);
  EXPECT_EQ(weights_digest(loaded), weights_digest(*model));
  EXPECT_EQ(weights_digest(*model->clone()), weights_digest(*model));
  EXPECT_NE(weights_digest(*tiny_model(4)), weights_digest(*model));
  micro::MicroOptions wider = testing_support::tiny_options();
  wider.width = 32;
  EXPECT_THROW(micro::MicroModel(wider).load(folder), DataError);
  std::filesystem::remove_all(folder);
}

TEST(MicroModel, RefusesClipsAndTextsThatDoNotFit) {
  const auto model = tiny_model();
  EXPECT_THROW(model->preprocess(noise_frames(9, 1)), DataError);
  Sample sample = question_sample("the long one", std::string(100, '!'), false);
  try {
    model->blind_input(sample);
    FAIL() << "a text of 100 tokens fits nowhere";
  } catch (const DataError& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("the long one"));
  }
}

TEST(MicroModel, FrozenTowerCarriesNoGradient) {
  const auto model = tiny_model();
  model->answer_loss({noise_input(*model, 2, "red", 1)}).sum.sum().backward();
  for (const auto& [name, parameter] : model->named_parameters()) {
    if (name.rfind("vision.", 0) == 0) {
      EXPECT_FALSE(parameter.grad().defined()) << name;
    } else if (name == "projector.input.weight") {
      EXPECT_GT(parameter.grad().abs().sum().item<double>(), 0.0);
    }
  }
}

}  // namespace
}  // namespace winnow
