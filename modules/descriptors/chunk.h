#pragma once
// The inside of a descriptor pass: how the samples of a chunk are measured.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "descriptors/pass.h"
#include "measuring/column_maker.h"

namespace winnow::detail {

// Measures the samples of a chunk with one model on the calling thread.
class ChunkMeasurement {
 public:
  ChunkMeasurement(const DescriptorPassRequest& request,
                   const std::map<std::string, std::unique_ptr<Descriptor>>& descriptors,
                   const Needs& needs, const DescriptorPassOptions& options,
                   VisionLanguageModel* model, const std::vector<Sample>& samples);

  // One result per sample, in order, with its features for prompt and question. Called once.
  std::vector<MeasuredRow> run();

 private:
  struct Item {  // a sample and what is known of it so far
    Observation observation;
    std::vector<std::string> media_keys;
    std::map<std::string, std::vector<Cell>> cells;  // by descriptor
    // Why it has no sampled answers: no reason to leave its losses unmeasured.
    std::string answers_failure = {};

    const Sample& sample() const { return observation.sample; }
    bool failed() const { return !observation.failure.empty(); }
    void fail(const std::string& reason);
  };
  // The two ways a medium is shown; the tensors are empty until they are made.
  struct View {
    PreprocessedMedium preprocessed;
    VisualTokens features;
  };
  struct Medium {
    View whole, single_frame;
    std::string failure;
  };
  using Held = std::map<std::string, std::shared_ptr<const Frames>>;
  using Inputs = std::vector<std::pair<Item*, ModelInput>>;
  using BatchFunction = void (ChunkMeasurement::*)(const std::vector<Item*>&,
                                                   const std::vector<ModelInput>&);

  bool sees_with_model() const;
  bool encodes(const Item& item, bool single_frame) const;
  void look_at_media();
  void look_at_media_of(Item& item, Held& held, std::vector<std::pair<Medium*, View*>>& pending);
  void encode(std::vector<std::pair<Medium*, View*>>& pending);
  void ask_model();
  std::vector<VisualTokens> visual_of(const Item& item, bool single_frame) const;
  template <class MakeInput>
  void in_batches(bool (*wanted)(const Item&), const MakeInput& make_input, BatchFunction function);
  void with_vision(const std::vector<Item*>& items, const std::vector<ModelInput>& inputs);
  void without_vision(const std::vector<Item*>& items, const std::vector<ModelInput>& inputs);
  void with_single_frame(const std::vector<Item*>& items, const std::vector<ModelInput>& inputs);
  void sample_answers(const Prefix& prefix, const std::vector<Item*>& items);
  std::vector<double> losses(const Prefix& prefix, const std::vector<Item*>& items);
  void take_features(const torch::Tensor& features, const std::vector<Item*>& items,
                     std::vector<float> Observation::*member);
  void measure(Item& item, bool frames_only);

  const DescriptorPassRequest& request_;
  const std::map<std::string, std::unique_ptr<Descriptor>>& descriptors_;
  const Needs& needs_;
  const DescriptorPassOptions& options_;
  VisionLanguageModel* model_;
  std::vector<Item> items_;
  std::map<std::string, Medium> media_;  // by key
  bool keeps_frames_ = false;            // for descriptors that need frames and the model
  torch::Tensor projection_;             // [D, feature_dimensions]
};

}  // namespace winnow::detail
