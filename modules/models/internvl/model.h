#pragma once
// InternVL3 behind the common interface: an ordinary Hugging Face checkpoint folder, or a small
// model of the same architecture that is trained from nothing.

#include <memory>
#include <string>
#include <vector>

#include "models/checkpoint_model.h"
#include "models/internvl/batch.h"
#include "models/internvl/options.h"
#include "models/internvl/positions.h"
#include "models/internvl/weights.h"

namespace winnow::internvl {

class Model : public CheckpointModel {
 public:
  explicit Model(Options options) : options_(std::move(options)) {}
  // Throws IoError and DataError for a config.json of another family.
  static void check_config(const std::filesystem::path& file) { read_config(file); }
  static SamplingOptions published_sampling() { return internvl::published_sampling(); }

  // grid: tiles of an image, frames of a video
  MediumLayout layout(const FrameShape& shape) const override;
  // values: tiles [n, 3, tile size, tile size] float32
  PreprocessedMedium preprocess(const Frames& frames) const override;
  // tokens: merged patches [N, K], which the projector takes
  std::vector<VisualTokens> encode_vision(const std::vector<PreprocessedMedium>& media) override;
  bool vision_is_trainable() const override { return trains(Group::vision); }

  const Config& config() const { return config_; }

 private:
  Model(const Model&) = default;

  SmallLayout small_layout() const override;
  const CheckpointOptions& options() const override { return options_; }
  std::unique_ptr<CheckpointModel> shallow_copy() const override {
    return std::unique_ptr<CheckpointModel>(new Model(*this));
  }
  std::vector<TableEntry> table() override { return tensor_table(config_, weights_); }
  Group group_of(const std::string& parameter) const override;
  FolderFiles build(const BytePairVocabulary& vocabulary, std::int64_t tokens,
                    std::uint64_t seed) override;
  void open(const std::filesystem::path& folder, const std::string& config_text,
            const BytePairTokenizer& tokenizer) override;
  Chat chat(const Sample& sample, const std::vector<MediumLayout>& media) const override;
  const TextShape& text_shape() const override { return config_.text; }
  const TextWeights& text_weights() const override { return weights_.text; }
  TextBatch pack(const std::vector<ModelInput>& inputs) const override {
    return internvl::pack(config_, weights_, inputs);
  }
  RotaryTables rotation(const torch::Tensor& positions, torch::ScalarType dtype) const override {
    return internvl::rotation(config_.text, positions, dtype);
  }

  Options options_;
  Config config_;
  PreprocessingOptions media_;
  Weights weights_;
};

}  // namespace winnow::internvl
