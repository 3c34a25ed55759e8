#pragma once
// Resizing as the image libraries of the published models do it.

#include <opencv2/core.hpp>

namespace winnow {

// Bicubic (a = -1/2) with the filter widened when shrinking. Rows first, then columns; each pass in
// fixed point with 22 fractional bits, rounded and clamped to 8 bits, and left out where the size
// stays: bit for bit what Pillow gives. OpenCV's cubic differs by many levels. image: 8 bits, any
// number of channels; both sides of both sizes at least 1.
cv::Mat resize_bicubic(const cv::Mat& image, int width, int height);

}  // namespace winnow
