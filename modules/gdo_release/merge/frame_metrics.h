#pragma once
// What the GDO release measures of a sample's frame files without a model: average motion
// magnitude, frame diversity and the vision feature.

#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <opencv2/core.hpp>
#include <string>
#include <vector>

#include "descriptors/flow_meter.h"

namespace winnow::gdo_release {

// The release's setting of Farneback's flow, or DIS instead.
FlowOptions flow_options(FlowMethod method = FlowMethod::farneback);

struct FrameMetrics {
  double amm = 0.0, frame_diversity = 0.0;  // 0 with fewer than two readable frames
  std::array<double, 6> vis_feat{};         // mean and standard deviation of R, G, B in [0, 1]
  std::vector<PairMotion> pairs;            // of consecutive readable frames
};

class FrameMeter {
 public:
  // `flow_frames` files are looked at for motion and at most six of those, sampled anew, for the
  // vision feature.
  explicit FrameMeter(std::int64_t flow_frames = 8, FlowMethod method = FlowMethod::farneback);

  // Files that OpenCV cannot read are passed over, as are empty names; every file is read once.
  // Where the release adds up pixels in float32, which drifts, these are sums of integers.
  // Thread-safe.
  FrameMetrics measure(const std::vector<std::string>& paths) const;

  // The same of `count` pictures (BGR, 8 bits) that lie elsewhere. `picture` is called once for
  // each that is looked at; an empty one is passed over.
  FrameMetrics measure(std::int64_t count,
                       const std::function<cv::Mat(std::int64_t)>& picture) const;

 private:
  std::int64_t flow_frames_;
  FlowMeter meter_;
};

}  // namespace winnow::gdo_release
