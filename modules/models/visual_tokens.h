#pragma once
// One medium on its way into a model: as the vision tower takes it and as the tower gives it back.

#include <cstdint>
#include <string>
#include <vector>

#include "core/hash.h"
#include "models/torch.h"

namespace winnow {

// What shows in the text of a medium beside its tokens.
struct MediumLayout {
  // By family. Micro: {frames}. Qwen3-VL: {frame pairs, rows, columns}, in patches. InternVL3:
  // {tiles} of an image, {frames} of a video.
  std::vector<std::int64_t> grid;
  std::vector<std::string> timestamps;  // of a video, in families that write them; in order
  bool video = false;                   // else an image
  bool operator==(const MediumLayout&) const = default;
};

// Resized and normalised; no parameters were involved.
struct PreprocessedMedium {
  torch::Tensor values;  // in the model's own shape
  MediumLayout layout;
};

// What the tower made of it, in one matrix whatever the family: features that are added in deeper
// layers stand in further columns.
struct VisualTokens {
  torch::Tensor tokens;  // [N, vision width]
  MediumLayout layout;
};

// Adds everything a model sees of the medium.
void add_to(Digest& digest, const VisualTokens& visual);

}  // namespace winnow
