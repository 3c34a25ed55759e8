// How long a video is, by its own clock and not by the frames that are looked at. Not one of GDO's
// six: for strata by length.

#include <algorithm>

#include "descriptors/descriptor.h"

namespace winnow {
namespace {

struct DurationOptions {
  std::vector<double> boundaries = {30.0, 120.0};
};
BOOST_DESCRIBE_STRUCT(DurationOptions, (), (boundaries))
config::Help help(const DurationOptions&) {
  return {{"boundaries", "seconds at which the next group of lengths begins, rising"}};
}

class Duration : public Descriptor {
 public:
  explicit Duration(DurationOptions options) : options_(std::move(options)) {
    if (!std::is_sorted(options_.boundaries.begin(), options_.boundaries.end())) {
      throw ConfigError("descriptor duration: boundaries must rise");
    }
  }

  std::vector<std::string> columns() const override { return {"duration", "duration_group"}; }

  Needs needs() const override {
    Needs needs;
    needs.frames = true;
    return needs;
  }

  // Of several videos the longest. That of a frame list without a rate is not known.
  std::vector<Cell> measure(const Observation& observation) const override {
    if (observation.sample.modality() != Modality::video) {
      return {Cell::not_applicable(), Cell::not_applicable()};
    }
    if (observation.frames.empty()) {
      return {observation.absent(), observation.absent()};
    }
    std::optional<double> longest;
    for (const auto& frames : observation.frames) {
      if (frames->duration) longest = std::max(longest.value_or(0.0), *frames->duration);
    }
    if (!longest) {
      return {Cell::missing(), Cell::missing()};
    }
    const auto& boundaries = options_.boundaries;
    const auto group = std::upper_bound(boundaries.begin(), boundaries.end(), *longest);
    return {Cell::number(*longest), Cell::number(static_cast<double>(group - boundaries.begin()))};
  }

 private:
  DurationOptions options_;
};

const bool registered = descriptors().add<Duration, DurationOptions>(
    "duration", "seconds of the real clip, and the number of its group of lengths");

}  // namespace
}  // namespace winnow
