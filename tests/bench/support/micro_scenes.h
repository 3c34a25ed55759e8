#pragma once
// Scenes of the micro world as a micro model's inputs, made in memory.

#include <opencv2/core.hpp>
#include <vector>

#include "models/micro/micro_model.h"
#include "worlds/micro_world.h"

namespace winnow::bench {

// Half of them images, half clips, one question about each.
micro_world::CleanCorpus corpus_of(std::int64_t seed, std::int64_t samples);

// Texts to train a tokenizer on: of up to 500 samples from all over the corpus.
std::vector<std::string> texts_of(const micro_world::CleanCorpus& corpus);

// With features of the model's frozen tower. `media`: the frames of each medium.
ModelInput input_of(micro::MicroModel& model, const Sample& sample,
                    const std::vector<std::vector<cv::Mat>>& media);

}  // namespace winnow::bench
