#include "worlds/joint_base.h"

#include "core/parallel.h"
#include "core/progress.h"
#include "media/frame_shape.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;
namespace mw = micro_world;

class BaseCorpus {
 public:
  explicit BaseCorpus(const mw::CleanCorpusOptions& options)
      : corpus_(options), conversations_(corpus_.scenes()), shapes_(corpus_.scenes()) {
    Progress progress("base corpus", static_cast<std::int64_t>(conversations_.size()), "scenes");
    parallel_for(conversations_.size(), [&](std::size_t i) {
      const mw::ImaginedScene scene = corpus_.scene(i);
      conversations_[i] = corpus_.conversation_of(scene);
      shapes_[i] = shape_of(frames_of(scene));
      progress.advance();
    });
  }

  const std::vector<Sample>& conversations() const { return conversations_; }

  ModelInput input(std::size_t scene, VisionLanguageModel& model) const {
    return model.input(conversations_[scene],
                       model.encode_vision({model.preprocess(frames_of(corpus_.scene(scene)))}));
  }
  std::int64_t length(std::size_t scene, const VisionLanguageModel& model) const {
    return model.length(conversations_[scene], {model.layout(shapes_[scene])});
  }

 private:
  mw::CleanCorpus corpus_;
  std::vector<Sample> conversations_;
  std::vector<FrameShape> shapes_;  // of their frames
};

BasePhase phase_of(const std::string& title, const fs::path& folder, const BaseCorpus& corpus,
                   const VisionLanguageModel& model, const std::vector<std::size_t>& chosen) {
  BasePhase phase;
  phase.title = title;
  phase.folder = folder;
  phase.input = [&](std::size_t position, VisionLanguageModel& worker) {
    return corpus.input(chosen[position], worker);
  };
  phase.lengths.resize(chosen.size());
  parallel_for(chosen.size(),
               [&](std::size_t i) { phase.lengths[i] = corpus.length(chosen[i], model); });
  return phase;
}

}  // namespace

std::unique_ptr<VisionLanguageModel> train_joint_base(const MicroBaseOptions& options,
                                                      const ModelFamily& family,
                                                      const BaseJob& job) {
  const BaseCorpus corpus(base_corpus(options, job.seed));
  std::vector<std::string> texts = job.texts;
  std::vector<std::size_t> first, rest;
  for (std::size_t i = 0; i < corpus.conversations().size(); ++i) {
    const Sample& sample = corpus.conversations()[i];
    for (const Turn& turn : sample.turns) texts.push_back(turn.text);
    (comes_first(options, sample, job.seed) ? first : rest).push_back(i);
  }
  std::unique_ptr<VisionLanguageModel> model =
      options.start.empty() ? family.create(texts, job.seed) : family.load(options.start);
  const fs::path after_images = job.folder / "images" / "checkpoint-1";
  if (fs::exists(after_images)) {
    model = family.load(after_images);
  } else if (!first.empty()) {
    train_phase(options,
                phase_of("base model, images", job.folder / "images", corpus, *model, first),
                job.seed, *model);
  }
  if (rest.empty()) return model;
  train_phase(options,
              phase_of("base model, images and videos", job.folder / "mixed", corpus, *model, rest),
              job.seed, *model);
  return model;
}

}  // namespace winnow
