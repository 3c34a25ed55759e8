// How fast descriptor shards are merged: merge [FOLDER] [--pairs N]. The release's figure is
// recorded: 3,700 rows a CPU second with 4,096 clusters.

#include "gdo_release/merge/merge.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>

#include "core/errors.h"
#include "core/parallel.h"
#include "gdo_release/support/release_pool.h"
#include "support/cpu_time.h"

namespace {

using namespace winnow;

constexpr double kReleaseRate = 3700.0;  // rows a CPU second

void measure(const char* what, const gdo_release::MergeRequest& request) {
  using Clock = std::chrono::steady_clock;
  const double cpu = bench::cpu_seconds();
  const auto start = Clock::now();
  const gdo_release::MergeReport report = gdo_release::merge(request);
  const double used = bench::cpu_seconds() - cpu;
  const double wall = std::chrono::duration<double>(Clock::now() - start).count();
  const double rate = static_cast<double>(report.rows_written) / used;
  fmt::print(
      "{:<24} {:8} rows {:7.3f} s CPU {:7.3f} s wall {:10.0f} rows/CPU s {:6.0f} x the "
      "release {:6.0f} MiB\n",
      what, report.rows_written, used, wall, rate, rate / kReleaseRate, bench::peak_mebibytes());
}

void run(const bench::ReleasePoolSpec& spec, const std::filesystem::path& folder,
         std::int64_t clusters, int rounds) {
  const bench::ReleasePool pool = bench::release_pool(spec, folder);
  const std::filesystem::path output = folder / "merged";
  gdo_release::MergeRequest request{
      pool.shards, output / "metrics.jsonl", output / "report.json", output / "centers.jsonl", {}};
  request.options.cluster_k = clusters;
  for (int i = 0; i < rounds; ++i) measure("with k-means", request);
  request.options.centers = output / "given.jsonl";
  std::filesystem::copy_file(request.output_centers, *request.options.centers,
                             std::filesystem::copy_options::overwrite_existing);
  for (int i = 0; i < rounds; ++i) measure("with given centres", request);
}

}  // namespace

int main(int count, char** words) {
  CLI::App app("How fast descriptor shards are merged");
  std::string folder = (std::filesystem::temp_directory_path() / "winnow_bench").string();
  bench::ReleasePoolSpec spec;
  spec.shards = 4;
  std::int64_t clusters = 4096;
  std::size_t threads = 0;
  int rounds = 2;
  app.add_option("folder", folder, "Where the made-up pool is, or goes")->capture_default_str();
  app.add_option("--pairs", spec.pairs)->capture_default_str();
  app.add_option("--clusters", clusters)->capture_default_str();
  app.add_option("--threads", threads, "0: one for each core")->capture_default_str();
  app.add_option("--rounds", rounds)->capture_default_str();
  CLI11_PARSE(app, count, words);
  try {
    if (threads > 0) set_worker_count(threads);
    run(spec, folder, clusters, rounds);
  } catch (const Error& error) {
    fmt::print(stderr, "{}\n", error.what());
    return error.exit_status();
  }
  return 0;
}
