#pragma once
// A model for tests of what works on models: whatever a test does not define is not asked for.

#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "models/vision_language_model.h"

namespace winnow::testing_support {

class PartialModel : public VisionLanguageModel {
 public:
  const Tokenizer& tokenizer() const override { not_asked_for("tokenizer"); }
  MediumLayout layout(const FrameShape&) const override { not_asked_for("layout"); }
  PreprocessedMedium preprocess(const Frames&) const override { not_asked_for("preprocess"); }
  std::vector<VisualTokens> encode_vision(const std::vector<PreprocessedMedium>&) override {
    not_asked_for("encode_vision");
  }
  bool vision_is_trainable() const override { return false; }
  ModelInput input(const Sample&, std::vector<VisualTokens>) const override {
    not_asked_for("input");
  }
  std::int64_t length(const Sample&, const std::vector<MediumLayout>&) const override {
    not_asked_for("length");
  }
  ModelInput blind_input(const Sample&) const override { not_asked_for("blind_input"); }
  torch::Tensor logits(const std::vector<ModelInput>&) override { not_asked_for("logits"); }
  AnswerLoss answer_loss(const std::vector<ModelInput>&) override { not_asked_for("answer_loss"); }
  std::unique_ptr<Prefix> prefill(const std::vector<ModelInput>&) override {
    not_asked_for("prefill");
  }
  std::vector<std::vector<std::pair<double, std::int64_t>>> score_continuations(
      const Prefix&, const std::vector<std::vector<std::string>>&) override {
    not_asked_for("score_continuations");
  }
  std::vector<std::vector<std::string>> sample_answers(const Prefix&, std::int64_t, std::int64_t,
                                                       double,
                                                       std::vector<RandomStream>&) override {
    not_asked_for("sample_answers");
  }
  bool stream_answer(const Prefix&, const TokenSampling&, std::int64_t, RandomStream&,
                     const std::function<void(std::string_view)>&) override {
    not_asked_for("stream_answer");
  }
  torch::Tensor prompt_features(const Prefix&) override { not_asked_for("prompt_features"); }
  std::vector<std::pair<std::string, torch::Tensor>> named_parameters() const override {
    not_asked_for("named_parameters");
  }
  std::unique_ptr<VisionLanguageModel> clone() const override { not_asked_for("clone"); }
  void save(const std::filesystem::path&) const override { not_asked_for("save"); }

 private:
  [[noreturn]] static void not_asked_for(const std::string& what) {
    throw std::logic_error("this test has no business with a model's " + what + "()");
  }
};

}  // namespace winnow::testing_support
