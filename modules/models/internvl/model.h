#pragma once
// InternVL3 behind the common interface: an ordinary Hugging Face checkpoint folder, or a small
// model of the same architecture that is trained from nothing.

#include <memory>
#include <string>
#include <vector>

#include "models/byte_pair_tokenizer.h"
#include "models/checkpoint_files.h"
#include "models/continuations.h"
#include "models/internvl/options.h"
#include "models/internvl/weights.h"

namespace winnow::internvl {

class Model : public ContinuedModel {
 public:
  explicit Model(Options options) : options_(std::move(options)) {}

  std::filesystem::path pretrained() const override { return options_.path; }
  // Throws ConfigError when the options name a checkpoint or contradict each other.
  void initialise_from(const std::vector<std::string>& texts, std::uint64_t seed) override;
  void thaw() override;

  const Tokenizer& tokenizer() const override { return *tokenizer_; }
  // values: tiles [n, 3, tile size, tile size] float32
  SamplingOptions published_sampling() const override { return internvl::published_sampling(); }
  PreprocessedMedium preprocess(const Frames& frames) const override;
  // tokens: merged patches [N, K], which the projector takes
  std::vector<VisualTokens> encode_vision(const std::vector<PreprocessedMedium>& media) override;
  bool vision_is_trainable() const override;
  ModelInput input(const Sample& sample, std::vector<VisualTokens> visual) const override;
  ModelInput blind_input(const Sample& sample) const override;
  torch::Tensor logits(const std::vector<ModelInput>& inputs) override;
  AnswerLoss answer_loss(const std::vector<ModelInput>& inputs) override;
  std::unique_ptr<Prefix> prefill(const std::vector<ModelInput>& inputs) override;
  std::vector<std::pair<std::string, torch::Tensor>> named_parameters() const override;
  std::unique_ptr<VisionLanguageModel> clone() const override;
  // The published layout, which other tools open. Files of the folder that a model came from go
  // along as they are; adapters go into a folder of their own in it, see lora.h.
  void save(const std::filesystem::path& folder) const override;
  // Without `path` in the options the folder must hold the architecture that they describe.
  void load(const std::filesystem::path& folder) override;

  const Config& config() const { return config_; }

 private:
  std::unique_ptr<Continuation> continue_from(const Prefix& prefix) const override;
  ModelInput conversation(const Sample& sample, std::vector<VisualTokens> visual,
                          bool with_media) const;
  // By our name of the parameter.
  bool is_frozen(const std::string& parameter) const;
  void set_trainable();
  torch::ScalarType dtype() const;
  torch::Device device() const { return weights_.text.token.device(); }

  Options options_;
  Config config_;
  PreprocessingOptions media_;
  Weights weights_;
  bool thawed_ = false;
  std::shared_ptr<const BytePairTokenizer> tokenizer_;
  std::shared_ptr<const FolderFiles> files_;
};

}  // namespace winnow::internvl
