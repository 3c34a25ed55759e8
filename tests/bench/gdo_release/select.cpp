// How fast selector=gdo_release is: select [FOLDER] [--pairs N]. The release's recorded figures:
// one goal at 9,000 pairs a CPU second and 1.53 KiB a pair.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <functional>
#include <limits>

#include "config/bind.h"
#include "config/compose.h"
#include "core/errors.h"
#include "core/parallel.h"
#include "gdo_release/select/run.h"
#include "gdo_release/select/scan/candidate_pool.h"
#include "gdo_release/select/scan/metric_table.h"
#include "gdo_release/support/release_pool.h"
#include "support/cpu_time.h"

namespace {

using namespace winnow;
namespace release = gdo_release;

constexpr double kReleaseRate = 9000.0;  // pairs a CPU second

struct Seconds {
  double processor = std::numeric_limits<double>::max();
  double wall = std::numeric_limits<double>::max();
};

Seconds measure(const std::string& what, std::int64_t pairs, int rounds,
                const std::function<void()>& action) {
  Seconds best;
  for (int i = 0; i < rounds; ++i) {
    const double start = bench::cpu_seconds();
    const auto begin = std::chrono::steady_clock::now();
    action();
    best.processor = std::min(best.processor, bench::cpu_seconds() - start);
    const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - begin;
    best.wall = std::min(best.wall, passed.count());
  }
  const double rate = static_cast<double>(pairs) / best.processor;
  fmt::print("{:<36} {:8.3f} s CPU {:8.3f} s {:12.0f} pairs/s CPU {:6.0f} x the release\n", what,
             best.processor, best.wall, rate, rate / kReleaseRate);
  return best;
}

release::SelectOptions options_of(const std::string& goal, const bench::ReleasePool& pool) {
  const config::Value composed = config::compose(
      {{std::filesystem::path(WINNOW_SOURCE_DIR) / "configs"}, "select", {"goal=" + goal}});
  auto options =
      config::bind<release::SelectOptions>(composed.at("selector.gdo_release"), "selector");
  options.metrics = pool.metrics.string();
  return options;
}

void run(const bench::ReleasePoolSpec& spec, const std::string& folder, int rounds) {
  const bench::ReleasePool pool = bench::release_pool(spec, folder);
  fmt::print("{} pairs, {} MB of pool and {} MB of metrics in {}\nbest of {} rounds:\n", pool.pairs,
             pool.pool_bytes() / 1000000, std::filesystem::file_size(pool.metrics) / 1000000,
             pool.onevision.parent_path().string(), rounds);

  measure("metrics table", pool.pairs, rounds, [&] { release::MetricTable(pool.metrics); });
  release::ScanOptions scan;
  scan.onevision = pool.onevision;
  scan.video = pool.video;
  measure("pool to candidates, no metrics", pool.pairs, rounds, [&] {
    release::Exclusion none;
    release::read_candidates(scan, none, release::KeyTable());
  });

  const std::vector<std::string> goals = {"minloss", "diverse", "temp", "temp_plus"};
  const std::filesystem::path output = std::filesystem::path(folder) / "select-output";
  std::vector<release::SelectJob> jobs;
  for (const std::string& goal : goals) {
    jobs.push_back({options_of(goal, pool), output / goal});
    std::filesystem::create_directories(jobs.back().folder);
  }
  const release::PoolFiles files{pool.onevision, pool.video};
  const auto compare = [&](const char* with) {
    const Seconds one = measure(fmt::format("goal temp_plus{}", with), pool.pairs, rounds,
                                [&] { release::select(files, {jobs.back()}); });
    const Seconds four = measure(fmt::format("all four goals{}", with), pool.pairs, rounds,
                                 [&] { release::select(files, jobs); });
    fmt::print("  four take {:.2f} times the CPU time of one, {:.2f} times its wall time\n",
               four.processor / one.processor, four.wall / one.wall);
  };
  compare(" and their Uni-10x");
  for (release::SelectJob& job : jobs) job.options.skip_random_output = true;
  compare(" alone");
  fmt::print("{} workers, peak memory {:.1f} MiB\n", worker_count(), bench::peak_mebibytes());
  std::filesystem::remove_all(output);
}

}  // namespace

int main(int count, char** words) {
  CLI::App app("Measures selector=gdo_release");
  std::string folder = (std::filesystem::temp_directory_path() / "winnow-bench").string();
  bench::ReleasePoolSpec spec;
  int rounds = 3;
  app.add_option("folder", folder, "Where made-up pools are kept")->capture_default_str();
  app.add_option("--pairs", spec.pairs)->capture_default_str();
  app.add_option("--rounds", rounds)->capture_default_str()->check(CLI::PositiveNumber);
  CLI11_PARSE(app, count, words);
  try {
    run(spec, folder, rounds);
  } catch (const Error& error) {
    fmt::print(stderr, "{}\n", error.what());
    return error.exit_status();
  }
  return 0;
}
