#include "experiments/program/doctor.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <dlfcn.h>
#include <faiss/IndexFlat.h>
#include <fmt/format.h>
#include <torch/version.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
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
#include <vector>

#include "core/parallel.h"
#include "experiments/program/command.h"
#include "experiments/program/config_arguments.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;

// Half of what the slowest optimised BLAS reaches on one core of a current server, and five times
// what the reference BLAS does.
constexpr double slow_matmul_gflops = 30.0;
constexpr double gibibyte = 1024.0 * 1024.0 * 1024.0;

class Findings {
 public:
  explicit Findings(std::ostream& out) : out_(out) {}
  void fact(const std::string& name, const std::string& value) {
    out_ << fmt::format("{:<12}{}\n", name, value);
  }
  // Works, but slower or poorer than it could.
  void slow(std::string_view advice) { slow_.emplace_back(advice); }
  // Does not work, and experiments need it.
  void missing(std::string_view advice) { missing_.emplace_back(advice); }

  int close() {
    out_ << '\n';
    for (const std::string& advice : missing_) out_ << "missing: " << advice << '\n';
    for (const std::string& advice : slow_) out_ << "slow:    " << advice << '\n';
    if (missing_.empty() && slow_.empty()) out_ << "Nothing is missing and nothing is slow.\n";
    return missing_.empty() ? 0 : 1;
  }

 private:
  std::ostream& out_;
  std::vector<std::string> slow_, missing_;
};

// OpenBLAS keeps a thread pool of its own, which LibTorch's setting does not reach. Its functions
// are looked up at run time because LibTorch may come with another BLAS.
struct OpenBlas {
  int (*get_threads)() = symbol<int (*)()>("openblas_get_num_threads");
  void (*set_threads)(int) = symbol<void (*)(int)>("openblas_set_num_threads");
  char* (*config)() = symbol<char* (*)()>("openblas_get_config");

  bool present() const { return get_threads != nullptr && set_threads != nullptr; }

 private:
  template <class Function>
  static Function symbol(const char* name) {
    return reinterpret_cast<Function>(::dlsym(RTLD_DEFAULT, name));
  }
};

// Everything on one thread until the end of the scope.
class SingleThread {
 public:
  SingleThread() : torch_threads_(at::get_num_threads()) {
    at::set_num_threads(1);
    if (blas_.present()) {
      blas_threads_ = blas_.get_threads();
      blas_.set_threads(1);
    }
  }
  ~SingleThread() {
    at::set_num_threads(torch_threads_);
    if (blas_.present()) blas_.set_threads(blas_threads_);
  }
  SingleThread(const SingleThread&) = delete;
  SingleThread& operator=(const SingleThread&) = delete;

 private:
  OpenBlas blas_;
  int torch_threads_, blas_threads_ = 1;
};

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "unset" : value;
}

// "MemAvailable" and the like from /proc/meminfo, in bytes; 0 when the system does not say.
double memory_bytes(const std::string& field) {
  std::ifstream file("/proc/meminfo");
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string name;
    double kibibytes = 0;
    if (words >> name >> kibibytes && name == field + ":") return kibibytes * 1024.0;
  }
  return 0;
}

// The library whose function answers the call, links followed; empty when there is none.
std::string library_of(const char* function) {
  Dl_info info{};
  void* address = ::dlsym(RTLD_DEFAULT, function);
  if (address == nullptr || ::dladdr(address, &info) == 0) return "";
  std::error_code error;
  const fs::path path = fs::canonical(info.dli_fname, error);
  return error ? info.dli_fname : path.string();
}

// Says what really answers, whatever was installed: several BLAS libraries may be loaded at once.
std::string blas_description() {
  if (at::hasMKL()) return at::get_mkl_version();
  const std::string answering = library_of("sgemm_");
  if (answering.empty()) return "inside LibTorch";
  const OpenBlas openblas;
  const bool is_openblas = answering.find("openblas") != std::string::npos;
  if (is_openblas && openblas.config != nullptr) {
    return fmt::format("{} ({})", openblas.config(), answering);
  }
  return answering;
}

void report_machine(Findings& findings, const fs::path& results) {
  findings.fact("cores", fmt::format("{} usable by this process", worker_count()));
  findings.fact("memory",
                fmt::format("{:.1f} GiB, {:.1f} GiB available", memory_bytes("MemTotal") / gibibyte,
                            memory_bytes("MemAvailable") / gibibyte));
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

void report_torch(Findings& findings) {
  const bool cuda = at::hasCUDA();
  findings.fact("LibTorch", fmt::format("{}, CUDA {}", TORCH_VERSION,
                                        cuda ? fmt::format("on {} devices",
                                                           at::detail::getCUDAHooks().getNumGPUs())
                                             : "not available"));
  findings.fact("BLAS", blas_description());
  const double gflops = measure_matmul_gflops();
  findings.fact("matmul", fmt::format("{:.0f} GFLOP/s on one thread (float32)", gflops));
  if (gflops < slow_matmul_gflops) {
    findings.slow(fmt::format(
        "matrix products reach {:.1f} GFLOP/s on one thread where {:.0f} and more are usual: "
        "everything that trains or scores is many times slower than it need be. On Debian, "
        "install libopenblas0-pthread (LibTorch takes its BLAS from libblas.so.3). Where it is "
        "installed already, the machine may be busy with something else",
        gflops, slow_matmul_gflops));
  }
}

void report_threads(Findings& findings) {
  const OpenBlas blas;
  const int torch_threads = at::get_num_threads();
  const int blas_threads = blas.present() ? blas.get_threads() : 1;
  findings.fact(
      "threads",
      fmt::format("LibTorch {}, OpenBLAS {}; OMP_NUM_THREADS {}, "
                  "OPENBLAS_NUM_THREADS {}",
                  torch_threads, blas.present() ? std::to_string(blas_threads) : "not in use",
                  environment("OMP_NUM_THREADS"), environment("OPENBLAS_NUM_THREADS")));
  if (torch_threads > 1 && blas_threads > 1) {
    findings.slow(fmt::format(
        "LibTorch with {} threads and OpenBLAS with {} are two pools that fight for the same "
        "cores: unset OMP_NUM_THREADS, or set OPENBLAS_NUM_THREADS=1 beside it",
        torch_threads, blas_threads));
  }
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

double measure_matmul_gflops() {
  const SingleThread single_thread;
  const c10::InferenceMode inference;
  constexpr std::int64_t size = 768;
  const at::Tensor left = at::full({size, size}, 0.5F);
  const at::Tensor right = at::full({size, size}, 0.25F);
  at::mm(left, right);  // the first product pays for buffers and the choice of kernels
  double best_seconds = 1e9;
  for (int repeat = 0; repeat < 3; ++repeat) {
    const auto start = std::chrono::steady_clock::now();
    at::mm(left, right);
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
    best_seconds = std::min(best_seconds, elapsed.count());
  }
  return 2.0 * size * size * size / best_seconds / 1e9;
}

int run_doctor(std::ostream& out, const fs::path& results) {
  Findings findings(out);
  report_machine(findings, results);
  report_threads(findings);  // before anything changes the settings
  report_torch(findings);
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
