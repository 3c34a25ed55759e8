#pragma once
// The micro model's arithmetic: a convolutional vision tower, a projector and a small causal
// transformer whose visual blocks see themselves in both directions.
//
// Shapes: B batch, T tokens, S new tokens, D width, H heads, F frames, G visual tokens of a frame,
// W vision width, V vocabulary.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "models/torch.h"

namespace winnow::micro {

struct MicroOptions {
  std::int64_t width = 128;
  std::int64_t layers = 3;
  std::int64_t heads = 4;
  std::int64_t mlp_ratio = 4;
  std::int64_t image_size = 32;
  std::int64_t tower_channels = 32;
  std::int64_t frame_slots = 32;
  std::int64_t maximum_text = 256;
  std::int64_t vocabulary_words = 1024;
  std::int64_t change_frames = 4;
  bool frame_context = false;
  bool train_vision = false;
};

// Visual tokens of one frame: the tower's 4 x 4 grid, merged in blocks of 2 x 2.
inline constexpr std::int64_t kGrid = 4;
inline constexpr std::int64_t kTokensPerFrame = 4;
inline constexpr std::int64_t kCellsPerToken = 4;

// One layer's keys and values of a prefix.
struct LayerCache {
  torch::Tensor keys;    // [B, H, T, D / H]
  torch::Tensor values;  // [B, H, T, D / H]
};

class Network {
 public:
  // Parameters drawn from a stream named by their own name, so that equal (options, vocabulary,
  // seed) give equal weights.
  Network(const MicroOptions& options, std::int64_t vocabulary, std::uint64_t seed);

  // Vision tower on pixels [F, 3, size, size] in [0, 1]: the grid [F, C, 4, 4], standardised.
  torch::Tensor tower_grid(const torch::Tensor& pixels) const;
  // Visual tokens of frames: [F * G, 4 C].
  torch::Tensor tower(const torch::Tensor& pixels) const;

  // Visual tokens of several media, one after another [n G, W], each with its change since the
  // previous frame and since `change_frames` frames before beside it, projected: [n G, D]. Before a
  // medium's first frame nothing changes. The four cells of a token go through shared weights and
  // are summed, so that what is learnt of an object in one cell holds in all.
  torch::Tensor project(const torch::Tensor& visual,
                        const std::vector<std::int64_t>& frames_per_medium) const;

  // The same with frame_context: what a token's cells show is summed as it is and weighted by their
  // place, so that a channel that stands for a thing says where the thing is; beside it come the
  // sums over the whole frame and their changes towards the frames around it. The tower's last two
  // channels are where in its cell a thing is, in cells, and make the places finer.
  torch::Tensor project_in_context(const torch::Tensor& visual,
                                   const std::vector<std::int64_t>& frames_per_medium) const;

  // Sum of token, text position and (where given) projected visual embedding.
  // tokens, positions: [B, T] int64; visual_rows: indices into the flattened [B * T]; visual:
  // [n, D]. positions are -1 at visual tokens.
  torch::Tensor embed(const torch::Tensor& tokens, const torch::Tensor& positions,
                      const torch::Tensor& visual_rows, const torch::Tensor& visual) const;

  // The transformer over a whole sequence. hidden [B, T, D], mask additive [B, 1, T, T]; fills
  // `cache` when given. Returns final normalised states [B, T, D].
  torch::Tensor transform(torch::Tensor hidden, const torch::Tensor& mask,
                          std::vector<LayerCache>* cache = nullptr) const;
  // New tokens on top of a cached prefix and earlier new tokens: hidden [B, S, D], mask additive
  // [B, 1, S, T + S']. `grown` holds the keys and values of all new tokens so far and is extended.
  torch::Tensor extend(torch::Tensor hidden, const std::vector<LayerCache>& prefix,
                       std::vector<LayerCache>& grown, const torch::Tensor& mask) const;

  // Tied to the token embedding. hidden [..., D] -> [..., V].
  torch::Tensor head(const torch::Tensor& hidden) const;

  const std::map<std::string, torch::Tensor>& parameters() const { return parameters_; }
  const std::map<std::string, torch::Tensor>& buffers() const { return buffers_; }
  // Copies values; shapes must agree (std::logic_error otherwise).
  void assign(const std::string& name, const torch::Tensor& value);
  void set_trainable(const std::string& prefix, bool trainable);

 private:
  const torch::Tensor& at(const std::string& name) const;
  void add(const std::string& name, std::vector<std::int64_t> shape, double scale,
           double mean = 0.0);
  torch::Tensor layer(std::int64_t index, const torch::Tensor& hidden, const torch::Tensor& mask,
                      const LayerCache* prefix, LayerCache* own) const;

  torch::Tensor time_features() const;

  MicroOptions options_;
  std::uint64_t seed_;
  torch::Tensor time_;          // [slots + 2, 16]
  torch::Tensor row_, column_;  // [cells, 1], of each cell of a frame, in [-1, 1]
  std::map<std::string, torch::Tensor> parameters_, buffers_;
};

}  // namespace winnow::micro
