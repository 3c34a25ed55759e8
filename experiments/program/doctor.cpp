#include "experiments/program/doctor.h"

#include <faiss/IndexFlat.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <opencv2/core.hpp>
#include <opencv2/core/utils/logger.hpp>
#include <opencv2/imgproc.hpp>
#include <opencv2/videoio.hpp>
#include <ostream>
#include <sstream>
#include <string>
#include <system_error>

#include "core/parallel.h"
#include "experiments/program/command.h"
#include "experiments/program/config_arguments.h"
#include "experiments/program/doctor_arithmetic.h"
#include "experiments/program/doctor_findings.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;

constexpr double gibibyte = 1024.0 * 1024.0 * 1024.0;

// "MemAvailable" and the like from /proc/meminfo, in GiB; "?" when the system does not say.
std::string memory_size(const std::string& field) {
  std::ifstream file("/proc/meminfo");
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string name;
    double kibibytes = 0;
    if (words >> name >> kibibytes && name == field + ":") {
      return fmt::format("{:.1f}", kibibytes * 1024.0 / gibibyte);
    }
  }
  return "?";
}

void report_machine(Findings& findings, const fs::path& results) {
  findings.fact("cores", fmt::format("{} usable by this process", worker_count()));
  findings.fact("memory", fmt::format("{} GiB, {} GiB available", memory_size("MemTotal"),
                                      memory_size("MemAvailable")));
  fs::path folder = fs::absolute(results);
  while (!fs::exists(folder)) folder = folder.parent_path();
  std::error_code error;
  const fs::space_info space = fs::space(folder, error);
  if (error) {
    findings.missing(fmt::format("{} cannot be examined: {}", folder.string(), error.message()));
    return;
  }
  findings.fact("disk",
                fmt::format("{:.1f} GiB free for results at {}",
                            static_cast<double>(space.available) / gibibyte, folder.string()));
  if (static_cast<double>(space.available) < 2 * gibibyte) {
    findings.slow(fmt::format("less than 2 GiB are free at {}: runs may stop on a full disk",
                              folder.string()));
  }
  // Tried, not looked up: permissions say yes on a full or read-only disk too.
  std::string pattern = (folder / ".winnow-doctor-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) {
    findings.missing(
        fmt::format("nothing can be written to {} ({}), where runs leave their results",
                    folder.string(), std::strerror(errno)));
    return;
  }
  fs::remove(pattern, error);
}

// Writes eight frames as MP4 with the codec and counts the frames that can be read back.
int frames_read_back(const fs::path& path, const std::string& codec) {
  constexpr int frames = 8;
  const cv::Size size(64, 48);
  {
    cv::VideoWriter writer(path.string(), cv::CAP_FFMPEG,
                           cv::VideoWriter::fourcc(codec[0], codec[1], codec[2], codec[3]), 8.0,
                           size);
    if (!writer.isOpened()) return 0;
    for (int i = 0; i < frames; ++i) {
      cv::Mat frame(size, CV_8UC3, cv::Scalar(40, 80, 120));
      cv::circle(frame, {8 + 6 * i, 24}, 6, cv::Scalar(230, 230, 20), cv::FILLED);
      writer.write(frame);
    }
  }
  cv::VideoCapture capture(path.string(), cv::CAP_FFMPEG);
  int count = 0;
  for (cv::Mat frame; capture.isOpened() && capture.read(frame);) ++count;
  return count == frames ? count : 0;
}

void report_media(Findings& findings) {
  std::error_code error;
  std::string pattern = (fs::temp_directory_path(error) / "winnow-doctor-XXXXXX").string();
  if (error || ::mkdtemp(pattern.data()) == nullptr) {
    findings.missing(
        "no folder can be made among the temporary files: set TMPDIR to a writable one");
    return;
  }
  const fs::path folder = pattern;
  const auto level = cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_SILENT);
  std::string works;
  for (const std::string codec : {"mp4v", "avc1"}) {
    if (frames_read_back(folder / (codec + ".mp4"), codec) > 0) {
      works += (works.empty() ? "" : " and ") + codec;
    } else if (codec == "mp4v") {
      findings.missing(
          "OpenCV cannot write and read MP4 files: the micro world's videos need an "
          "OpenCV built with FFmpeg (Debian's libopencv-dev is)");
    } else {
      findings.slow(
          "OpenCV cannot write and read H.264 (avc1) files here; the micro world uses "
          "mp4v, but most real videos are H.264");
    }
  }
  fs::remove_all(folder, error);
  cv::utils::logging::setLogLevel(level);
  findings.fact("OpenCV", fmt::format("{}, MP4 written and read back: {}", CV_VERSION,
                                      works.empty() ? "no codec" : works));
}

void report_faiss(Findings& findings) {
  faiss::IndexFlatL2 index(2);
  const std::array<float, 4> points = {0.F, 0.F, 3.F, 4.F};
  index.add(2, points.data());
  const std::array<float, 2> query = {3.F, 3.F};
  float distance = -1.F;
  faiss::Index::idx_t label = -1;
  index.search(1, query.data(), 1, &distance, &label);
  const bool right = label == 1 && distance == 1.F;
  findings.fact("FAISS",
                fmt::format("{}.{}.{}, nearest neighbour {}", FAISS_VERSION_MAJOR,
                            FAISS_VERSION_MINOR, FAISS_VERSION_PATCH, right ? "right" : "wrong"));
  if (!right) findings.missing("FAISS answers a two-point search wrongly: its BLAS is broken");
}

void report_gnuplot(Findings& findings) {
  std::string version;
  if (FILE* pipe = ::popen("gnuplot --version 2>/dev/null", "r")) {
    std::array<char, 128> line{};
    if (std::fgets(line.data(), static_cast<int>(line.size()), pipe) != nullptr) {
      version = line.data();
    }
    ::pclose(pipe);
  }
  while (!version.empty() && version.back() == '\n') version.pop_back();
  findings.fact("gnuplot", version.empty() ? "not found" : version);
  if (version.empty()) {
    findings.missing("gnuplot draws the figures: install gnuplot-nox, or put gnuplot on PATH");
  }
}

}  // namespace

int run_doctor(std::ostream& out, const fs::path& results) {
  Findings findings(out);
  report_machine(findings, results);
  report_arithmetic(findings);
  report_media(findings);
  report_faiss(findings);
  report_gnuplot(findings);
  return findings.close();
}

namespace {

class DoctorCommand : public Command {
 public:
  void declare(Arguments& arguments) override { results_.declare(arguments); }
  int run(std::ostream& out) override { return run_doctor(out, results_.folder()); }

 private:
  ResultsArgument results_;
};

const bool registered =
    add_command<DoctorCommand>("doctor", "what this machine offers, what is slow or missing");

}  // namespace
}  // namespace winnow
