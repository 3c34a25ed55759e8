#pragma once
// How much memory tensors take.

#include <c10/core/Allocator.h>
#include <c10/util/ThreadLocalDebugInfo.h>
#include <torch/version.h>

#include <algorithm>
#include <cstdint>
#include <memory>

namespace winnow::testing_support {

// The most bytes of tensors on the CPU at a time, of those that this thread asks for while it
// lives; LibTorch's own allocator counts them.
class PeakMemory {
 public:
  std::int64_t bytes() const { return report_->peak; }

 private:
  struct Report : c10::MemoryReportingInfoBase {
#if TORCH_VERSION_MAJOR >= 2
    using Total = std::size_t;
#else
    using Total = std::int64_t;
#endif
    void reportMemoryUsage(void*, std::int64_t bytes, Total, Total, c10::Device) override {
      now += bytes;
      peak = std::max(peak, now);
    }
    bool memoryProfilingEnabled() const override { return true; }
    std::int64_t now = 0, peak = 0;
  };
  std::shared_ptr<Report> report_ = std::make_shared<Report>();
  c10::DebugInfoGuard guard_{c10::DebugInfoKind::PROFILER_STATE, report_};
};

}  // namespace winnow::testing_support
