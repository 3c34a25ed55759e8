#pragma once
// Qwen3-VL behind the common interface: an ordinary Hugging Face checkpoint folder, or a small
// model of the same architecture that is trained from nothing.

#include <memory>
#include <string>
#include <vector>

#include "models/checkpoint_model.h"
#include "models/qwen3_vl/batch.h"
#include "models/qwen3_vl/media_options.h"
#include "models/qwen3_vl/options.h"
#include "models/qwen3_vl/positions.h"
#include "models/qwen3_vl/weights.h"

namespace winnow::qwen3_vl {

class Model : public CheckpointModel {
 public:
  explicit Model(Options options) : options_(std::move(options)) {}
  // Throws IoError and DataError for a config.json of another family.
  static void check_config(const std::filesystem::path& file) { read_config(file); }
  static SamplingOptions published_sampling() { return qwen3_vl::published_sampling(); }

  // grid: frame pairs, rows and columns, in patches
  MediumLayout layout(const FrameShape& shape) const override;
  // values: patches [P, patch values] float32
  PreprocessedMedium preprocess(const Frames& frames) const override;
  // tokens: see side_by_side
  std::vector<VisualTokens> encode_vision(const std::vector<PreprocessedMedium>& media) override;
  bool vision_is_trainable() const override {
    return trains(Group::vision) || trains(Group::projector);
  }

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
    return qwen3_vl::pack(config_, weights_, inputs);
  }
  RotaryTables rotation(const torch::Tensor& positions, torch::ScalarType dtype) const override {
    return qwen3_vl::rotation(config_.text, positions, dtype);
  }

  Options options_;
  Config config_;
  MediaOptions media_;
  Weights weights_;
};

}  // namespace winnow::qwen3_vl
