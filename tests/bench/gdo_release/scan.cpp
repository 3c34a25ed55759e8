// How fast a pool in the GDO release's formats is read: scan [FOLDER] [--pairs N]. The release's
// figure is recorded: 9,000 pairs a CPU second for its whole build step, of which it reads twice.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <functional>
#include <limits>

#include "core/errors.h"
#include "gdo_release/python/line_file.h"
#include "gdo_release/select/scan/pair.h"
#include "gdo_release/select/write/record.h"
#include "gdo_release/support/release_pool.h"
#include "gdo_release/text/text.h"
#include "support/cpu_time.h"

namespace {

using namespace winnow;
using gdo_release::Pair;

constexpr double kReleaseRate = 9000.0;  // pairs a CPU second

void measure(const char* what, const bench::ReleasePool& pool, int rounds,
             const std::function<void()>& action) {
  double best = std::numeric_limits<double>::max();
  for (int i = 0; i < rounds; ++i) {
    const double start = bench::cpu_seconds();
    action();
    best = std::min(best, bench::cpu_seconds() - start);
  }
  const double rate = static_cast<double>(pool.pairs) / best;
  fmt::print("{:<28} {:8.3f} s {:12.0f} pairs/s {:8.2f} GB/s {:8.0f} x the release\n", what, best,
             rate, static_cast<double>(pool.pool_bytes()) / best / 1e9, rate / kReleaseRate);
}

void run(const bench::ReleasePoolSpec& spec, const std::string& folder, int rounds) {
  const bench::ReleasePool pool = bench::release_pool(spec, folder);
  fmt::print("{} pairs, {} MB in {}\nbest of {} rounds, CPU time:\n", pool.pairs,
             pool.pool_bytes() / 1000000, pool.onevision.parent_path().string(), rounds);
  gdo_release::ScanOptions options;
  options.onevision = pool.onevision;
  options.video = pool.video;

  measure("lines alone", pool, rounds, [&] {
    for (const auto& path : {options.onevision, options.video}) {
      gdo_release::python::LineFile(path).each_line(0, [](const auto&) {});
    }
  });
  measure("scan", pool, rounds, [&] {
    std::int64_t pairs = 0;
    gdo_release::scan(options, [&](const Pair&) { ++pairs; });
    if (pairs != pool.pairs) {
      throw DataError(fmt::format("the scan found {} pairs of {}", pairs, pool.pairs));
    }
  });
  double sum = 0.0;
  measure("scan and text scores", pool, rounds, [&] {
    gdo_release::scan(options, [&](const Pair& pair) {
      sum += gdo_release::quality_score(pair.question_tokens, pair.answer_tokens, pair.answer) +
             gdo_release::difficulty_score(pair.question_tokens, pair.answer_tokens);
    });
  });
  std::vector<gdo_release::PairPlace> places;  // as a Uni baseline takes them: one pair in six
  std::int64_t seen = 0;
  gdo_release::scan(options, [&](const Pair& pair) {
    if (seen++ % 6 == 0) places.push_back({pair.video, pair.offset, pair.line, pair.turn});
  });
  std::uintmax_t written = 0;
  std::string row;
  measure("a sixth of the rows written", pool, rounds, [&] {
    gdo_release::RecordReader records(options);
    for (const gdo_release::PairPlace& place : places) {
      row.clear();
      records.append(place, "Open", "Mixed", row);
      written += row.size();
    }
  });
  fmt::print("sum of the scores {:.6f}, {} MB of rows, peak memory {:.1f} MiB\n", sum / rounds,
             written / static_cast<std::uintmax_t>(rounds) / 1000000, bench::peak_mebibytes());
}

}  // namespace

int main(int count, char** words) {
  CLI::App app("Measures the reading of a pool in the GDO release's formats");
  std::string folder = (std::filesystem::temp_directory_path() / "winnow-bench").string();
  bench::ReleasePoolSpec spec;
  int rounds = 5;
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
