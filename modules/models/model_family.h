#pragma once
// A family of models and its options: what a config names. It makes models; what a model computes
// is in vision_language_model.h.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/component.h"
#include "media/frames.h"
#include "models/vision_language_model.h"

namespace winnow {

class ModelFamily {
 public:
  virtual ~ModelFamily() = default;
  // The folder of trained weights that the options name; nothing where the model has to be trained
  // from nothing.
  virtual std::optional<std::filesystem::path> pretrained() const { return std::nullopt; }
  // Reads what that folder says of itself and none of its weights. Throws IoError, and DataError
  // where it is another family's.
  virtual void check_pretrained() const {}
  // How the family's own programs sample a clip, for those who do not say how.
  virtual SamplingOptions published_sampling() const { return {}; }
  // Whether training moves the vision tower; when not, its features may be computed once and kept.
  virtual bool vision_is_trainable() const = 0;
  // The same family with everything trained, whatever the options freeze: a model that is trained
  // from nothing needs all of it. Parts that are trained elsewhere stay frozen.
  virtual std::unique_ptr<ModelFamily> thawed() const = 0;
  // Random weights and a tokenizer that learns its words from the texts. Equal options, texts and
  // seed give equal weights. Throws ConfigError when the options contradict each other or name
  // trained weights.
  virtual std::unique_ptr<VisionLanguageModel> create(const std::vector<std::string>& texts,
                                                      std::uint64_t seed) const = 0;
  // A folder that save() of one of its models wrote or, for families of published checkpoints, such
  // a checkpoint. Throws DataError where it is another model than the options describe.
  virtual std::unique_ptr<VisionLanguageModel> load(const std::filesystem::path& folder) const = 0;
};

// Model families, by config `type`.
config::ComponentKind<ModelFamily>& models();

}  // namespace winnow
