#include "models/qwen3_vl/vision_tower.h"

#include <algorithm>
#include <string>

#include "models/attention.h"
#include "models/recompute.h"
#include "models/rotary.h"

namespace winnow::qwen3_vl {
namespace {

constexpr double kNormEpsilon = 1e-6;
constexpr double kRopeTheta = 10000.0;

torch::Tensor layer_norm(const Affine& affine, const torch::Tensor& x) {
  return torch::layer_norm(x, affine.weight.sizes(), affine.weight, affine.bias, kNormEpsilon);
}

// Row and column of every patch of one frame, in merge order.
struct Places {
  std::vector<std::int64_t> rows, columns;
};

Places places_of_frame(const Grid& grid, std::int64_t merge) {
  Places places;
  for (std::int64_t block_row = 0; block_row < grid.rows; block_row += merge) {
    for (std::int64_t block_column = 0; block_column < grid.columns; block_column += merge) {
      for (std::int64_t cell = 0; cell < merge * merge; ++cell) {
        places.rows.push_back(block_row + cell / merge);
        places.columns.push_back(block_column + cell % merge);
      }
    }
  }
  return places;
}

// `count` places spread over the learned grid's side, both ends included: the lower neighbour of
// each and how far it is towards the next.
struct Neighbours {
  std::vector<std::int64_t> lower, upper;
  std::vector<float> fraction;
};

Neighbours neighbours(std::int64_t count, std::int64_t side) {
  const torch::Tensor places = torch::linspace(0, static_cast<double>(side - 1), count);
  Neighbours result;
  for (std::int64_t i = 0; i < count; ++i) {
    const float place = places.data_ptr<float>()[i];
    const auto lower = static_cast<std::int64_t>(place);
    result.lower.push_back(lower);
    result.upper.push_back(std::min(lower + 1, side - 1));
    result.fraction.push_back(place - static_cast<float>(lower));
  }
  return result;
}

// Learned positions interpolated to the grid of each medium: [P, D].
torch::Tensor interpolated_positions(const VisionConfig& config, const torch::Tensor& learned,
                                     const std::vector<Grid>& grids) {
  const std::int64_t side = config.positions_per_side();
  std::vector<std::int64_t> corners[4];
  std::vector<float> shares[4];
  for (const Grid& grid : grids) {
    const Places places = places_of_frame(grid, config.merge_size);
    const Neighbours rows = neighbours(grid.rows, side), columns = neighbours(grid.columns, side);
    for (std::int64_t frame = 0; frame < grid.frames; ++frame) {
      for (std::size_t i = 0; i < places.rows.size(); ++i) {
        const auto r = static_cast<std::size_t>(places.rows[i]);
        const auto c = static_cast<std::size_t>(places.columns[i]);
        const float down = rows.fraction[r], right = columns.fraction[c];
        corners[0].push_back(rows.lower[r] * side + columns.lower[c]);
        corners[1].push_back(rows.lower[r] * side + columns.upper[c]);
        corners[2].push_back(rows.upper[r] * side + columns.lower[c]);
        corners[3].push_back(rows.upper[r] * side + columns.upper[c]);
        shares[0].push_back((1 - down) * (1 - right));
        shares[1].push_back((1 - down) * right);
        shares[2].push_back(down * (1 - right));
        shares[3].push_back(down * right);
      }
    }
  }
  torch::Tensor sum;
  for (int corner = 0; corner < 4; ++corner) {
    const torch::Tensor index = torch::tensor(corners[corner]).to(learned.device());  // [P]
    const torch::Tensor share =
        torch::tensor(shares[corner]).to(learned.device(), learned.scalar_type());  // [P]
    const torch::Tensor part = learned.index_select(0, index) * share.unsqueeze(1);
    sum = sum.defined() ? sum + part : part;
  }
  return sum;
}

// Rotation angles [P, head size / 2]: those of the row, then those of the column.
torch::Tensor rotation_angles(const VisionConfig& config, const std::vector<Grid>& grids,
                              const torch::Device& device) {
  std::vector<std::int64_t> rows, columns;
  for (const Grid& grid : grids) {
    const Places places = places_of_frame(grid, config.merge_size);
    for (std::int64_t frame = 0; frame < grid.frames; ++frame) {
      rows.insert(rows.end(), places.rows.begin(), places.rows.end());
      columns.insert(columns.end(), places.columns.begin(), places.columns.end());
    }
  }
  const torch::Tensor frequencies =
      rotary_frequencies(kRopeTheta, config.head_size() / 2);  // [head size / 4]
  const auto angles = [&](const std::vector<std::int64_t>& places) {
    return torch::outer(torch::tensor(places).to(torch::kFloat32), frequencies);
  };
  return torch::cat({angles(rows), angles(columns)}, 1).to(device);
}

// Every frame sees itself alone. Consecutive frames of one size are computed together.
// q, k, v: [P, heads, head size]; returns [P, heads * head size].
torch::Tensor attend_within_frames(const torch::Tensor& q, const torch::Tensor& k,
                                   const torch::Tensor& v, const std::vector<Grid>& grids) {
  std::vector<torch::Tensor> parts;
  std::int64_t begin = 0;
  for (std::size_t i = 0; i < grids.size();) {
    const std::int64_t length = grids[i].rows * grids[i].columns;
    std::int64_t frames = 0;
    for (; i < grids.size() && grids[i].rows * grids[i].columns == length; ++i) {
      frames += grids[i].frames;
    }
    const auto frame_batch = [&](const torch::Tensor& x) {  // [frames, heads, length, head size]
      return x.narrow(0, begin, frames * length)
          .reshape({frames, length, x.size(1), x.size(2)})
          .transpose(1, 2);
    };
    parts.push_back(attention(frame_batch(q), frame_batch(k), frame_batch(v), {})
                        .transpose(1, 2)
                        .reshape({frames * length, q.size(1) * q.size(2)}));
    begin += frames * length;
  }
  return torch::cat(parts);
}

torch::Tensor run_block(const VisionConfig& config, const VisionBlock& block,
                        const torch::Tensor& x, const RotaryTables& rotary,
                        const std::vector<Grid>& grids) {
  const std::vector<torch::Tensor> qkv = apply(block.qkv, layer_norm(block.attention_norm, x))
                                             .view({x.size(0), 3, config.heads, -1})
                                             .unbind(1);  // each [P, heads, head size]
  const torch::Tensor seen =
      x + apply(block.output, attend_within_frames(rotate(qkv[0], rotary), rotate(qkv[1], rotary),
                                                   qkv[2], grids));
  const torch::Tensor up = apply(block.up, layer_norm(block.mlp_norm, seen));  // [P, F]
  return seen + apply(block.down, torch::gelu(up, "tanh"));
}

torch::Tensor merge(const Merger& merger, const torch::Tensor& x, bool norm_after_merging) {
  const std::int64_t merged = merger.hidden.weight.size(1);
  const torch::Tensor tokens = norm_after_merging
                                   ? layer_norm(merger.norm, x.reshape({-1, merged}))
                                   : layer_norm(merger.norm, x).reshape({-1, merged});  // [M, K]
  return apply(merger.output, torch::gelu(apply(merger.hidden, tokens)));
}

}  // namespace

VisionFeatures encode_patches(const VisionConfig& config, const VisionWeights& weights,
                              const torch::Tensor& patches, const std::vector<Grid>& grids,
                              const Observer& observe) {
  const torch::Tensor& kernel = weights.patch.weight;
  torch::Tensor x = torch::linear(patches.to(kernel.scalar_type()), kernel.flatten(1),
                                  weights.patch.bias);  // [P, D]
  const torch::Tensor positions = interpolated_positions(config, weights.positions, grids);
  const torch::Tensor angles = rotation_angles(config, grids, x.device());
  if (observe) {
    observe("patch_embed", x);
    observe("pos_embed", positions);
    observe("rope_angles", angles);
  }
  x = x + positions;
  // One row per patch, for all heads: [P, 1, head size].
  const RotaryTables rotary = rotary_tables(angles.unsqueeze(1), x.scalar_type());
  VisionFeatures features;
  std::size_t next = 0;  // deepstack merger
  for (std::size_t i = 0; i < weights.blocks.size(); ++i) {
    x = by_block(
        [=, block = weights.blocks[i]](const torch::Tensor& in) {
          return run_block(config, block, in, rotary, grids);
        },
        x);
    if (observe) observe("block." + std::to_string(i), x);
    if (next < config.deepstack_blocks.size() &&
        config.deepstack_blocks[next] == static_cast<std::int64_t>(i)) {
      features.deepstack.push_back(merge(weights.deepstack[next++], x, true));
    }
  }
  features.tokens = merge(weights.merger, x, false);
  return features;
}

}  // namespace winnow::qwen3_vl
