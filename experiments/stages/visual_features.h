#pragma once
// Features of a frozen vision tower: computed once for every medium of a pool or a benchmark and
// mapped into memory by all methods, checkpoints and descriptors.

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "config/bind.h"
#include "experiments/stages/stage.h"
#include "experiments/stages/weights.h"
#include "media/frames.h"
#include "models/vision_language_model.h"

namespace winnow {

// The table `features`.
struct FeaturesOptions {
  // keep: on disk, for all stages, where the tower is frozen; compute: by every stage anew, since
  // what a tower of 2 billion parameters says of a picture takes megabytes; unchecked: the same,
  // and no medium is opened before somebody needs it.
  enum class Visual { keep, compute, unchecked };
  BOOST_DESCRIBE_NESTED_ENUM(Visual, keep, compute, unchecked)

  Visual visual = Visual::keep;
  double maximum_failed_media_share = 0.01;
};
BOOST_DESCRIBE_STRUCT(FeaturesOptions, (), (visual, maximum_failed_media_share))
config::Help help(const FeaturesOptions&);

// A medium and the name it is stored under, which does not change when a folder moves.
struct NamedMedium {
  std::string name;
  Media medium;
};

// By kind, rate and the path below its root.
std::string name_of(const Media& medium);

// Every medium once, sorted by name: what is computed of them in batches does not depend on the
// order of rows.
class MediaList {
 public:
  void add(const Sample& sample);
  std::vector<NamedMedium> sorted() const;

 private:
  std::map<std::string, Media> media_;
};

class VisualFeatures {
 public:
  // Decodes, preprocesses and encodes all media (distinct names) and writes them to `output`. Media
  // that cannot be decoded are listed with their reason. What is in `resume` of a killed run is
  // reused. Results do not depend on the number of workers, nor on which media share a batch.
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

  // Media without features and why, by name.
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

struct FeaturesStage {
  const Bound<ModelFamily>& model;
  Weights weights;
  const SamplingOptions& sampling;
  std::map<std::string, std::string> inputs;  // digests of what the media come from, by role
  std::string title;

  // Facts: media, failed_media. `media` are asked for where the output is not there yet.
  StageOutput run(StageCache& stages, const std::function<std::vector<NamedMedium>()>& media) const;
};

// Where features are not kept: which media can be decoded at all.
struct MediaStage {
  const SamplingOptions& sampling;
  std::map<std::string, std::string> inputs;
  std::string title;

  // Facts as of FeaturesStage.
  StageOutput run(StageCache& stages, const std::function<std::vector<NamedMedium>()>& media) const;
};

// Of a MediaStage: names of media and why they cannot be decoded.
std::map<std::string, std::string> undecodable_media(const StageOutput& media);

// Warns of media that cannot be decoded, and throws DataError where they are too many. `output`: of
// either stage. `of_what`: "the pool", for messages.
void check_failed_media(const StageOutput& output, const FeaturesOptions& options,
                        const std::string& of_what,
                        const std::map<std::string, std::string>& failures);

}  // namespace winnow
