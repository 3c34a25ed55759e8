#pragma once
// Rotary position embedding in the "rotate half" layout: entry i of a head turns with entry
// i + size / 2.

#include <torch/torch.h>

#include <cstdint>
#include <vector>

namespace winnow::qwen3_vl {

struct RotaryTables {
  torch::Tensor cosine, sine;  // [..., head size], both halves filled
};

// theta^(-2i / size) for i below size / 2: [size / 2], float32 on the CPU.
torch::Tensor rotary_frequencies(double theta, std::int64_t size);

// angles: [..., head size / 2], float32.
RotaryTables rotary_tables(const torch::Tensor& angles, torch::ScalarType dtype);

// Angles of the text model [B, S, head size / 2] from positions [3, B, S] (time, height, width).
// Frequencies are dealt out in turns: of the first 3 * sections[1] every second of three follows
// height, of the first 3 * sections[2] every third of three follows width, all others time.
torch::Tensor interleaved_angles(const torch::Tensor& positions, const torch::Tensor& frequencies,
                                 const std::vector<std::int64_t>& sections);

// x: [..., head size], broadcast against the tables.
torch::Tensor rotate(const torch::Tensor& x, const RotaryTables& tables);

}  // namespace winnow::qwen3_vl
