#include "support/micro_scenes.h"

#include <algorithm>

namespace winnow::bench {
namespace {

Frames frames_of(const std::vector<cv::Mat>& images) {
  Frames frames;
  frames.kind = images.size() == 1 ? Media::Kind::image : Media::Kind::video;
  frames.images = images;
  for (std::size_t i = 0; i < images.size(); ++i) {
    frames.timestamps.push_back(static_cast<double>(i) / micro_world::kFramesPerSecond);
  }
  return frames;
}

}  // namespace

micro_world::CleanCorpus corpus_of(std::int64_t seed, std::int64_t samples) {
  micro_world::CleanCorpusOptions options;
  options.seed = seed;
  options.images = samples / 2;
  options.videos = samples - samples / 2;
  options.questions_per_scene = 1;
  return micro_world::CleanCorpus(options);
}

std::vector<std::string> texts_of(const micro_world::CleanCorpus& corpus) {
  std::vector<std::string> texts;
  const std::size_t count = std::min<std::size_t>(500, corpus.size());
  for (std::size_t i = 0; i < count; ++i) {
    for (const Turn& turn : corpus.at(i * corpus.size() / count).sample.turns) {
      texts.push_back(turn.text);
    }
  }
  return texts;
}

ModelInput input_of(micro::MicroModel& model, const Sample& sample,
                    const std::vector<std::vector<cv::Mat>>& media) {
  const torch::NoGradGuard no_gradients;
  std::vector<PreprocessedMedium> pixels;
  for (const auto& images : media) pixels.push_back(model.preprocess(frames_of(images)));
  return model.input(sample, model.encode_vision(pixels));
}

}  // namespace winnow::bench
