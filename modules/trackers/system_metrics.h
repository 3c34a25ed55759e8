#pragma once
// What a run takes of its machine, by the names that MLflow gives such metrics.

#include <filesystem>

#include "trackers/record.h"

namespace winnow {

class SystemMetrics {
 public:
  // `folder`: whose disk is watched.
  explicit SystemMetrics(std::filesystem::path folder);
  // system/cpu_utilization_percentage (of all cores, since the last call), system/
  // process_memory_megabytes, system_memory_usage_megabytes, disk_available_megabytes; without what
  // the machine does not tell.
  Scalars read();

 private:
  std::filesystem::path folder_;
  double busy_ = 0.0, all_ = 0.0;
};

}  // namespace winnow
