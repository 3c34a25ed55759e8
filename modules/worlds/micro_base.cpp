// The micro world's base trainer. A vision tower that can be trained by itself is, first; other
// models learn in one piece. Both see the same scenes, images before clips.

#include "worlds/micro_base.h"

#include <spdlog/spdlog.h>

#include "models/separate_tower.h"
#include "trainers/trainer.h"
#include "worlds/joint_base.h"
#include "worlds/staged_base.h"

namespace winnow {

namespace mw = micro_world;

config::Help help(const MicroBaseOptions&) {
  using config::above;
  using config::at_least;
  using config::between;
  return {
      {"start",
       "folder of a base that this one goes on from, words and tower included; empty: from "
       "nothing"},
      {"image_samples", "questions about images", at_least(0)},
      {"video_samples", "questions about clips", at_least(0)},
      {"image_first_share", "share of the images in a first phase of images only", between(0, 1)},
      {"questions_per_scene", "questions that one conversation asks of a scene", between(1, 8)},
      {"problem_scenes", "images of which three word problems are asked, after all other scenes",
       at_least(0)},
      {"long_video_share", "share of clips of 16 frames", between(0, 1)},
      {"ultra_video_share", "share of clips of 24 frames", between(0, 1)},
      {"augmentation", "strength of the style drawn for each scene; 0: the base style",
       between(0, 2)},
      {"tower_frames", "frames the vision tower is pre-trained on", at_least(100)},
      {"tower_epochs", "passes over them", at_least(1)},
      {"tower_batch_size", "frames per step; even", at_least(2)},
      {"tower_learning_rate", "peak of the tower's schedule", above(0)},
      {"tower_augmentation", "style strength of additional frames for the tower", between(0, 2)},
      {"tower_binds",
       "whether the tower also learns for each colour where it is, how large, and whether it "
       "flashes"},
      {"separate_questions",
       "whether a question is answered without a look at the scene's earlier ones; models with a "
       "tower of their own"},
      {"caption_share", "share of the conversations that end with a caption of the whole scene",
       between(0, 1)},
      {"caption_comparisons", "whether captions say which of two things is to the left"},
      {"motion_weight", "how many times as often as in pools and benchmarks objects move",
       above(0)},
      {"question_weights",
       "how often a kind of question is asked of a scene that allows it, by kind; 1 where none is "
       "given. Empty: every kind in turn"},
      {"learning_rate", "peak of the language model's schedule", above(0)},
      {"batch_size", "conversations per step of the language model", at_least(2)},
      {"epochs", "passes over the conversations", at_least(1)},
      {"weight_decay", "decoupled decay", at_least(0)}};
}

mw::CleanCorpusOptions base_corpus(const MicroBaseOptions& options, std::uint64_t seed) {
  mw::CleanCorpusOptions corpus;
  corpus.seed = static_cast<std::int64_t>(seed);
  corpus.images = options.image_samples;
  corpus.videos = options.video_samples;
  corpus.questions_per_scene = options.questions_per_scene;
  corpus.problem_scenes = options.problem_scenes;
  corpus.long_video_share = options.long_video_share;
  corpus.ultra_video_share = options.ultra_video_share;
  corpus.augmentation = options.augmentation;
  corpus.caption_share = options.caption_share;
  corpus.caption_comparisons = options.caption_comparisons;
  corpus.motion_weight = options.motion_weight;
  corpus.question_weights = options.question_weights;
  return corpus;
}

Frames frames_of(const mw::ImaginedScene& scene) {
  Frames frames;
  frames.images = scene.frames;
  frames.kind = scene.frames.size() == 1 ? Media::Kind::image : Media::Kind::video;
  for (std::size_t i = 0; i < frames.images.size(); ++i) {
    frames.timestamps.push_back(static_cast<double>(i) / mw::kFramesPerSecond);
  }
  return frames;
}

bool comes_first(const MicroBaseOptions& options, const Sample& sample, std::uint64_t seed) {
  RandomStream stream(seed, "base/phase/" + sample.id);
  return sample.modality() == Modality::image && stream.chance(options.image_first_share);
}

void train_phase(const MicroBaseOptions& options, const BasePhase& phase, std::uint64_t seed,
                 VisionLanguageModel& model) {
  const config::Origin origin{"base model", 0};
  config::Value table;
  table.set("type", {std::string("sft"), origin});
  table.set("learning_rate", {options.learning_rate, origin});
  table.set("batch_size", {options.batch_size, origin});
  table.set("weight_decay", {options.weight_decay, origin});
  if (options.epochs > 1) {
    const auto conversations = static_cast<std::int64_t>(phase.lengths.size());
    table.set("samples", {conversations * options.epochs, origin});
  }
  table.set("shards", {std::int64_t{2}, origin});
  table.set("checkpoints", {std::int64_t{1}, origin});
  TrainingJob job;
  job.title = phase.title;
  job.folder = phase.folder;
  job.input = phase.input;
  job.batches = epochs({phase.lengths, {}}, seed);
  const TrainingResult result = trainers().create(table, "base.trainer")->train(model, job);
  spdlog::info("{}: {} conversations, final loss {:.3f}", phase.title, phase.lengths.size(),
               result.final_loss);
}

namespace {

class MicroBase : public BaseTrainer {
 public:
  explicit MicroBase(MicroBaseOptions options) : options_(options) {}

  std::unique_ptr<VisionLanguageModel> train(const BaseJob& job) const override {
    const std::unique_ptr<ModelFamily> family = job.family.thawed();
    const bool has_own_tower = family->create({}, job.seed)->separate_tower() != nullptr;
    return has_own_tower ? train_staged_base(options_, *family, job)
                         : train_joint_base(options_, *family, job);
  }

 private:
  MicroBaseOptions options_;
};

const bool registered = base_trainers().add<MicroBase, MicroBaseOptions>(
    "micro_world", "clean conversations about rendered scenes, in memory");

}  // namespace
}  // namespace winnow
