#pragma once
// A made-up pool in the GDO release's file formats, as large as wanted and the same on every
// machine: what the benchmarks of selection and merging read.

#include <cstdint>
#include <filesystem>
#include <vector>

namespace winnow::bench {

// Shaped after the recorded golden pool: two thirds of the pairs are about images, sources follow
// Zipf's law, several rows share a video and its frames, every second image row has several turns,
// some texts hold options on lines of their own, repeated texts or Chinese, and half a percent of
// the lines are dirty.
struct ReleasePoolSpec {
  std::int64_t pairs = 400'000;
  std::uint64_t seed = 7;
  int shards = 0;  // files of extraction rows to write besides, 0: none
};

struct ReleasePool {
  std::filesystem::path onevision, video, metrics;
  std::filesystem::path shards;  // a folder, as the merge step takes it
  std::int64_t pairs = 0;        // that the release finds in the two files
  std::uintmax_t pool_bytes() const;
};

// Writes the pool into `folder`, or finds it there from an earlier call with the same spec: each
// spec has a folder of its own inside.
ReleasePool release_pool(const ReleasePoolSpec& spec, const std::filesystem::path& folder);

}  // namespace winnow::bench
