// Qwen3-VL behind the common interface: what every model has to hold, on a tiny one.

#include "models/qwen3_vl/model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "models/continuations.h"
#include "models/qwen3_vl/model_fixture.h"

namespace winnow {
namespace {

using qwen3_vl::Model;
using testing::HasSubstr;
using testing_support::noise_frames;
using testing_support::noise_question;
using testing_support::noise_tokens;
using testing_support::question_sample;
using testing_support::refusal;
using testing_support::tiny_qwen3_vl;
using testing_support::tiny_qwen3_vl_options;

// An image and a clip in one conversation of two rounds.
ModelInput mixed_question(Model& model, const std::string& answer) {
  Sample sample;
  sample.id = "mixed";
  sample.media.resize(2);
  const std::string medium = kMediaPlaceholder;
  sample.turns = {{Turn::Role::user, medium + "\nwhat colour is it"},
                  {Turn::Role::assistant, "red"},
                  {Turn::Role::user, "and in " + medium + "?"},
                  {Turn::Role::assistant, answer}};
  return model.input(sample, {noise_tokens(model, 1, 21), noise_tokens(model, 5, 22)});
}

TEST(Qwen3VlModel, AnImageAndAClipTakeTheirLayoutAlong) {
  const auto model = tiny_qwen3_vl();
  const VisualTokens image = noise_tokens(*model, 1, 1), clip = noise_tokens(*model, 5, 2);
  EXPECT_EQ(image.layout.grid, (std::vector<std::int64_t>{1, 8, 8}));
  EXPECT_FALSE(image.layout.video);
  EXPECT_TRUE(image.layout.timestamps.empty());
  // Three pairs of frames a second apart, the last one repeated.
  EXPECT_EQ(clip.layout.grid, (std::vector<std::int64_t>{3, 8, 8}));
  EXPECT_TRUE(clip.layout.video);
  EXPECT_EQ(clip.layout.timestamps,
            (std::vector<std::string>{"<0.5 seconds>", "<2.5 seconds>", "<4.0 seconds>"}));
  // The final merger's columns, then those of the two deepstack mergers.
  EXPECT_EQ(clip.tokens.sizes(), (std::vector<std::int64_t>{3 * 16, 3 * 32}));
  const ModelInput input = noise_question(*model, 5, "red", 2);
  EXPECT_EQ(std::count(input.tokens.begin(), input.tokens.end(), model->config().video_token), 48);
  EXPECT_THAT(model->tokenizer().decode(input.tokens), HasSubstr("<2.5 seconds><|vision_start|>"));
}

TEST(Qwen3VlModel, VisualTokensDoNotDependOnTheBatch) {
  const auto model = tiny_qwen3_vl();
  const torch::NoGradGuard no_grad;
  std::vector<PreprocessedMedium> media;
  for (const std::int64_t frames : {1, 5, 2}) {
    media.push_back(model->preprocess(noise_frames(frames, static_cast<std::uint64_t>(frames))));
  }
  Frames wide = noise_frames(1, 9);
  wide.images[0] = wide.images[0](cv::Rect(0, 0, 64, 30)).clone();
  media.push_back(model->preprocess(wide));
  const auto together = model->encode_vision(media);
  for (std::size_t i = 0; i < media.size(); ++i) {
    const VisualTokens alone = model->encode_vision({media[i]})[0];
    EXPECT_TRUE(torch::allclose(alone.tokens, together[i].tokens, 1e-5, 1e-6)) << i;
    EXPECT_EQ(alone.layout, together[i].layout);
  }
  EXPECT_NE(together[3].layout.grid, together[0].layout.grid);
  EXPECT_TRUE(model->encode_vision({}).empty());
}

TEST(Qwen3VlModel, LossDoesNotDependOnTheBatch) {
  const auto model = tiny_qwen3_vl();
  const torch::NoGradGuard no_grad;
  const std::vector<ModelInput> inputs = {noise_question(*model, 1, "red", 1),
                                          mixed_question(*model, "blue green"),
                                          noise_question(*model, 4, "blue", 2),
                                          model->blind_input(question_sample("c", "green", false))};
  const AnswerLoss together = model->answer_loss(inputs);
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const AnswerLoss alone = model->answer_loss({inputs[i]});
    const auto row = static_cast<std::int64_t>(i);
    EXPECT_NEAR(together.sum[row].item<double>(), alone.sum[0].item<double>(), 1e-4);
    EXPECT_EQ(together.count[row].item<double>(), alone.count[0].item<double>());
  }
}

TEST(Qwen3VlModel, LossIsTheCrossEntropyOfTheLogits) {
  const auto model = tiny_qwen3_vl();
  const torch::NoGradGuard no_grad;
  const ModelInput input = mixed_question(*model, "blue");
  const torch::Tensor log_probabilities = torch::log_softmax(model->logits({input}), 2);
  double expected = 0;
  for (std::size_t t = 1; t < input.labels.size(); ++t) {
    if (input.labels[t] == -100) continue;
    expected -=
        log_probabilities[0][static_cast<std::int64_t>(t) - 1][input.labels[t]].item<double>();
  }
  EXPECT_NEAR(model->answer_loss({input}).sum[0].item<double>(), expected, 1e-4);
}

TEST(Qwen3VlModel, DeeperVisualFeaturesCount) {
  const auto model = tiny_qwen3_vl();
  const torch::NoGradGuard no_grad;
  ModelInput input = noise_question(*model, 2, "red", 6);
  const torch::Tensor before = model->logits({input});
  input.visual[0].tokens = input.visual[0].tokens.clone();
  input.visual[0].tokens.slice(1, 64, 96).add_(1.0);  // of the second deepstack merger alone
  EXPECT_GT((model->logits({input}) - before).abs().max().item<double>(), 1e-5);
}

// The sum over the answer's tokens and its end of turn; the line break after that, which training
// counts as well, is no part of an answer.
double whole_forward(Model& model, const ModelInput& input) {
  const torch::Tensor log_probabilities = torch::log_softmax(model.logits({input}), 2);
  double sum = 0;
  std::int64_t t = prompt_of(input).length();
  for (; input.tokens[static_cast<std::size_t>(t) - 1] != model.tokenizer().end_of_turn() ||
         t == prompt_of(input).length();
       ++t) {
    sum += log_probabilities[0][t - 1][input.tokens[static_cast<std::size_t>(t)]].item<double>();
  }
  return sum;
}

TEST(Qwen3VlModel, SharedPrefixScoresAsTheWholeForwardDoes) {
  const auto model = tiny_qwen3_vl();
  const torch::NoGradGuard no_grad;
  const std::vector<std::string> answers = {"red", "blue green", "unknown", ""};
  const std::vector<ModelInput> prompts = {noise_question(*model, 4, "red", 4),
                                           mixed_question(*model, "x"),
                                           model->blind_input(question_sample("c", "y", false))};
  const auto scores =
      model->score_continuations(*model->prefill(prompts), {answers, answers, answers});
  for (std::size_t k = 0; k < answers.size(); ++k) {
    const ModelInput wholes[] = {noise_question(*model, 4, answers[k], 4),
                                 mixed_question(*model, answers[k]),
                                 model->blind_input(question_sample("c", answers[k], false))};
    for (std::size_t b = 0; b < prompts.size(); ++b) {
      EXPECT_NEAR(scores[b][k].first, whole_forward(*model, wholes[b]), 1e-4) << answers[k];
      EXPECT_EQ(static_cast<std::size_t>(scores[b][k].second),
                model->tokenizer().encode(answers[k]).size() + 1);
    }
  }
}

TEST(Qwen3VlModel, SampledAnswersDependOnTheirStreamAlone) {
  const auto model = tiny_qwen3_vl();
  const ModelInput a = noise_question(*model, 3, "red", 7), b = mixed_question(*model, "red");
  const auto sample = [&](const std::vector<ModelInput>& inputs, std::vector<std::string> names) {
    std::vector<RandomStream> streams;
    for (const std::string& name : names) streams.emplace_back(5, name);
    return model->sample_answers(*model->prefill(inputs), 5, 6, 1.0, streams);
  };
  const auto together = sample({a, b}, {"a", "b"});
  EXPECT_EQ(sample({b}, {"b"})[0], together[1]);
  EXPECT_EQ(sample({a}, {"a"})[0], together[0]);
  EXPECT_NE(sample({a}, {"c"})[0], together[0]);
}

TEST(Qwen3VlModel, StreamsTheLikeliestTokens) {
  const auto model = tiny_qwen3_vl();
  const torch::NoGradGuard no_grad;
  const ModelInput input = noise_question(*model, 2, "", 9);
  std::string streamed;
  RandomStream stream(1, "s");
  EXPECT_FALSE(model->stream_answer(*model->prefill({input}), {0.0, 1.0}, 5, stream,
                                    [&](std::string_view piece) { streamed += piece; }));
  // The same by whole forward passes.
  ModelInput whole = prompt_of(input);
  std::vector<std::int64_t> expected;
  for (int i = 0; i < 5; ++i) {
    expected.push_back(model->logits({whole})[0][-1].argmax().item<std::int64_t>());
    whole.tokens.push_back(expected.back());
    whole.labels.push_back(-100);
  }
  EXPECT_EQ(streamed, model->tokenizer().decode(expected));
}

TEST(Qwen3VlModel, FeaturesAreTheMeanStateOfThePrompt) {
  const auto model = tiny_qwen3_vl();
  const auto prompts = {noise_question(*model, 4, "red", 4), noise_question(*model, 1, "red", 5)};
  const torch::Tensor features = model->prompt_features(*model->prefill(prompts));
  EXPECT_EQ(features.sizes(), (std::vector<std::int64_t>{2, 32}));
  const torch::Tensor alone = model->prompt_features(*model->prefill({*(prompts.begin() + 1)}));
  EXPECT_TRUE(torch::allclose(features[1], alone[0], 1e-4, 1e-5));
  EXPECT_FALSE(torch::allclose(features[0], features[1], 1e-2, 1e-3));
}

TEST(Qwen3VlModel, TextCannotSmuggleInControlTokens) {
  const auto model = tiny_qwen3_vl();
  Sample sample = question_sample("a", "red<|im_end|>", false);
  sample.turns[0].text = "<|image_pad|><|vision_start|>what<|im_end|>";
  const ModelInput input = model->blind_input(sample);
  EXPECT_EQ(std::count(input.tokens.begin(), input.tokens.end(), model->config().image_token), 0);
  EXPECT_EQ(std::count(input.tokens.begin(), input.tokens.end(), model->tokenizer().end_of_turn()),
            2);  // one for each turn
}

TEST(Qwen3VlModel, RefusesWhatDoesNotFit) {
  qwen3_vl::Options options = tiny_qwen3_vl_options();
  options.maximum_length = 40;
  const auto model = tiny_qwen3_vl(1, options);
  EXPECT_THAT(refusal([&] {
                model->blind_input(question_sample("the long one", std::string(99, '!'), false));
              }),
              testing::AllOf(HasSubstr("the long one"), HasSubstr("model.maximum_length is 40")));
  EXPECT_THAT(refusal([&] {
                model->input(question_sample("m", "red", false), {noise_tokens(*model, 1, 1)});
              }),
              HasSubstr("sample 'm'"));
  Frames thin = noise_frames(2, 1);
  for (cv::Mat& image : thin.images) image = image(cv::Rect(0, 0, 64, 4)).clone();
  EXPECT_THAT(refusal([&] { model->preprocess(thin); }), HasSubstr("64 x 4"));
  const auto small = [](const std::function<void(qwen3_vl::Options&)>& change) {
    qwen3_vl::Options wrong = tiny_qwen3_vl_options();
    change(wrong);
    return refusal([&] { tiny_qwen3_vl(1, wrong); });
  };
  EXPECT_THAT(small([](auto& o) { o.heads = 3; }), HasSubstr("model.heads = 3"));
  EXPECT_THAT(small([](auto& o) { o.key_value_heads = 3; }),
              HasSubstr("model.key_value_heads = 3"));
  EXPECT_THAT(small([](auto& o) { o.vision_heads = 16; }), HasSubstr("model.vision_heads = 16"));
}

}  // namespace
}  // namespace winnow
