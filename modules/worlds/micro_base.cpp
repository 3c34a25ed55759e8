#include "worlds/micro_base.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <numeric>

#include "core/files.h"
#include "core/parallel.h"
#include "core/progress.h"
#include "models/micro/micro_model.h"
#include "trainers/trainer.h"
#include "worlds/micro_tower.h"
#include "worlds/micro_world.h"
#include "worlds/whole_base.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;
namespace mw = micro_world;

// A scene of the base corpus as training needs it: no pictures kept, only what the tower sees.
struct BaseScene {
  PreprocessedMedium pixels;  // [F, 3, size, size] uint8
  mw::SceneTruth truth;
  Sample conversation;  // asks all its questions
};

std::vector<BaseScene> imagine(const mw::CleanCorpus& corpus, const micro::MicroModel& model) {
  std::vector<BaseScene> scenes(corpus.scenes());
  Progress progress("base corpus", static_cast<std::int64_t>(scenes.size()), "scenes");
  parallel_for(scenes.size(), [&](std::size_t i) {
    mw::ImaginedScene scene = corpus.scene(i);
    scenes[i].conversation = corpus.conversation_of(scene);
    Frames frames;
    frames.kind = scene.frames.size() == 1 ? Media::Kind::image : Media::Kind::video;
    frames.images = std::move(scene.frames);
    scenes[i].pixels = model.preprocess(frames);
    scenes[i].truth = std::move(scene.truth);
    progress.advance();
  });
  return scenes;
}

// Frames for the tower: one of every scene in turn, later ones of clips after the first round.
TowerFrames tower_frames(const std::vector<BaseScene>& scenes, std::int64_t wanted,
                         std::uint64_t seed) {
  std::vector<std::pair<std::size_t, std::int64_t>> all;
  for (std::size_t i = 0; i < scenes.size(); ++i) {
    for (std::int64_t f = 0; f < scenes[i].pixels.values.size(0); ++f) all.emplace_back(i, f);
  }
  RandomStream(seed, "base/tower/frames").shuffle(all);
  if (static_cast<std::int64_t>(all.size()) > wanted) all.resize(static_cast<std::size_t>(wanted));
  TowerFrames frames;
  std::vector<torch::Tensor> pixels;
  for (const auto& [scene, frame] : all) {
    pixels.push_back(scenes[scene].pixels.values[frame]);
    frames.truth.push_back(scenes[scene].truth.frames[static_cast<std::size_t>(frame)]);
  }
  frames.pixels = torch::stack(pixels);
  return frames;
}

// The tower's features of every scene.
std::vector<VisualTokens> features_of(const std::vector<BaseScene>& scenes,
                                      const VisionLanguageModel& model) {
  constexpr std::size_t kChunk = 128;
  std::vector<VisualTokens> features(scenes.size());
  parallel_for((scenes.size() + kChunk - 1) / kChunk, [&](std::size_t chunk) {
    const torch::NoGradGuard no_gradients;  // all epochs share them, even where the tower trains
    const std::unique_ptr<VisionLanguageModel> worker = model.clone();
    const std::size_t end = std::min(scenes.size(), (chunk + 1) * kChunk);
    std::vector<PreprocessedMedium> media;
    for (std::size_t i = chunk * kChunk; i < end; ++i) media.push_back(scenes[i].pixels);
    const std::vector<VisualTokens> encoded = worker->encode_vision(media);
    for (std::size_t i = 0; i < encoded.size(); ++i) features[chunk * kChunk + i] = encoded[i];
  });
  return features;
}

void train_phase(const std::string& title, const MicroBaseOptions& options,
                 micro::MicroModel& model, const std::vector<BaseScene>& scenes,
                 const std::vector<VisualTokens>& features, const std::vector<std::size_t>& chosen,
                 std::uint64_t seed, const fs::path& folder) {
  const std::int64_t slots = model.options().frame_slots;
  TrainingJob job;
  job.title = title;
  job.folder = folder;
  job.input = [&](std::size_t position, VisionLanguageModel&) {
    const BaseScene& scene = scenes[chosen[position]];
    const Sample& sample = scene.conversation;
    ModelInput input = model.input(sample, {features[chosen[position]]});
    // Clips are seen at all times, so that later, longer ones find every time slot trained.
    RandomStream stream(seed, "base/time/" + sample.id);
    model.place_clips(input, stream.integer(0, slots - scene.pixels.values.size(0)));
    return input;
  };
  TrainingSet set;
  for (const std::size_t i : chosen) {
    set.lengths.push_back(model.input(scenes[i].conversation, {features[i]}).length());
  }
  job.batches = epochs(std::move(set), seed);
  const TrainingResult result =
      trainers().create(base_trainer_config(options), "base.trainer")->train(model, job);
  spdlog::info("{}: {} conversations, final loss {:.3f}", title, chosen.size(), result.final_loss);
}

}  // namespace

config::Value base_trainer_config(const MicroBaseOptions& options) {
  const config::Origin origin{"base model", 0};
  config::Value table;
  table.set("type", {std::string("sft"), origin});
  table.set("learning_rate", {options.learning_rate, origin});
  table.set("batch_size", {options.batch_size, origin});
  table.set("weight_decay", {options.weight_decay, origin});
  table.set("shards", {std::int64_t{2}, origin});
  table.set("checkpoints", {std::int64_t{1}, origin});
  return table;
}

config::Help help(const MicroBaseOptions&) {
  using config::above;
  using config::at_least;
  using config::between;
  return {
      {"image_samples", "questions about images", at_least(0)},
      {"video_samples", "questions about clips", at_least(0)},
      {"image_first_share", "share of the images in a first phase of images only", between(0, 1)},
      {"questions_per_scene", "questions that one conversation asks of a scene", between(1, 8)},
      {"long_video_share", "share of clips of 16 frames", between(0, 1)},
      {"ultra_video_share", "share of clips of 24 frames", between(0, 1)},
      {"augmentation", "strength of the style drawn for each scene; 0: the base style",
       between(0, 2)},
      {"tower_frames", "frames the vision tower is pre-trained on", at_least(100)},
      {"tower_epochs", "passes over them", at_least(1)},
      {"tower_batch_size", "frames per step; even", at_least(2)},
      {"tower_learning_rate", "peak of the tower's schedule", above(0)},
      {"tower_augmentation", "style strength of additional frames for the tower", between(0, 2)},
      {"learning_rate", "peak of the language model's schedule", above(0)},
      {"batch_size", "conversations per step of the language model", at_least(2)},
      {"weight_decay", "decoupled decay", at_least(0)}};
}

void train_micro_base(const MicroBaseOptions& options, VisionLanguageModel& any_model,
                      const std::vector<std::string>& texts, std::uint64_t seed,
                      const fs::path& folder) {
  mw::CleanCorpusOptions corpus_options;
  corpus_options.seed = static_cast<std::int64_t>(seed);
  corpus_options.images = options.image_samples;
  corpus_options.videos = options.video_samples;
  corpus_options.questions_per_scene = options.questions_per_scene;
  corpus_options.long_video_share = options.long_video_share;
  corpus_options.ultra_video_share = options.ultra_video_share;
  corpus_options.augmentation = options.augmentation;
  auto* model = dynamic_cast<micro::MicroModel*>(&any_model);
  if (model == nullptr) {
    train_whole_base(options, corpus_options, any_model, texts, seed, folder);
    return;
  }
  const std::vector<BaseScene> scenes = imagine(mw::CleanCorpus(corpus_options), *model);

  std::vector<std::string> vocabulary_texts = texts;
  std::vector<std::size_t> first, rest;
  for (std::size_t i = 0; i < scenes.size(); ++i) {
    const Sample& sample = scenes[i].conversation;
    for (const Turn& turn : sample.turns) vocabulary_texts.push_back(turn.text);
    RandomStream stream(seed, "base/phase/" + sample.id);
    const bool early =
        sample.modality() == Modality::image && stream.chance(options.image_first_share);
    (early ? first : rest).push_back(i);
  }
  model->initialise_from(vocabulary_texts, seed);

  const fs::path tower = folder / "tower";
  if (fs::exists(tower)) {
    model->load(tower);
  } else {
    std::vector<BaseScene> styled;
    if (options.tower_augmentation > 0.0) {
      mw::CleanCorpusOptions styled_options = corpus_options;
      styled_options.seed += 1'000'000;
      styled_options.augmentation = options.tower_augmentation;
      styled_options.images = options.tower_frames;
      styled_options.videos = 0;
      styled_options.questions_per_scene = 1;
      styled = imagine(mw::CleanCorpus(styled_options), *model);
    }
    std::vector<BaseScene> all = scenes;
    all.insert(all.end(), styled.begin(), styled.end());
    const double accuracy =
        train_micro_tower(options, *model, tower_frames(all, options.tower_frames, seed), seed);
    spdlog::info("vision tower: names {:.1f} % of unseen objects rightly", 100 * accuracy);
    PendingDirectory pending(tower);
    model->save(pending.path());
    pending.commit();
  }
  const std::vector<VisualTokens> features = features_of(scenes, *model);
  const fs::path after_images = folder / "images" / "checkpoint-1";
  if (fs::exists(after_images)) {
    model->load(after_images);
  } else if (!first.empty()) {
    train_phase("base model, images", options, *model, scenes, features, first, seed,
                folder / "images");
  }
  train_phase("base model, images and videos", options, *model, scenes, features, rest, seed,
              folder / "mixed");
}

}  // namespace winnow
