#include "descriptors/flow_meter.h"

#include <opencv2/imgproc.hpp>
#include <opencv2/video/tracking.hpp>
#include <utility>

#include "core/errors.h"
#include "descriptors/farneback.h"

namespace winnow {

config::Help help(const FlowOptions&) {
  return {{"flow", "dense flow by Farneback's polynomials or by inverse search (DIS, faster)"},
          {"pyramid_levels", "farneback: levels above the full size, each half as large",
           config::between(0, 8)},
          {"flow_window", "farneback: pixels over which motion is averaged, an odd number",
           config::between(3, 63)},
          {"flow_iterations", "farneback: iterations on each level", config::between(1, 20)},
          {"polynomial_sigma", "farneback: width of the polynomials' neighbourhood",
           config::between(0.5, 5)}};
}

// Mean displacement from one picture to the next, in pixels.
class FlowMeter::Method {
 public:
  virtual ~Method() = default;
  virtual void restart() = 0;
  // From the picture before; 0 for the first.
  virtual double next(const cv::Mat& grey) = 0;
};

class FlowMeter::FarnebackMethod : public Method {
 public:
  explicit FarnebackMethod(const FlowOptions& options)
      : farneback_({static_cast<int>(options.pyramid_levels), static_cast<int>(options.flow_window),
                    static_cast<int>(options.flow_iterations), 5, options.polynomial_sigma}) {}
  void restart() override { farneback_.restart(); }
  double next(const cv::Mat& grey) override {
    const Farneback::Flow* const flow = farneback_.next(grey);
    return flow == nullptr ? 0.0 : Farneback::mean_magnitude(*flow);
  }

 private:
  Farneback farneback_;
};

class FlowMeter::DisMethod : public Method {
 public:
  void restart() override { previous_.release(); }
  double next(const cv::Mat& grey) override {
    const cv::Mat previous = std::exchange(previous_, grey);
    if (previous.empty()) return 0.0;
    cv::Mat flow, parts[2], magnitude;  // a flow that is there would be taken as the first guess
    dis_->calc(previous, grey, flow);
    cv::split(flow, parts);
    cv::magnitude(parts[0], parts[1], magnitude);
    return cv::mean(magnitude)[0];
  }

 private:
  cv::Ptr<cv::DISOpticalFlow> dis_ = cv::DISOpticalFlow::create();
  cv::Mat previous_;
};

FlowMeter::FlowMeter(const FlowOptions& options) : options_(options) {
  if (options.flow_window % 2 == 0) {
    throw ConfigError("flow_window = " + std::to_string(options.flow_window) +
                      " is even; a window with a pixel in its middle is odd");
  }
}

FlowMeter::~FlowMeter() = default;

std::vector<PairMotion> FlowMeter::measure(const std::vector<cv::Mat>& grey) const {
  std::unique_ptr<Method> method;
  {
    const std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      method = std::move(idle_.back());
      idle_.pop_back();
    }
  }
  if (method == nullptr && options_.flow == FlowMethod::dis) {
    method = std::make_unique<DisMethod>();
  } else if (method == nullptr) {
    method = std::make_unique<FarnebackMethod>(options_);
  }
  method->restart();
  std::vector<PairMotion> pairs;
  for (std::size_t i = 0; i < grey.size(); ++i) {
    const double flow = method->next(grey[i]);
    if (i == 0) continue;
    const auto area = static_cast<double>(grey[i].total());
    pairs.push_back({flow, cv::norm(grey[i - 1], grey[i], cv::NORM_L1) / (255.0 * area)});
  }
  const std::lock_guard lock(mutex_);
  idle_.push_back(std::move(method));
  return pairs;
}

}  // namespace winnow
