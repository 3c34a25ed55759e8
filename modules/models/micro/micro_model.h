#pragma once
// The micro vision-language model: small enough to train on a CPU in a minute, whole enough that
// everything that works on it works on a large one. Vision tower, projector, causal LM, tokenizer.

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "models/continuations.h"
#include "models/micro/network.h"
#include "models/micro/tokenizer.h"
#include "models/model_family.h"
#include "models/separate_tower.h"

namespace winnow::micro {

BOOST_DESCRIBE_STRUCT(MicroOptions, (),
                      (width, layers, heads, mlp_ratio, image_size, tower_channels, frame_slots,
                       maximum_text, vocabulary_words, change_frames, frame_context, train_vision))
config::Help help(const MicroOptions&);

// What a config says: the model, and where its weights are if it is trained already.
struct MicroFamilyOptions : MicroOptions {
  std::string path;
};
BOOST_DESCRIBE_STRUCT(MicroFamilyOptions, (MicroOptions), (path))
config::Help help(const MicroFamilyOptions&);

class MicroModel : public ContinuedModel, public SeparateTower {
 public:
  // Has no weights yet: one of the next three comes first.
  explicit MicroModel(MicroOptions options);
  void initialise_from(const std::vector<std::string>& texts, std::uint64_t seed);
  // Random weights over a vocabulary.
  void initialise(std::vector<std::string> words, std::uint64_t seed);
  void load(const std::filesystem::path& folder);

  const Tokenizer& tokenizer() const override { return *tokenizer_; }
  // grid: frames
  MediumLayout layout(const FrameShape& shape) const override;
  // values: [F, 3, size, size] uint8
  PreprocessedMedium preprocess(const Frames& frames) const override;
  std::vector<VisualTokens> encode_vision(const std::vector<PreprocessedMedium>& media) override;
  bool vision_is_trainable() const override { return options_.train_vision; }
  ModelInput input(const Sample& sample, std::vector<VisualTokens> visual) const override;
  std::int64_t length(const Sample& sample,
                      const std::vector<MediumLayout>& layouts) const override;
  ModelInput blind_input(const Sample& sample) const override;
  torch::Tensor logits(const std::vector<ModelInput>& inputs) override;
  AnswerLoss answer_loss(const std::vector<ModelInput>& inputs) override;
  std::unique_ptr<Prefix> prefill(const std::vector<ModelInput>& inputs) override;
  std::vector<std::pair<std::string, torch::Tensor>> named_parameters() const override;
  std::unique_ptr<VisionLanguageModel> clone() const override;
  void save(const std::filesystem::path& folder) const override;

  SeparateTower* separate_tower() override { return this; }
  std::int64_t cells_per_side() const override { return kGrid; }
  std::int64_t cell_width() const override { return options_.tower_channels; }
  torch::Tensor cells(const torch::Tensor& frames) const override;
  std::vector<std::pair<std::string, torch::Tensor>> tower_parameters() const override;
  void set_tower_trainable(bool trainable) override;
  void mix_cells(const torch::Tensor& weight, const torch::Tensor& bias) override;
  void standardise_cells(const torch::Tensor& frames) override;
  std::int64_t time_slots() const override { return options_.frame_slots; }
  void place_clips(ModelInput& input, std::int64_t first_slot) const override;
  void separate_turns(ModelInput& input) const override;

  const MicroOptions& options() const { return options_; }
  const WordTokenizer& words() const { return *tokenizer_; }
  Network& network() { return *network_; }

 private:
  std::unique_ptr<Continuation> continue_from(const Prefix& prefix) const override;
  torch::Tensor hidden_states(const std::vector<ModelInput>& inputs,
                              std::vector<LayerCache>* cache);
  // Tokens and labels; null: all media and their placeholders are left out.
  ModelInput conversation(const Sample& sample, const std::vector<MediumLayout>* media) const;

  MicroOptions options_;
  std::shared_ptr<const WordTokenizer> tokenizer_;
  std::shared_ptr<Network> network_;
};

class Family : public ModelFamily {
 public:
  explicit Family(const MicroOptions& options) : Family(MicroFamilyOptions{options, {}}) {}
  explicit Family(const MicroFamilyOptions& options)
      : options_(MicroModel(options).options()), path_(options.path) {}
  std::optional<std::filesystem::path> pretrained() const override;
  void check_pretrained() const override;
  bool vision_is_trainable() const override { return options_.train_vision; }
  // Its tower is trained by itself.
  std::unique_ptr<ModelFamily> thawed() const override {
    return std::make_unique<Family>(MicroFamilyOptions{options_, path_});
  }
  std::unique_ptr<VisionLanguageModel> create(const std::vector<std::string>& texts,
                                              std::uint64_t seed) const override;
  std::unique_ptr<VisionLanguageModel> load(const std::filesystem::path& folder) const override;

 private:
  MicroOptions options_;
  std::string path_;
};

}  // namespace winnow::micro
