#include "experiments/stages/provenance.h"

#include <dlfcn.h>
#include <sys/utsname.h>
#include <torch/version.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <ctime>
#include <fstream>
#include <opencv2/core/version.hpp>
#include <string_view>
#include <thread>

#include "commit.h"
#include "core/hash.h"
#include "core/parallel.h"

namespace winnow {
namespace {

std::string blas_name() {
  using Config = char* (*)();
  const auto config = reinterpret_cast<Config>(::dlsym(RTLD_DEFAULT, "openblas_get_config"));
  return config == nullptr ? "unknown" : config();
}

std::string quoted(const std::string& word) {
  const bool plain = !word.empty() && std::all_of(word.begin(), word.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 ||
           std::string_view("_-./=,+@%:~[]").find(static_cast<char>(c)) != std::string_view::npos;
  });
  if (plain) return word;
  std::string result = "'";
  for (const char c : word) result += c == '\'' ? "'\\''" : std::string(1, c);
  return result + "'";
}

std::string& command() {
  static std::string text;
  return text;
}

std::string processor_name() {
  std::ifstream lines("/proc/cpuinfo");
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  }
  return "unknown";
}

// What stays the same while the process runs.
const boost::json::object& constant_part() {
  static const boost::json::object part = [] {
    utsname machine{};
    ::uname(&machine);
    const std::string commit = WINNOW_COMMIT;
    return boost::json::object{
        {"winnow", WINNOW_VERSION},
        {"commit", commit.empty() ? boost::json::value(nullptr) : boost::json::value(commit)},
        {"modified",
         commit.empty() ? boost::json::value(nullptr) : boost::json::value(WINNOW_MODIFIED)},
        {"build", digest_of_file("/proc/self/exe")},
        {"compiler", __VERSION__},
        {"libtorch", TORCH_VERSION},
        {"opencv", CV_VERSION},
        {"blas", blas_name()},
        {"processor", processor_name()},
        {"machine", std::string(machine.sysname) + " " + machine.release + " " + machine.machine},
        {"cores", std::thread::hardware_concurrency()}};
  }();
  return part;
}

}  // namespace

void set_command_line(int argc, const char* const* argv) {
  command().clear();
  for (int i = 0; i < argc; ++i) command() += (i > 0 ? " " : "") + quoted(argv[i]);
}

const std::string& command_line() { return command(); }

std::string utc_now() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  std::array<char, 32> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text.data();
}

boost::json::object provenance() {
  boost::json::object result = constant_part();
  result["workers"] = worker_count();
  result["command"] = command();
  result["time"] = utc_now();
  return result;
}

}  // namespace winnow
