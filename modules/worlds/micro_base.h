#pragma once
// The base ("instruct") model at micro scale, trained from nothing on clean data in the base style.
// The micro model's vision tower is trained by itself first; other families in one piece.

#include <filesystem>
#include <string>
#include <vector>

#include "config/options.h"
#include "config/value.h"
#include "models/vision_language_model.h"

namespace winnow {

struct MicroBaseOptions {
  std::int64_t image_samples = 20000;
  std::int64_t video_samples = 20000;
  double image_first_share = 0.5;
  std::int64_t questions_per_scene = 2;
  double long_video_share = 0.1;
  double ultra_video_share = 0.05;
  double augmentation = 0.0;
  std::int64_t tower_frames = 20000;
  std::int64_t tower_epochs = 5;
  std::int64_t tower_batch_size = 64;
  double tower_learning_rate = 3e-3;
  double tower_augmentation = 0.0;
  double learning_rate = 1e-3;
  std::int64_t batch_size = 32;
  double weight_decay = 0.01;
};
BOOST_DESCRIBE_STRUCT(MicroBaseOptions, (),
                      (image_samples, video_samples, image_first_share, questions_per_scene,
                       long_video_share, ultra_video_share, augmentation, tower_frames,
                       tower_epochs, tower_batch_size, tower_learning_rate, tower_augmentation,
                       learning_rate, batch_size, weight_decay))
config::Help help(const MicroBaseOptions&);

// The trainer of a base model's phases.
config::Value base_trainer_config(const MicroBaseOptions& options);

// The tokenizer learns the words of `texts` and of the base corpus. `folder` keeps what a killed
// run needs to go on.
void train_micro_base(const MicroBaseOptions& options, VisionLanguageModel& model,
                      const std::vector<std::string>& texts, std::uint64_t seed,
                      const std::filesystem::path& folder);

}  // namespace winnow
