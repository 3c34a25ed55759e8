#pragma once
// What a perfect observer would say of a scene: a caption that leaves out nothing that a question
// may ask. Only base models read captions; pool and benchmarks have none.

#include <string>

#include "worlds/scene.h"

namespace winnow::micro_world {

// How a caption is asked for.
inline constexpr const char* kCaptionRequest = "Describe everything that can be seen.";

// Every object of the event, those that appear one by one in their order, the others row by row:
// its colour, shape, size and quarter of the picture, where it moves, how often it flashes. Then
// how many there are and how many of them move. With `comparisons`, where nothing moves, also which
// of two neighbours in the caption is to the left. Fillers are not mentioned.
std::string caption_of(const Scene& scene, bool comparisons = false);

}  // namespace winnow::micro_world
