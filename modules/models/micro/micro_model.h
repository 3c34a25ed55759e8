#pragma once
// The micro vision-language model: small enough to train on a CPU in a minute, whole enough that
// everything that works on it works on a large one. Vision tower, projector, causal LM, tokenizer.

#include <memory>
#include <string>
#include <vector>

#include "models/continuations.h"
#include "models/micro/network.h"
#include "models/micro/tokenizer.h"

namespace winnow::micro {

BOOST_DESCRIBE_STRUCT(MicroOptions, (),
                      (width, layers, heads, mlp_ratio, image_size, tower_channels, frame_slots,
                       maximum_text, vocabulary_words, change_frames, train_vision))
config::Help help(const MicroOptions&);

class MicroModel : public ContinuedModel {
 public:
  // Has no weights yet: initialise() or load() first.
  explicit MicroModel(MicroOptions options);

  void initialise_from(const std::vector<std::string>& texts, std::uint64_t seed) override;
  // Random weights over a vocabulary.
  void initialise(std::vector<std::string> words, std::uint64_t seed);

  const Tokenizer& tokenizer() const override { return *tokenizer_; }
  // values: [F, 3, size, size] uint8
  PreprocessedMedium preprocess(const Frames& frames) const override;
  std::vector<VisualTokens> encode_vision(const std::vector<PreprocessedMedium>& media) override;
  bool vision_is_trainable() const override { return options_.train_vision; }
  ModelInput input(const Sample& sample, std::vector<VisualTokens> visual) const override;
  ModelInput blind_input(const Sample& sample) const override;
  torch::Tensor logits(const std::vector<ModelInput>& inputs) override;
  AnswerLoss answer_loss(const std::vector<ModelInput>& inputs) override;
  std::unique_ptr<Prefix> prefill(const std::vector<ModelInput>& inputs) override;
  std::vector<std::pair<std::string, torch::Tensor>> named_parameters() const override;
  std::unique_ptr<VisionLanguageModel> clone() const override;
  void save(const std::filesystem::path& folder) const override;
  void load(const std::filesystem::path& folder) override;

  const MicroOptions& options() const { return options_; }
  const WordTokenizer& words() const { return *tokenizer_; }
  Network& network() { return *network_; }
  // Moves a clip's frames to other time slots: `first_slot` is where its first frame goes. Used
  // while the base model learns time, so that clips of any length find trained slots.
  void place_clips(ModelInput& input, std::int64_t first_slot) const;

 private:
  std::unique_ptr<Continuation> continue_from(const Prefix& prefix) const override;
  torch::Tensor hidden_states(const std::vector<ModelInput>& inputs,
                              std::vector<LayerCache>* cache);
  ModelInput conversation(const Sample& sample, std::vector<VisualTokens> visual,
                          bool with_media) const;

  MicroOptions options_;
  std::shared_ptr<const WordTokenizer> tokenizer_;
  std::shared_ptr<Network> network_;
};

}  // namespace winnow::micro
