#include "experiments/stages/provenance.h"

#include <sys/utsname.h>
#include <torch/version.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <ctime>
#include <opencv2/core/version.hpp>
#include <string_view>
#include <thread>

#include "commit.h"
#include "core/blas_kernel.h"
#include "core/errors.h"
#include "core/hash.h"
#include "core/parallel.h"

namespace winnow {
namespace {

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

// Missing is a state.
boost::json::value text_or_null(const std::string& text) {
  return text.empty() ? boost::json::value(nullptr) : boost::json::value(text);
}

// What stays the same while the process runs.
const boost::json::object& constant_part() {
  static const boost::json::object part = [] {
    utsname machine{};
    ::uname(&machine);
    const std::string commit = WINNOW_COMMIT;
    const BlasKernel& kernel = blas_kernel();
    const bool is_openblas = kernel.choice != BlasKernel::Choice::none;
    return boost::json::object{
        {"winnow", WINNOW_VERSION},
        {"commit", text_or_null(commit)},
        {"modified",
         commit.empty() ? boost::json::value(nullptr) : boost::json::value(WINNOW_MODIFIED)},
        {"build", digest_of_file("/proc/self/exe")},
        {"compiler", __VERSION__},
        {"libtorch", TORCH_VERSION},
        {"opencv", CV_VERSION},
        {"blas", text_or_null(OpenBlas::loaded().config())},
        {"blas_kernel", text_or_null(is_openblas ? describe(kernel) : "")},
        {"processor", text_or_null(processor_name())},
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

std::optional<std::int64_t> seconds_of_utc(const std::string& time) {
  std::tm parts{};
  const char* end = ::strptime(time.c_str(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  if (end == nullptr || *end != '\0') return std::nullopt;
  return static_cast<std::int64_t>(::timegm(&parts));
}

boost::json::object provenance() {
  boost::json::object result = constant_part();
  result["workers"] = worker_count();
  result["command"] = command();
  result["time"] = utc_now();
  return result;
}

}  // namespace winnow
