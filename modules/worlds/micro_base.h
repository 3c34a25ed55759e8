#pragma once
// The base ("instruct") model at micro scale, trained from nothing on clean data in the base style.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "config/options.h"
#include "media/frames.h"
#include "trainers/base_trainer.h"
#include "worlds/micro_world.h"

namespace winnow {

struct MicroBaseOptions {
  std::filesystem::path start;
  std::int64_t image_samples = 20000;
  std::int64_t video_samples = 20000;
  double image_first_share = 0.5;
  std::int64_t questions_per_scene = 2;
  std::int64_t problem_scenes = 0;
  double long_video_share = 0.1;
  double ultra_video_share = 0.05;
  double augmentation = 0.0;
  std::int64_t tower_frames = 20000;
  std::int64_t tower_epochs = 5;
  std::int64_t tower_batch_size = 64;
  double tower_learning_rate = 3e-3;
  double tower_augmentation = 0.0;
  bool tower_binds = false;
  bool separate_questions = false;
  double caption_share = 0.0;
  bool caption_comparisons = false;
  double motion_weight = 1.0;
  std::map<std::string, double> question_weights;
  double learning_rate = 1e-3;
  std::int64_t batch_size = 32;
  std::int64_t epochs = 1;
  double weight_decay = 0.01;
};
BOOST_DESCRIBE_STRUCT(MicroBaseOptions, (),
                      (start, image_samples, video_samples, image_first_share, questions_per_scene,
                       problem_scenes, long_video_share, ultra_video_share, augmentation,
                       tower_frames, tower_epochs, tower_batch_size, tower_learning_rate,
                       tower_augmentation, tower_binds, separate_questions, caption_share,
                       caption_comparisons, motion_weight, question_weights, learning_rate,
                       batch_size, epochs, weight_decay))
config::Help help(const MicroBaseOptions&);

// The scenes that a base with this seed learns from.
micro_world::CleanCorpusOptions base_corpus(const MicroBaseOptions& options, std::uint64_t seed);

// A scene as a decoder would give it.
Frames frames_of(const micro_world::ImaginedScene& scene);

// Whether a conversation belongs to the first of two phases, which has images alone.
bool comes_first(const MicroBaseOptions& options, const Sample& sample, std::uint64_t seed);

// Conversations by position, `epochs` times. Goes on from what a killed run left in the folder, and
// leaves the model there as checkpoint-1.
struct BasePhase {
  std::string title;
  std::filesystem::path folder;
  std::function<ModelInput(std::size_t, VisionLanguageModel&)> input;
  std::vector<std::int64_t> lengths;  // tokens of each input
};
void train_phase(const MicroBaseOptions& options, const BasePhase& phase, std::uint64_t seed,
                 VisionLanguageModel& model);

}  // namespace winnow
