#pragma once
// Normalisation of 8-bit pixels.

#include <array>
#include <cstddef>
#include <vector>

namespace winnow {

// The normalised value of every 8-bit value, by channel.
using PixelValues = std::array<std::array<float, 256>, 3>;

// (v / 255 - mean) / deviation; three of each.
inline PixelValues pixel_values(const std::vector<double>& mean,
                                const std::vector<double>& deviation) {
  PixelValues table{};
  for (std::size_t channel = 0; channel < 3; ++channel) {
    for (std::size_t v = 0; v < 256; ++v) {
      table[channel][v] = static_cast<float>((static_cast<double>(v) / 255.0 - mean.at(channel)) /
                                             deviation.at(channel));
    }
  }
  return table;
}

}  // namespace winnow
