#pragma once
// What winnow needs of a vision-language model: micro, Qwen3-VL and InternVL3 are all this. The
// trainer, every descriptor, utility estimator and evaluator see nothing else. How a model comes to
// be is its family's matter, see model_family.h.
//
// Shapes: B batch, T tokens, V vocabulary, N visual tokens of one medium, K continuations.
// A model is used by one thread at a time; clone() gives another thread its own. What is const may
// be called by several.

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/random.h"
#include "media/frame_shape.h"
#include "media/frames.h"
#include "models/token_sampling.h"
#include "models/tokenizer.h"
#include "models/torch.h"
#include "models/visual_tokens.h"
#include "pool/sample.h"

namespace winnow {

// A conversation ready for the model: made by VisionLanguageModel::input.
struct ModelInput {
  std::vector<std::int64_t> tokens;  // [T]; a visual placeholder stands once per visual token
  std::vector<std::int64_t> labels;  // [T]; the token itself where it is trained, else -100
  std::vector<VisualTokens> visual;  // one per medium, in order of appearance
  std::int64_t length() const { return static_cast<std::int64_t>(tokens.size()); }
};

// Summed negative log-likelihood of the trained tokens of each sample and how many there are.
struct AnswerLoss {
  torch::Tensor sum;                                               // [B] float, differentiable
  torch::Tensor count;                                             // [B] float
  torch::Tensor mean() const { return sum / count.clamp_min(1); }  // [B]
};

// State of a batch of prompts from which any number of continuations start. Owned by the caller,
// valid until the model's parameters change.
class Prefix {
 public:
  virtual ~Prefix() = default;
};

class SeparateTower;

class VisionLanguageModel {
 public:
  virtual ~VisionLanguageModel() = default;

  virtual const Tokenizer& tokenizer() const = 0;

  // How a medium will show in the text, before there is anything of it but its shape. Throws
  // DataError for one that the model cannot take.
  virtual MediumLayout layout(const FrameShape& shape) const = 0;
  // One medium as the vision tower takes it (resized, model's own layout); no parameters involved.
  // Its layout is layout(shape_of(frames)).
  virtual PreprocessedMedium preprocess(const Frames& frames) const = 0;
  // Runs the vision tower on preprocessed media. Media of different sizes may be mixed. Carries
  // gradients only where the tower is trainable.
  virtual std::vector<VisualTokens> encode_vision(const std::vector<PreprocessedMedium>& media) = 0;
  // Whether training moves the tower; when not, its features may be computed once and kept.
  virtual bool vision_is_trainable() const = 0;

  // The conversation with these visual features, one per medium of the sample. Trained labels:
  // the assistant turns with their end-of-turn token, but those that the sample excludes
  // (Turn::trained).
  virtual ModelInput input(const Sample& sample, std::vector<VisualTokens> visual) const = 0;
  // How many tokens that has with media of these layouts; throws as input() does.
  virtual std::int64_t length(const Sample& sample,
                              const std::vector<MediumLayout>& layouts) const = 0;
  // The same conversation with all media and their placeholders left out.
  virtual ModelInput blind_input(const Sample& sample) const = 0;

  // [B, T, V] next-token logits, right-padded to the longest input.
  virtual torch::Tensor logits(const std::vector<ModelInput>& inputs) = 0;
  virtual AnswerLoss answer_loss(const std::vector<ModelInput>& inputs) = 0;

  // Shared prefix: the prompts are the inputs up to their last assistant turn's first token.
  virtual std::unique_ptr<Prefix> prefill(const std::vector<ModelInput>& inputs) = 0;
  // For each prompt b, the log-likelihood of each of its continuations, end of turn included:
  // result[b][k] = (sum of log-probabilities, number of tokens).
  virtual std::vector<std::vector<std::pair<double, std::int64_t>>> score_continuations(
      const Prefix& prefix, const std::vector<std::vector<std::string>>& continuations) = 0;
  // `count` sampled answers per prompt at `temperature` (0: always the likeliest token); streams[b]
  // drives prompt b alone, so that an answer does not depend on its batch.
  virtual std::vector<std::vector<std::string>> sample_answers(
      const Prefix& prefix, std::int64_t count, std::int64_t maximum_tokens, double temperature,
      std::vector<RandomStream>& streams) = 0;
  // One answer to the prefix of one prompt, handed to `piece` as soon as characters are complete.
  // Returns whether it ended by itself and was not cut off at `maximum_tokens`.
  virtual bool stream_answer(const Prefix& prefix, const TokenSampling& sampling,
                             std::int64_t maximum_tokens, RandomStream& stream,
                             const std::function<void(std::string_view)>& piece) = 0;
  // Text and vision summarised: [B, D] mean hidden state of the last layer over the prompt.
  virtual torch::Tensor prompt_features(const Prefix& prefix) = 0;

  // Trainable and frozen parameters by stable names.
  virtual std::vector<std::pair<std::string, torch::Tensor>> named_parameters() const = 0;
  // An independent copy with equal parameters.
  virtual std::unique_ptr<VisionLanguageModel> clone() const = 0;
  // A folder with everything that ModelFamily::load needs. Atomic.
  virtual void save(const std::filesystem::path& folder) const = 0;

  // Null where the tower is trained together with the rest.
  virtual SeparateTower* separate_tower() { return nullptr; }
};

// Digest of all parameters, by name and value.
std::string weights_digest(const VisionLanguageModel& model);

}  // namespace winnow
