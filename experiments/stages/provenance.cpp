#include "experiments/stages/provenance.h"

#include <dlfcn.h>
#include <sys/utsname.h>
#include <torch/version.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <ctime>
#include <opencv2/core/version.hpp>
#include <optional>
#include <string>
#include <thread>

#include "core/parallel.h"

namespace winnow {
namespace {

// Output of a git command in the source folder without its line end; nothing when git says no.
std::optional<std::string> git(const std::string& arguments) {
  const std::string command = "git -C '" WINNOW_SOURCE_DIR "' " + arguments + " 2>/dev/null";
  FILE* pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) return std::nullopt;
  std::string output;
  std::array<char, 4096> buffer{};
  while (const std::size_t count = std::fread(buffer.data(), 1, buffer.size(), pipe)) {
    output.append(buffer.data(), count);
  }
  if (::pclose(pipe) != 0) return std::nullopt;
  while (!output.empty() && output.back() == '\n') output.pop_back();
  return output;
}

std::string utc_now() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  std::array<char, 32> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text.data();
}

std::string blas_name() {
  using Config = char* (*)();
  const auto config = reinterpret_cast<Config>(::dlsym(RTLD_DEFAULT, "openblas_get_config"));
  return config == nullptr ? "unknown" : config();
}

}  // namespace

boost::json::object provenance() {
  const std::optional<std::string> commit = git("rev-parse HEAD");
  const std::optional<std::string> changes = git("status --porcelain --untracked-files=no");
  utsname machine{};
  ::uname(&machine);
  return {
      {"winnow", "0.1.0"},
      {"commit", commit ? boost::json::value(*commit) : boost::json::value(nullptr)},
      {"modified", changes ? boost::json::value(!changes->empty()) : boost::json::value(nullptr)},
      {"compiler", __VERSION__},
      {"libtorch", TORCH_VERSION},
      {"opencv", CV_VERSION},
      {"blas", blas_name()},
      {"machine", std::string(machine.sysname) + " " + machine.release + " " + machine.machine},
      {"cores", std::thread::hardware_concurrency()},
      {"workers", worker_count()},
      {"time", utc_now()}};
}

}  // namespace winnow
