#pragma once
// A pool reader turns one file into samples and bad rows. `jsonl` is built in; another format is a
// new source file that registers a function:
//
//   const bool registered = (pool_readers().add("parquet", read_parquet), true);

#include <filesystem>
#include <functional>

#include "core/registry.h"
#include "pool/pool.h"

namespace winnow {

// Where a reader puts what it finds, in file order.
struct PoolSink {
  // `id` may be empty or repeated: the pool makes ids unique. Media paths are absolute.
  std::function<void(Sample)> sample;
  std::function<void(BadRow)> bad_row;
};

// Reads a whole file. `media_root` is absolute. A row that cannot be used goes to bad_row; only
// what concerns the file as a whole throws (IoError).
using PoolReader =
    std::function<void(const std::filesystem::path& file, const std::filesystem::path& media_root,
                       const PoolOptions& options, const PoolSink& sink)>;

Registry<PoolReader>& pool_readers();

}  // namespace winnow
