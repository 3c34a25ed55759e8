#pragma once
// What all families of published checkpoints do alike: they open and save Hugging Face folders, or
// start from nothing with byte pairs learnt from texts; freeze groups of parameters; train
// adapters; copy themselves; run the text model over a batch and go on from a prompt. A family adds
// its architecture, its media and how they and their positions show in the text.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "models/byte_pair_tokenizer.h"
#include "models/chat_ml.h"
#include "models/checkpoint_files.h"
#include "models/checkpoint_options.h"
#include "models/continuations.h"
#include "models/model_family.h"
#include "models/parameter_table.h"
#include "models/text_batch.h"

namespace winnow {

class CheckpointModel : public ContinuedModel {
 public:
  // A model has no weights before one of these two, see ModelFamily::create and load. Without
  // `path` in the options the folder must hold the architecture that they describe.
  void initialise_from(const std::vector<std::string>& texts, std::uint64_t seed);
  void load(const std::filesystem::path& folder);
  const Tokenizer& tokenizer() const final { return *tokenizer_; }
  ModelInput input(const Sample& sample, std::vector<VisualTokens> visual) const final;
  std::int64_t length(const Sample& sample, const std::vector<MediumLayout>& layouts) const final;
  ModelInput blind_input(const Sample& sample) const final;
  torch::Tensor logits(const std::vector<ModelInput>& inputs) final;
  AnswerLoss answer_loss(const std::vector<ModelInput>& inputs) final;
  std::unique_ptr<Prefix> prefill(const std::vector<ModelInput>& inputs) final;
  // Those of adapters follow the others.
  std::vector<std::pair<std::string, torch::Tensor>> named_parameters() const final;
  std::unique_ptr<VisionLanguageModel> clone() const final;
  // The published layout, which other tools open. Files of the folder that a model came from go
  // along as they are; adapters go into a folder of their own in it, see lora.h.
  void save(const std::filesystem::path& folder) const final;

 protected:
  // What small models are built with: the tokens of the chat layout, the padding token first, and
  // what stands before a video's frames, so that the tokenizer learns it as well.
  struct SmallLayout {
    const std::vector<std::string>& control_tokens;
    std::string before_frames;
  };

  CheckpointModel() = default;
  CheckpointModel(const CheckpointModel&) = default;

  // Whether training moves a group, its adapters counted in.
  bool trains(Group group) const { return !options().freezes(group); }
  const BytePairTokenizer& byte_pairs() const { return *tokenizer_; }

 private:
  virtual SmallLayout small_layout() const = 0;
  virtual const CheckpointOptions& options() const = 0;
  // With the same tensors, not copies of them.
  virtual std::unique_ptr<CheckpointModel> shallow_copy() const = 0;
  // All parameters. The entries point into this model's weights.
  virtual std::vector<TableEntry> table() = 0;
  virtual Group group_of(const std::string& parameter) const = 0;
  // Takes on the architecture that the options describe, with random float32 weights. Returns the
  // configs of its folder.
  virtual FolderFiles build(const BytePairVocabulary& vocabulary, std::int64_t tokens,
                            std::uint64_t seed) = 0;
  // Takes on a folder's architecture and weights, after checking that the tokenizer fits.
  // `config_text`: of its config.json.
  virtual void open(const std::filesystem::path& folder, const std::string& config_text,
                    const BytePairTokenizer& tokenizer) = 0;
  // Throws std::logic_error for media of another family.
  virtual Chat chat(const Sample& sample, const std::vector<MediumLayout>& media) const = 0;

  virtual const TextShape& text_shape() const = 0;
  virtual const TextWeights& text_weights() const = 0;
  virtual TextBatch pack(const std::vector<ModelInput>& inputs) const = 0;
  // Of positions as pack() gives them, and of [B, S] of text alone.
  virtual RotaryTables rotation(const torch::Tensor& positions, torch::ScalarType dtype) const = 0;

  std::unique_ptr<Continuation> continue_from(const Prefix& prefix) const final;
  // [B, S, E], the normalised last ones.
  torch::Tensor states(const TextBatch& batch, std::vector<LayerCache>* cache = nullptr) const;
  // `counted`: what of the tokens an error mentions.
  Chat conversation(const Sample& sample, const std::vector<MediumLayout>& media,
                    const char* counted) const;
  bool is_frozen(const std::string& parameter) const { return !trains(group_of(parameter)); }
  void set_trainable();

  std::shared_ptr<const BytePairTokenizer> tokenizer_;
  std::shared_ptr<const FolderFiles> files_;  // beside the weights
};

// The family of a `Model` made from its `Options`.
template <class Model, class Options>
class CheckpointFamily : public ModelFamily {
 public:
  explicit CheckpointFamily(Options options) : options_(std::move(options)) {}
  std::optional<std::filesystem::path> pretrained() const override {
    if (options_.path.empty()) return std::nullopt;
    return options_.path;
  }
  void check_pretrained() const override {
    if (!options_.path.empty()) Model::check_config(options_.path / "config.json");
  }
  SamplingOptions published_sampling() const override { return Model::published_sampling(); }
  bool vision_is_trainable() const override { return Model(options_).vision_is_trainable(); }
  // No adapters either: they begin after the base.
  std::unique_ptr<ModelFamily> thawed() const override {
    Options all = options_;
    all.freeze.clear();
    all.lora = {};
    return std::make_unique<CheckpointFamily>(std::move(all));
  }
  std::unique_ptr<VisionLanguageModel> create(const std::vector<std::string>& texts,
                                              std::uint64_t seed) const override {
    auto model = std::make_unique<Model>(options_);
    model->initialise_from(texts, seed);
    return model;
  }
  std::unique_ptr<VisionLanguageModel> load(const std::filesystem::path& folder) const override {
    auto model = std::make_unique<Model>(options_);
    model->load(folder);
    return model;
  }

 private:
  Options options_;
};

// What config.json and the tokenizer of a folder say must be the same, or placeholders would be
// read as text. Throws DataError. `controls`: tokens and their ids in config.json; `vocabulary`:
// its vocab_size.
void check_vocabulary(const std::vector<std::pair<std::string, std::int64_t>>& controls,
                      std::int64_t vocabulary, const BytePairTokenizer& tokenizer,
                      const std::filesystem::path& folder);

// Throws DataError when a folder's config.json, brought into our form, is not what the options
// describe.
void check_architecture(const std::string& found, const std::string& expected,
                        const std::filesystem::path& folder);

}  // namespace winnow
