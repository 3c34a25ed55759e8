// Writes a made-up pool in the GDO release's formats: make_release_pool FOLDER [--pairs N] ...

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "core/errors.h"
#include "gdo_release/support/release_pool.h"

int main(int count, char** words) {
  CLI::App app("Writes a made-up pool in the GDO release's formats");
  std::string folder;
  winnow::bench::ReleasePoolSpec spec;
  app.add_option("folder", folder, "Where the pool's own folder goes")->required();
  app.add_option("--pairs", spec.pairs, "Question-answer pairs")->capture_default_str();
  app.add_option("--seed", spec.seed)->capture_default_str();
  app.add_option("--shards", spec.shards, "Extraction shards to write besides")
      ->capture_default_str();
  CLI11_PARSE(app, count, words);
  try {
    const auto pool = winnow::bench::release_pool(spec, folder);
    fmt::print("{}\n{}\n{}\n{} pairs, {} MB pool, {} MB metrics\n", pool.onevision.string(),
               pool.video.string(), pool.metrics.string(), pool.pairs, pool.pool_bytes() / 1000000,
               std::filesystem::file_size(pool.metrics) / 1000000);
  } catch (const winnow::Error& error) {
    fmt::print(stderr, "{}\n", error.what());
    return error.exit_status();
  }
  return 0;
}
