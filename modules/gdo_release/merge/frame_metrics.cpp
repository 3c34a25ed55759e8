#include "gdo_release/merge/frame_metrics.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "gdo_release/frame_sampling.h"

namespace winnow::gdo_release {
namespace {

constexpr int kSide = 224;
constexpr std::int64_t kVisionFrames = 6;

// Blue, green, red; empty when the file cannot be read as a picture.
cv::Mat read_picture(const std::string& path) {
  try {
    return cv::imread(path, cv::IMREAD_COLOR);
  } catch (const cv::Exception&) {
    return {};
  }
}

cv::Mat grey_square(const cv::Mat& picture) {
  cv::Mat grey, square;
  cv::cvtColor(picture, grey, cv::COLOR_BGR2GRAY);
  cv::resize(grey, square, cv::Size(kSide, kSide), 0, 0, cv::INTER_AREA);
  return square;
}

// Sums of values and of their squares, by channel.
struct ColourSums {
  std::array<std::uint64_t, 3> values{}, squares{};
  std::uint64_t pixels = 0;

  void add(const cv::Mat& picture) {
    for (int y = 0; y < picture.rows; ++y) {
      const std::uint8_t* const row = picture.ptr<std::uint8_t>(y);
      // A row's sums fit in 32 bits up to 66,000 pixels; pictures wider than a piece come in
      // pieces.
      constexpr int kPiece = 1 << 15;
      for (int first = 0; first < picture.cols; first += kPiece) {
        std::array<std::uint32_t, 3> sum{}, square{};
        const int last = std::min(first + kPiece, picture.cols);
        for (int x = first; x < last; ++x) {
          for (int c = 0; c < 3; ++c) {
            const std::uint32_t value = row[3 * x + c];
            sum[c] += value, square[c] += value * value;
          }
        }
        for (int c = 0; c < 3; ++c) values[c] += sum[c], squares[c] += square[c];
      }
    }
    pixels += picture.total();
  }

  std::array<double, 6> feature() const {
    std::array<double, 6> result{};
    if (pixels == 0) return result;
    const auto count = static_cast<double>(pixels);
    for (int c = 0; c < 3; ++c) {
      const int channel = 2 - c;  // pictures are blue first
      const double mean = static_cast<double>(values[channel]) / count;
      const double variance = static_cast<double>(squares[channel]) / count - mean * mean;
      result[c] = mean / 255.0;
      result[c + 3] = std::sqrt(std::max(variance, 0.0)) / 255.0;
    }
    return result;
  }
};

}  // namespace

FlowOptions flow_options(FlowMethod method) {
  FlowOptions options;
  options.flow = method;
  options.pyramid_levels = 2;
  options.flow_iterations = 2;
  options.polynomial_sigma = 1.1;
  return options;
}

FrameMeter::FrameMeter(std::int64_t flow_frames, FlowMethod method)
    : flow_frames_(flow_frames), meter_(flow_options(method)) {}

FrameMetrics FrameMeter::measure(const std::vector<std::string>& paths) const {
  std::vector<std::string> named = paths;
  std::erase(named, "");
  return measure(static_cast<std::int64_t>(named.size()), [&](std::int64_t file) {
    return read_picture(named[static_cast<std::size_t>(file)]);
  });
}

FrameMetrics FrameMeter::measure(std::int64_t count,
                                 const std::function<cv::Mat(std::int64_t)>& picture_of) const {
  std::map<std::int64_t, std::pair<int, int>> uses;  // file -> times in flow, in the vision feature
  for (const std::int64_t file : sample_frames(count, flow_frames_)) ++uses[file].first;
  for (const std::int64_t file : sample_frames(count, std::min(flow_frames_, kVisionFrames))) {
    ++uses[file].second;
  }
  std::vector<cv::Mat> squares;
  ColourSums colours;
  for (const auto& [file, times] : uses) {
    const cv::Mat picture = picture_of(file);
    if (picture.empty()) continue;
    if (times.first > 0) squares.push_back(grey_square(picture));
    if (times.second > 0) colours.add(picture);
  }
  FrameMetrics metrics;
  metrics.vis_feat = colours.feature();
  metrics.pairs = meter_.measure(squares);
  for (const PairMotion& pair : metrics.pairs) {
    metrics.amm += pair.flow / static_cast<double>(metrics.pairs.size());
    metrics.frame_diversity += pair.difference / static_cast<double>(metrics.pairs.size());
  }
  return metrics;
}

}  // namespace winnow::gdo_release
