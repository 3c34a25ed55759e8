#pragma once
// A world: a pool to choose from, benchmarks to be judged by, and hidden labels for the oracle and
// for diagnosis. On disk: pool/*.jsonl, benchmarks/*.jsonl, labels.jsonl, beside their media.

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "benchmarks/question.h"
#include "config/component.h"
#include "experiments/stages/visual_features.h"
#include "pool/pool.h"

namespace winnow {

// Where worlds come from, by the config table `world`.
class WorldSource {
 public:
  virtual ~WorldSource() = default;
  // Everything the world of this seed depends on.
  virtual config::Value identity(std::uint64_t seed) const = 0;
  // Fills `folder`, which exists.
  virtual void write(std::uint64_t seed, const std::filesystem::path& folder) const = 0;
  // held_out.jsonl, in the format of benchmarks, with samples that are neither in the pool nor in a
  // benchmark: anchors for utility. Throws ConfigError for a world that has none.
  virtual void write_held_out(std::uint64_t seed, std::int64_t questions,
                              const std::filesystem::path& folder) const;
};

config::ComponentKind<WorldSource>& worlds();

// The JSONL files of a world's pool, sorted.
std::vector<std::filesystem::path> pool_files(const std::filesystem::path& world);

// The folder of the world that was made last among those of a stage cache; empty without any.
std::filesystem::path newest_world(const std::filesystem::path& stages);

struct WorldBenchmark {
  std::string name;
  std::vector<Question> questions;
};

// A world read back.
struct World {
  std::filesystem::path folder;
  Pool pool;
  std::vector<WorldBenchmark> benchmarks;

  // With the benchmarks of these names, in this order. Throws IoError, DataError.
  static World read(const std::filesystem::path& folder,
                    const std::vector<std::string>& benchmarks);

  // Names of a medium that do not change when the folder moves.
  std::string name_of(const Media& media) const;
  // Every medium of the pool and the benchmarks once, sorted by name: what is computed of them in
  // batches does not depend on the order of the pool's rows.
  std::vector<NamedMedium> media() const;
};

}  // namespace winnow
