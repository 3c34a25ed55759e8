// The generated pools as pool sources. The config's table holds what a pool is made of; its seed is
// the run's.

#include <algorithm>

#include "pool/pool_source.h"
#include "worlds/micro_world.h"
#include "worlds/planting.h"
#include "worlds/reasoning.h"

namespace winnow::micro_world {
namespace {

namespace fs = std::filesystem;

// `PoolPart`: the options in the config's table, which are part of the `Options` of `write`.
template <class PoolPart, class Options, auto write>
class GeneratedPool : public PoolSource {
 public:
  GeneratedPool(std::string type, PoolPart options)
      : type_(std::move(type)), options_(std::move(options)) {}

  config::Value identity(std::uint64_t seed) const override {
    config::Value value = config::to_value(options_);
    value.set("type", config::Value(type_, {}));
    value.set("seed", config::Value(static_cast<std::int64_t>(seed), {}));
    return value;
  }

  bool is_generated() const override { return true; }

  void make(std::uint64_t seed, const fs::path& folder) const override {
    Options options;
    static_cast<PoolPart&>(options) = options_;
    options.seed = static_cast<std::int64_t>(seed);
    write(options, folder);
  }

  Pool open(const fs::path& folder) const override {
    PoolOptions options;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder / "pool")) {
      if (entry.path().extension() == ".jsonl") options.files.push_back(entry.path());
    }
    std::sort(options.files.begin(), options.files.end());
    return Pool::read(options);
  }

  std::optional<fs::path> labels(const fs::path& folder) const override {
    return folder / "labels.jsonl";
  }

 private:
  std::string type_;
  PoolPart options_;
};

class MicroPool : public GeneratedPool<MicroPoolOptions, MicroWorldOptions, write_pool> {
 public:
  explicit MicroPool(const MicroPoolOptions& options) : GeneratedPool("micro_world", options) {
    check_properties(options.properties);
  }
};

class ReasoningPool
    : public GeneratedPool<ReasoningPoolOptions, ReasoningOptions, write_reasoning_pool> {
 public:
  explicit ReasoningPool(const ReasoningPoolOptions& options)
      : GeneratedPool("micro_reasoning", options) {}
};

const bool registered =
    pools().add<MicroPool, MicroPoolOptions>(
        "micro_world", "procedural scenes in image and video files, with hidden labels") &&
    pools().add<ReasoningPool, ReasoningPoolOptions>(
        "micro_reasoning", "word problems about images, solved step by step, with hidden labels");

}  // namespace
}  // namespace winnow::micro_world
