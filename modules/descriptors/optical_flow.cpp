// How much a video moves and changes: GDO's average motion magnitude and frame diversity.

#include <algorithm>
#include <cmath>
#include <map>
#include <mutex>
#include <opencv2/imgproc.hpp>
#include <opencv2/video/tracking.hpp>

#include "core/errors.h"
#include "descriptors/descriptor.h"

namespace winnow {
namespace {

enum class FlowMethod { farneback, dis };
BOOST_DESCRIBE_ENUM(FlowMethod, farneback, dis)

struct OpticalFlowOptions {
  FlowMethod method = FlowMethod::farneback;
  std::int64_t maximum_side = 256;
  double unknown_frame_interval = 1.0;
};
BOOST_DESCRIBE_STRUCT(OpticalFlowOptions, (), (method, maximum_side, unknown_frame_interval))
config::Help help(const OpticalFlowOptions&) {
  return {{"method", "dense flow by Farneback's polynomials or by inverse search (DIS)"},
          {"maximum_side", "pixels that the longer side is reduced to first", config::at_least(16)},
          {"unknown_frame_interval",
           "seconds from one frame to the next of a frame list without a rate", config::above(0)}};
}

struct Motion {
  double flow = 0.0;       // frame diagonals per second, mean over pixels and successive frames
  double diversity = 0.0;  // mean absolute grey difference over all pairs of frames, in [0, 1]
};

class OpticalFlow : public Descriptor {
 public:
  explicit OpticalFlow(const OpticalFlowOptions& options) : options_(options) {}

  std::vector<std::string> columns() const override { return {"optical_flow", "frame_diversity"}; }

  Needs needs() const override {
    Needs needs;
    needs.frames = true;
    return needs;
  }

  // Several videos in one sample: the mean of theirs. Images, and videos of a single frame, have no
  // motion to speak of.
  std::vector<Cell> measure(const Observation& observation) const override {
    const std::vector<Cell> none = {Cell::not_applicable(), Cell::not_applicable()};
    if (observation.sample.modality() != Modality::video) return none;
    if (observation.frames.empty()) {
      return {Cell::absent(observation), Cell::absent(observation)};
    }
    double flow = 0.0, diversity = 0.0, videos = 0.0;
    for (std::size_t i = 0; i < observation.frames.size(); ++i) {
      const auto& frames = observation.frames[i];
      if (frames->kind == Media::Kind::image || frames->images.size() < 2) continue;
      const Motion motion = motion_of(frames, observation.sample.media[i]);
      flow += motion.flow;
      diversity += motion.diversity;
      videos += 1.0;
    }
    if (videos == 0.0) return none;
    return {Cell::number(flow / videos), Cell::number(diversity / videos)};
  }

 private:
  using Known = std::map<std::weak_ptr<const Frames>, Motion, std::owner_less<>>;

  // Samples that share a video are measured while its frames are alive: measure those only once.
  Motion motion_of(const std::shared_ptr<const Frames>& frames, const Media& medium) const {
    {
      const std::lock_guard lock(mutex_);
      const auto found = known_.find(frames);
      if (found != known_.end()) return found->second;
    }
    // Where a frame list's rate is unknown its timestamps are frame numbers.
    const bool timed = medium.kind != Media::Kind::frames || medium.frames_per_second > 0.0;
    const double time_unit = timed ? 1.0 : options_.unknown_frame_interval;
    const Motion motion = {flow_of(*frames) / time_unit, diversity_of(*frames)};
    const std::lock_guard lock(mutex_);
    std::erase_if(known_, [](const auto& entry) { return entry.first.expired(); });
    known_.emplace(frames, motion);
    return motion;
  }

  // In diagonals per unit of the timestamps.
  double flow_of(const Frames& frames) const {
    const cv::Size size = reduced(frames.images.front().size());
    cv::Ptr<cv::DISOpticalFlow> dis;
    if (options_.method == FlowMethod::dis) dis = cv::DISOpticalFlow::create();
    cv::Mat previous = grey(frames.images.front(), size), flow, magnitude;
    double sum = 0.0;
    for (std::size_t i = 1; i < frames.images.size(); ++i) {
      const cv::Mat next = grey(frames.images[i], size);
      if (dis) {
        dis->calc(previous, next, flow);
      } else {
        constexpr double kPyramidScale = 0.5, kPolynomialSigma = 1.2;
        constexpr int kLevels = 3, kWindow = 15, kIterations = 3, kPolynomialSize = 5;
        cv::calcOpticalFlowFarneback(previous, next, flow, kPyramidScale, kLevels, kWindow,
                                     kIterations, kPolynomialSize, kPolynomialSigma, 0);
      }
      cv::Mat parts[2];
      cv::split(flow, parts);
      cv::magnitude(parts[0], parts[1], magnitude);
      sum += cv::mean(magnitude)[0] / (frames.timestamps[i] - frames.timestamps[i - 1]);
      flow.release();  // DIS would take the last flow as its first guess
      previous = next;
    }
    const double pairs = static_cast<double>(frames.images.size() - 1);
    return sum / pairs / std::hypot(size.width, size.height);
  }

  double diversity_of(const Frames& frames) const {
    const cv::Size thumbnail(32, 32);
    std::vector<cv::Mat> small;
    for (const cv::Mat& image : frames.images) small.push_back(grey(image, thumbnail));
    double sum = 0.0, pairs = 0.0;
    for (std::size_t i = 0; i < small.size(); ++i) {
      for (std::size_t j = i + 1; j < small.size(); ++j) {
        sum += cv::norm(small[i], small[j], cv::NORM_L1) / (255.0 * thumbnail.area());
        pairs += 1.0;
      }
    }
    return sum / pairs;
  }

  cv::Size reduced(cv::Size size) const {
    const int longer = std::max(size.width, size.height);
    const int limit = static_cast<int>(options_.maximum_side);
    if (longer <= limit) return size;
    const double scale = static_cast<double>(limit) / longer;
    return {std::max(1, static_cast<int>(std::lround(size.width * scale))),
            std::max(1, static_cast<int>(std::lround(size.height * scale)))};
  }

  static cv::Mat grey(const cv::Mat& image, cv::Size size) {
    cv::Mat result;
    cv::cvtColor(image, result, cv::COLOR_RGB2GRAY);
    if (result.size() != size) cv::resize(result, result, size, 0, 0, cv::INTER_AREA);
    return result;
  }

  OpticalFlowOptions options_;
  mutable std::mutex mutex_;
  mutable Known known_;
};

const bool registered = descriptors().add<OpticalFlow, OpticalFlowOptions>(
    "optical_flow", "motion of a video in frame diagonals per second, and how its frames differ");

}  // namespace
}  // namespace winnow
