#include "worlds/staged_base.h"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "core/files.h"
#include "core/parallel.h"
#include "core/progress.h"
#include "models/model_pool.h"
#include "models/separate_tower.h"
#include "worlds/micro_tower.h"

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

std::vector<BaseScene> imagine(const mw::CleanCorpus& corpus, const VisionLanguageModel& model) {
  std::vector<BaseScene> scenes(corpus.scenes());
  Progress progress("base corpus", static_cast<std::int64_t>(scenes.size()), "scenes");
  parallel_for(scenes.size(), [&](std::size_t i) {
    mw::ImaginedScene scene = corpus.scene(i);
    scenes[i].conversation = corpus.conversation_of(scene);
    scenes[i].pixels = model.preprocess(frames_of(scene));
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
                                      VisionLanguageModel& model) {
  constexpr std::size_t kChunk = 128;
  std::vector<VisualTokens> features(scenes.size());
  ModelPool models(&model);
  parallel_for((scenes.size() + kChunk - 1) / kChunk, [&](std::size_t chunk) {
    const torch::NoGradGuard no_gradients;  // all epochs share them, even where the tower trains
    const ModelPool::Loan worker(models);
    const std::size_t end = std::min(scenes.size(), (chunk + 1) * kChunk);
    std::vector<PreprocessedMedium> media;
    for (std::size_t i = chunk * kChunk; i < end; ++i) media.push_back(scenes[i].pixels);
    const std::vector<VisualTokens> encoded = worker->encode_vision(media);
    for (std::size_t i = 0; i < encoded.size(); ++i) features[chunk * kChunk + i] = encoded[i];
  });
  return features;
}

BasePhase phase_of(const std::string& title, const fs::path& folder, std::uint64_t seed,
                   VisionLanguageModel& model, const std::vector<BaseScene>& scenes,
                   const std::vector<VisualTokens>& features,
                   const std::vector<std::size_t>& chosen, bool separate_questions) {
  BasePhase phase;
  phase.title = title;
  phase.folder = folder;
  phase.input = [&, seed, separate_questions](std::size_t position, VisionLanguageModel&) {
    const BaseScene& scene = scenes[chosen[position]];
    const Sample& sample = scene.conversation;
    ModelInput input = model.input(sample, {features[chosen[position]]});
    const SeparateTower& tower = *model.separate_tower();
    if (separate_questions) tower.separate_turns(input);
    RandomStream stream(seed, "base/time/" + sample.id);
    tower.place_clips(input, stream.integer(0, tower.time_slots() - scene.pixels.values.size(0)));
    return input;
  };
  for (const std::size_t i : chosen) {
    phase.lengths.push_back(model.length(scenes[i].conversation, {features[i].layout}));
  }
  return phase;
}

// Pre-trains the tower on frames of the scenes and of others in drawn styles.
void train_tower(const MicroBaseOptions& options, const std::vector<BaseScene>& scenes,
                 std::uint64_t seed, VisionLanguageModel& model) {
  std::vector<BaseScene> all = scenes;
  if (options.tower_augmentation > 0.0) {
    mw::CleanCorpusOptions styled_options = base_corpus(options, seed);
    styled_options.seed += 1'000'000;
    styled_options.augmentation = options.tower_augmentation;
    styled_options.images = options.tower_frames;
    styled_options.videos = 0;
    styled_options.questions_per_scene = 1;
    const std::vector<BaseScene> styled = imagine(mw::CleanCorpus(styled_options), model);
    all.insert(all.end(), styled.begin(), styled.end());
  }
  const double accuracy =
      train_micro_tower(options, model, tower_frames(all, options.tower_frames, seed), seed);
  spdlog::info("vision tower: names {:.1f} % of unseen objects rightly", 100 * accuracy);
}

}  // namespace

std::unique_ptr<VisionLanguageModel> train_staged_base(const MicroBaseOptions& options,
                                                       const ModelFamily& family,
                                                       const BaseJob& job) {
  const mw::CleanCorpus corpus(base_corpus(options, job.seed));
  // Before there are words there is a model without, which knows how frames are seen.
  const std::vector<BaseScene> scenes = imagine(corpus, *family.create({}, job.seed));
  std::vector<std::string> texts = job.texts;
  std::vector<std::size_t> first, rest;
  for (std::size_t i = 0; i < scenes.size(); ++i) {
    const Sample& sample = scenes[i].conversation;
    for (const Turn& turn : sample.turns) texts.push_back(turn.text);
    (comes_first(options, sample, job.seed) ? first : rest).push_back(i);
  }
  std::unique_ptr<VisionLanguageModel> model =
      options.start.empty() ? family.create(texts, job.seed) : family.load(options.start);
  const fs::path tower = job.folder / "tower";
  if (!options.start.empty()) {
    // It comes with a tower that the rest of it has learned to read.
  } else if (fs::exists(tower)) {
    model = family.load(tower);
  } else {
    train_tower(options, scenes, job.seed, *model);
    PendingDirectory pending(tower);
    model->save(pending.path());
    pending.commit();
  }
  const std::vector<VisualTokens> features = features_of(scenes, *model);
  const fs::path after_images = job.folder / "images" / "checkpoint-1";
  if (fs::exists(after_images)) {
    model = family.load(after_images);
  } else if (!first.empty()) {
    train_phase(options,
                phase_of("base model, images", job.folder / "images", job.seed, *model, scenes,
                         features, first, options.separate_questions),
                job.seed, *model);
  }
  train_phase(options,
              phase_of("base model, images and videos", job.folder / "mixed", job.seed, *model,
                       scenes, features, rest, options.separate_questions),
              job.seed, *model);
  return model;
}

}  // namespace winnow
