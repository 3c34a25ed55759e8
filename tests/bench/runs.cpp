// How long `winnow runs` takes: runs [FOLDER] [--runs N]. Writes N synthetic runs with the config
// of a real size and lists, filters, sorts and prints them, and compares two; prints seconds and
// the peak of memory (VmHWM).

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "core/errors.h"
#include "experiments/runs/method_comparison.h"
#include "experiments/runs/run_filter.h"
#include "experiments/runs/run_table.h"
#include "experiments/synthetic_run.h"

namespace {

namespace fs = std::filesystem;
using namespace winnow;

template <class Work>
auto timed(const std::string& what, const Work& work) {
  const auto start = std::chrono::steady_clock::now();
  auto result = work();
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  fmt::print("{:<52} {:8.3f} s\n", what, seconds);
  return result;
}

// As many keys as experiment=table1 has.
std::string config_of(int run) {
  std::string text = fmt::format("budget = {}\n", 50 + run % 10);
  for (int table = 0; table < 25; ++table) {
    text += fmt::format("[methods.m{}.selector]\n", table);
    for (int key = 0; key < 12; ++key) text += fmt::format("option_{} = {}\n", key, key * 0.5);
  }
  return text;
}

std::string peak_memory() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:")) return line.substr(line.find_first_of("0123456789"));
  }
  return "unknown";
}

int run_all(const fs::path& folder, int count) {
  for (int i = 0; i < count; ++i) {
    testing_support::SyntheticRun run;
    const char* goal = i % 3 == 0 ? "temp_plus" : i % 3 == 1 ? "temp" : "diverse";
    run.overrides = {"experiment=table1", fmt::format("goal={}", goal), fmt::format("seed={}", i)};
    run.config = config_of(i);
    run.questions = {{"long", 750}, {"mixed", 750}, {"short", 750}, {"ultra", 750}};
    run.methods.resize(1);
    for (int m = 0; m < 8; ++m) {
      run.methods.push_back({fmt::format("m{}", m), m == 0 ? "reference" : "method",
                             0.4 + 0.01 * ((i + m) % 7), 10.0 + m});
    }
    if (i >= 2) run.questions = {{"long", 10}};  // answers are read by a comparison alone
    testing_support::write_run(folder / fmt::format("table1,seed={}", i), run);
  }
  const std::int64_t now = std::time(nullptr);
  std::vector<std::string> problems;
  std::vector<Run> runs =
      timed(fmt::format("read {} runs", count), [&] { return list_runs(folder, problems); });
  const RunFilter filter("goal=temp* and average>43");
  const auto matching = timed("filter goal=temp* and average>43", [&] {
    std::size_t count_of = 0;
    for (const Run& run : runs) count_of += filter.matches(run, now) ? 1 : 0;
    return count_of;
  });
  timed("filter option_3 of a config", [&] {
    const RunFilter by_config("methods.m3.selector.option_3=1.5");
    std::size_t count_of = 0;
    for (const Run& run : runs) count_of += by_config.matches(run, now) ? 1 : 0;
    return count_of;
  });
  timed("sort by average", [&] { return (sort_runs(runs, "-average", now), 0); });
  timed("print all", [&] { return to_terminal({run_table(runs, {"budget"}, now)}, false); });
  fmt::print("{} of {} match\n", matching, runs.size());
  timed("compare two runs of 8 methods, 3,000 questions", [&] {
    const ComparedMethods methods =
        compared_methods({find_run(folder, "table1,seed=0"), find_run(folder, "table1,seed=1")});
    return pair_tables(methods, compare_methods(methods, {}), {});
  });
  fmt::print("peak of memory {}\n", peak_memory());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("How long listing and comparing runs takes.");
  fs::path folder = fs::temp_directory_path() / "winnow-bench-runs";
  int count = 1000;
  app.add_option("folder", folder, "where runs are written; removed afterwards");
  app.add_option("--runs", count, "how many")->check(CLI::Range(2, 1'000'000));
  CLI11_PARSE(app, argc, argv);
  try {
    const int status = run_all(folder, count);
    fs::remove_all(folder);
    return status;
  } catch (const winnow::Error& error) {
    fmt::print(stderr, "error: {}\n", error.what());
    return 1;
  }
}
