#pragma once
// Rotary position embedding in the "rotate half" layout: entry i of a head turns with entry
// i + size / 2.

#include <cstdint>

#include "models/torch.h"

namespace winnow {

struct RotaryTables {
  torch::Tensor cosine, sine;  // [..., head size], both halves filled
};

// theta^(-2i / size) for i below size / 2: [size / 2], float32 on the CPU.
torch::Tensor rotary_frequencies(double theta, std::int64_t size);

// angles: [..., head size / 2], float32.
RotaryTables rotary_tables(const torch::Tensor& angles, torch::ScalarType dtype);

// x: [..., head size], broadcast against the tables.
torch::Tensor rotate(const torch::Tensor& x, const RotaryTables& tables);

}  // namespace winnow
