// How much a video moves and changes: GDO's average motion magnitude and frame diversity.

#include <algorithm>
#include <cmath>
#include <map>
#include <mutex>
#include <opencv2/imgproc.hpp>

#include "descriptors/descriptor.h"
#include "descriptors/flow_meter.h"

namespace winnow {
namespace {

enum class FlowUnit { diagonals_per_second, pixels_per_frame };
BOOST_DESCRIBE_ENUM(FlowUnit, diagonals_per_second, pixels_per_frame)
enum class DiversityOver { all_pairs, successive_pairs };
BOOST_DESCRIBE_ENUM(DiversityOver, all_pairs, successive_pairs)

struct OpticalFlowOptions : FlowOptions {
  FlowUnit unit = FlowUnit::diagonals_per_second;
  DiversityOver diversity = DiversityOver::all_pairs;
  std::int64_t maximum_side = 256;
  std::int64_t square_side = 0;
  double unknown_frame_interval = 1.0;
};
BOOST_DESCRIBE_STRUCT(OpticalFlowOptions, (FlowOptions),
                      (unit, diversity, maximum_side, square_side, unknown_frame_interval))
config::Help help(const OpticalFlowOptions& options) {
  config::Help result = help(static_cast<const FlowOptions&>(options));
  const config::Help own = {
      {"unit",
       "diagonals_per_second: comparable between sizes and frame rates; pixels_per_frame: as the "
       "GDO release has it, whatever the time between two frames"},
      {"diversity",
       "all_pairs: of thumbnails of all frames; successive_pairs: of the pictures flow is taken "
       "of, "
       "each with the next"},
      {"maximum_side", "pixels that the longer side is reduced to first", config::at_least(16)},
      {"square_side", "pixels of a square that every frame is fitted to instead (0: none)",
       config::at_least(0)},
      {"unknown_frame_interval",
       "seconds from one frame to the next of a frame list without a rate", config::above(0)}};
  result.insert(result.end(), own.begin(), own.end());
  return result;
}

struct Motion {
  double flow = 0.0;       // mean over pixels and successive frames, in the options' unit
  double diversity = 0.0;  // mean absolute grey difference over pairs of frames, in [0, 1]
};

class OpticalFlow : public Descriptor {
 public:
  explicit OpticalFlow(const OpticalFlowOptions& options) : options_(options), meter_(options) {}

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
      return {observation.absent(), observation.absent()};
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
    // Where a frame list's rate is unknown its timestamps are made of the frames' numbers.
    const bool timed = medium.kind != Media::Kind::frames || medium.frames_per_second.has_value();
    const double time_unit = timed ? 1.0 : kRateOfUntimedList * options_.unknown_frame_interval;
    const Motion motion = measure_motion(*frames, time_unit);
    const std::lock_guard lock(mutex_);
    std::erase_if(known_, [](const auto& entry) { return entry.first.expired(); });
    known_.emplace(frames, motion);
    return motion;
  }

  // `time_unit`: seconds of a unit of the timestamps.
  Motion measure_motion(const Frames& frames, double time_unit) const {
    const cv::Size size = reduced(frames.images.front().size());
    std::vector<cv::Mat> pictures;
    for (const cv::Mat& image : frames.images) pictures.push_back(grey(image, size));
    const std::vector<PairMotion> pairs = meter_.measure(pictures);
    const double diagonal = std::hypot(size.width, size.height);
    Motion motion;
    for (std::size_t i = 0; i < pairs.size(); ++i) {
      const double seconds = (frames.timestamps[i + 1] - frames.timestamps[i]) * time_unit;
      const bool per_second = options_.unit == FlowUnit::diagonals_per_second;
      motion.flow += per_second ? pairs[i].flow / diagonal / seconds : pairs[i].flow;
      motion.diversity += pairs[i].difference;
    }
    const auto count = static_cast<double>(pairs.size());
    motion.flow /= count;
    motion.diversity /= count;
    if (options_.diversity == DiversityOver::all_pairs) motion.diversity = diversity_of(frames);
    return motion;
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
    const int side = static_cast<int>(options_.square_side);
    if (side > 0) return {side, side};
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
  FlowMeter meter_;
  mutable std::mutex mutex_;
  mutable Known known_;
};

const bool registered = descriptors().add<OpticalFlow, OpticalFlowOptions>(
    "optical_flow", "how much a video moves, and how its frames differ");

}  // namespace
}  // namespace winnow
