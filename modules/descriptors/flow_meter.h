#pragma once
// How much successive pictures move and differ: the part that all flow descriptors share.

#include <memory>
#include <mutex>
#include <opencv2/core.hpp>
#include <vector>

#include "config/options.h"

namespace winnow {

enum class FlowMethod { farneback, dis };
BOOST_DESCRIBE_ENUM(FlowMethod, farneback, dis)

// The GDO release has levels 2, iterations 2, sigma 1.1 and a window of 15.
struct FlowOptions {
  FlowMethod flow = FlowMethod::farneback;
  std::int64_t pyramid_levels = 3;
  std::int64_t flow_window = 15;
  std::int64_t flow_iterations = 3;
  double polynomial_sigma = 1.2;
};
BOOST_DESCRIBE_STRUCT(FlowOptions, (),
                      (flow, pyramid_levels, flow_window, flow_iterations, polynomial_sigma))
config::Help help(const FlowOptions&);

struct PairMotion {
  double flow = 0.0;        // mean displacement over the pixels, in pixels
  double difference = 0.0;  // mean absolute difference of the grey values, in [0, 1]
};

class FlowMeter {
 public:
  // Throws ConfigError for an even window.
  explicit FlowMeter(const FlowOptions& options);
  ~FlowMeter();

  // Of each picture and the next: pictures - 1 entries, none without pictures. Grey, 8 bits, of one
  // size. Thread-safe.
  std::vector<PairMotion> measure(const std::vector<cv::Mat>& grey) const;

 private:
  class Method;
  class FarnebackMethod;
  class DisMethod;

  FlowOptions options_;
  // Those with buffers that no thread uses at the moment.
  mutable std::mutex mutex_;
  mutable std::vector<std::unique_ptr<Method>> idle_;
};

}  // namespace winnow
