#pragma once
// The base model of any family that can be trained from nothing: all of its parts together, on the
// questions of the base corpus.

#include <filesystem>
#include <string>
#include <vector>

#include "worlds/micro_base.h"
#include "worlds/micro_world.h"

namespace winnow {

// Trains `model` in two phases, images first (options.image_first_share of them), then the rest.
// The options of the tower's own pre-training are the micro model's and say nothing here. Scenes
// are rendered again whenever they are needed, so that none is kept. `folder` keeps what a killed
// run needs to go on.
void train_whole_base(const MicroBaseOptions& options,
                      const micro_world::CleanCorpusOptions& corpus_options,
                      VisionLanguageModel& model, std::vector<std::string> texts,
                      std::uint64_t seed, const std::filesystem::path& folder);

}  // namespace winnow
