#pragma once
// A tiny micro model and samples for it, shared by the tests of models, trainers and evaluators.

#include <memory>
#include <opencv2/core.hpp>
#include <string>
#include <vector>

#include "core/random.h"
#include "models/micro/micro_model.h"

namespace winnow::testing_support {

inline micro::MicroOptions tiny_options() {
  micro::MicroOptions options;
  options.width = 16;
  options.layers = 2;
  options.heads = 2;
  options.tower_channels = 4;
  options.frame_slots = 8;
  options.maximum_text = 64;
  return options;
}

inline std::unique_ptr<micro::MicroModel> tiny_model(std::uint64_t seed = 1) {
  auto model = std::make_unique<micro::MicroModel>(tiny_options());
  model->initialise({"red", "blue", "green", "what", " colour", " is", " it"}, seed);
  return model;
}

inline Frames noise_frames(std::int64_t count, std::uint64_t seed) {
  Frames frames;
  frames.kind = count == 1 ? Media::Kind::image : Media::Kind::video;
  RandomStream stream(seed, "test/frames");
  for (std::int64_t f = 0; f < count; ++f) {
    cv::Mat image(64, 64, CV_8UC3);
    for (std::size_t i = 0; i < image.total() * 3; ++i) {
      image.data[i] = static_cast<unsigned char>(stream.below(256));
    }
    frames.images.push_back(image);
    frames.timestamps.push_back(static_cast<double>(f));
  }
  return frames;
}

inline Sample question_sample(const std::string& id, const std::string& answer, bool media = true) {
  Sample sample;
  sample.id = id;
  if (media) sample.media.emplace_back();
  sample.turns = {
      {Turn::Role::user,
       (media ? std::string(kMediaPlaceholder) + "\n" : std::string()) + "what colour is it"},
      {Turn::Role::assistant, answer}};
  return sample;
}

// An input about `frames` frames of noise.
inline ModelInput noise_input(micro::MicroModel& model, std::int64_t frames,
                              const std::string& answer, std::uint64_t seed) {
  return model.input(question_sample("sample " + std::to_string(seed), answer),
                     model.encode_vision({model.preprocess(noise_frames(frames, seed))}));
}

}  // namespace winnow::testing_support
