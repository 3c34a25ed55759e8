#pragma once
// Features of a frozen vision tower: computed once for every medium of a world and mapped into
// memory by all methods, checkpoints and descriptors.

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "media/frames.h"
#include "models/torch.h"
#include "models/vision_language_model.h"

namespace winnow {

// A medium and the name it is stored under, which does not change when a folder moves.
struct NamedMedium {
  std::string name;
  Media medium;
};

class VisualFeatures {
 public:
  // Decodes, preprocesses and encodes all media (distinct names) and writes them to `output`. Media
  // that cannot be decoded are listed with their reason. What is in `resume` of a killed run is
  // reused. Results do not depend on the number of workers.
  static void compute(VisionLanguageModel& model, const std::vector<NamedMedium>& media,
                      const SamplingOptions& sampling, const std::filesystem::path& output,
                      const std::filesystem::path& resume);

  // What compute() wrote. Throws DataError when the files do not fit together.
  static VisualFeatures load(const std::filesystem::path& output);

  // Its tokens are a view of the mapped file. Throws DataError with the reason when the medium
  // could not be decoded.
  VisualTokens of(const std::string& name) const;

  // How it shows in a text; throws likewise.
  const MediumLayout& layout_of(const std::string& name) const;

  // Media without features and why.
  const std::map<std::string, std::string>& failures() const { return failures_; }

 private:
  struct Place {
    std::int64_t offset = 0, tokens = 0, width = 0;  // in floats
    MediumLayout layout;
  };
  const Place& place_of(const std::string& name) const;

  torch::Tensor data_;  // [floats]
  std::map<std::string, Place> places_;
  std::map<std::string, std::string> failures_;
};

}  // namespace winnow
