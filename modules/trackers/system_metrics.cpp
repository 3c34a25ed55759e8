#include "trackers/system_metrics.h"

#include <unistd.h>

#include <fstream>
#include <sstream>

namespace winnow {
namespace fs = std::filesystem;
namespace {

constexpr double kMegabyte = 1e6;

// Kilobytes of a line "Name:   123 kB".
double kilobytes_in(const char* file, const std::string& name) {
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    if (line.rfind(name + ":", 0) == 0) return std::stod(line.substr(name.size() + 1));
  }
  return 0.0;
}

}  // namespace

SystemMetrics::SystemMetrics(fs::path folder) : folder_(std::move(folder)) { read(); }

Scalars SystemMetrics::read() {
  Scalars values;
  std::ifstream stat("/proc/stat");
  std::string word;
  double busy = 0.0, all = 0.0, ticks = 0.0;
  stat >> word;
  for (int i = 0; i < 8 && stat >> ticks; ++i) {
    all += ticks;
    if (i != 3 && i != 4) busy += ticks;  // idle, and waiting for disks
  }
  if (all > all_) {
    values.emplace_back("system/cpu_utilization_percentage", 100.0 * (busy - busy_) / (all - all_));
  }
  busy_ = busy;
  all_ = all;
  std::ifstream statm("/proc/self/statm");
  double size = 0.0, resident = 0.0;
  if (statm >> size >> resident) {
    values.emplace_back("system/process_memory_megabytes",
                        resident * static_cast<double>(::sysconf(_SC_PAGESIZE)) / kMegabyte);
  }
  const double total = kilobytes_in("/proc/meminfo", "MemTotal");
  if (total > 0) {
    values.emplace_back("system/system_memory_usage_megabytes",
                        (total - kilobytes_in("/proc/meminfo", "MemAvailable")) * 1024 / kMegabyte);
  }
  std::error_code error;
  const fs::space_info space = fs::space(folder_, error);
  if (!error) {
    values.emplace_back("system/disk_available_megabytes",
                        static_cast<double>(space.available) / kMegabyte);
  }
  return values;
}

}  // namespace winnow
