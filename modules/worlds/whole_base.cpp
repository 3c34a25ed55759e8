#include "worlds/whole_base.h"

#include <spdlog/spdlog.h>

#include "core/parallel.h"
#include "core/progress.h"
#include "models/model_pool.h"
#include "trainers/trainer.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;
namespace mw = micro_world;

class BaseCorpus {
 public:
  explicit BaseCorpus(const mw::CleanCorpusOptions& options)
      : corpus_(options), conversations_(corpus_.scenes()) {
    Progress progress("base corpus", static_cast<std::int64_t>(conversations_.size()), "scenes");
    parallel_for(conversations_.size(), [&](std::size_t i) {
      conversations_[i] = corpus_.conversation_of(corpus_.scene(i));
      progress.advance();
    });
  }

  const std::vector<Sample>& conversations() const { return conversations_; }

  ModelInput input(std::size_t scene, VisionLanguageModel& model) const {
    Frames frames;
    frames.images = corpus_.scene(scene).frames;
    frames.kind = frames.images.size() == 1 ? Media::Kind::image : Media::Kind::video;
    for (std::size_t i = 0; i < frames.images.size(); ++i) {
      frames.timestamps.push_back(static_cast<double>(i) / mw::kFramesPerSecond);
    }
    return model.input(conversations_[scene], model.encode_vision({model.preprocess(frames)}));
  }

  // Tokens of every scene's input.
  std::vector<std::int64_t> lengths(VisionLanguageModel& model) const {
    const OneThreadInside one_thread_inside;
    std::vector<std::int64_t> result(conversations_.size());
    ModelPool models(&model);
    models.reserve(worker_count());
    Progress progress("lengths", static_cast<std::int64_t>(result.size()), "scenes");
    parallel_for(result.size(), [&](std::size_t i) {
      const torch::NoGradGuard no_gradients;
      VisionLanguageModel* worker = models.take();
      result[i] = input(i, *worker).length();
      models.give_back(worker);
      progress.advance();
    });
    return result;
  }

 private:
  mw::CleanCorpus corpus_;
  std::vector<Sample> conversations_;
};

void train_phase(const std::string& title, const MicroBaseOptions& options,
                 VisionLanguageModel& model, const BaseCorpus& corpus,
                 const std::vector<std::int64_t>& lengths, const std::vector<std::size_t>& chosen,
                 std::uint64_t seed, const fs::path& folder) {
  TrainingJob job;
  job.title = title;
  job.folder = folder;
  job.input = [&](std::size_t position, VisionLanguageModel& worker) {
    return corpus.input(chosen[position], worker);
  };
  TrainingSet set;
  for (const std::size_t scene : chosen) set.lengths.push_back(lengths[scene]);
  job.batches = epochs(std::move(set), seed);
  const TrainingResult result =
      trainers().create(base_trainer_config(options), "base.trainer")->train(model, job);
  spdlog::info("{}: {} conversations, final loss {:.3f}", title, chosen.size(), result.final_loss);
}

}  // namespace

void train_whole_base(const MicroBaseOptions& options, const mw::CleanCorpusOptions& corpus_options,
                      VisionLanguageModel& model, std::vector<std::string> texts,
                      std::uint64_t seed, const fs::path& folder) {
  const BaseCorpus corpus(corpus_options);
  std::vector<std::size_t> first, rest;
  for (std::size_t i = 0; i < corpus.conversations().size(); ++i) {
    const Sample& sample = corpus.conversations()[i];
    for (const Turn& turn : sample.turns) texts.push_back(turn.text);
    RandomStream stream(seed, "base/phase/" + sample.id);
    const bool early =
        sample.modality() == Modality::image && stream.chance(options.image_first_share);
    (early ? first : rest).push_back(i);
  }
  model.initialise_from(texts, seed);
  model.thaw();
  const std::vector<std::int64_t> lengths = corpus.lengths(model);
  const fs::path after_images = folder / "images" / "checkpoint-1";
  if (fs::exists(after_images)) {
    model.load(after_images);
    model.thaw();
  } else if (!first.empty()) {
    train_phase("base model, images", options, model, corpus, lengths, first, seed,
                folder / "images");
  }
  if (rest.empty()) return;
  train_phase("base model, images and videos", options, model, corpus, lengths, rest, seed,
              folder / "mixed");
}

}  // namespace winnow
