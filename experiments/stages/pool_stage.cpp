#include "experiments/stages/pool_stage.h"

#include <fmt/format.h>

#include "core/hash.h"

namespace winnow {
namespace {

// Raised when the stage writes something else.
constexpr int kPoolFormat = 1;

}  // namespace

StageOutput run_pool_stage(const PoolSource& source, std::uint64_t seed, StageCache& stages) {
  Stage stage;
  stage.name = "pool";
  stage.format_version = kPoolFormat;
  stage.config = source.identity(seed);
  stage.title = fmt::format("pool {}", seed);
  return stages.run(stage, [&](StageWork& work) {
    source.make(seed, work.output);
    if (!source.is_generated()) work.digest = digest_of(stage.config.to_json());
  });
}

}  // namespace winnow
