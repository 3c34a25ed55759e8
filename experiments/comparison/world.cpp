#include "experiments/comparison/world.h"

#include <algorithm>
#include <set>

#include "benchmarks/question_reader.h"
#include "core/errors.h"
#include "core/hash.h"
#include "worlds/micro_world.h"
#include "worlds/reasoning.h"

namespace winnow {
namespace fs = std::filesystem;

config::ComponentKind<WorldSource>& worlds() {
  static config::ComponentKind<WorldSource> kind("world");
  return kind;
}

void WorldSource::write_held_out(std::uint64_t, std::int64_t, const fs::path&) const {
  throw ConfigError("this world has no held-out samples to draw anchors for a utility from");
}

namespace {

// A world of the module `pool` whose options have a seed; `write` and `held_out` fill folders.
template <class Options, auto write_files, auto write_held_out_files>
class ProceduralWorld : public WorldSource {
 public:
  ProceduralWorld(std::string type, Options options)
      : type_(std::move(type)), options_(std::move(options)) {}

  config::Value identity(std::uint64_t seed) const override {
    config::Value value = config::to_value(seeded(seed));
    value.set("type", config::Value(type_, {}));
    return value;
  }
  void write(std::uint64_t seed, const fs::path& folder) const override {
    write_files(seeded(seed), folder);
  }
  void write_held_out(std::uint64_t seed, std::int64_t questions,
                      const fs::path& folder) const override {
    write_held_out_files(seeded(seed), questions, folder);
  }

 private:
  Options seeded(std::uint64_t seed) const {
    Options options = options_;
    options.seed = static_cast<std::int64_t>(seed);
    return options;
  }

  std::string type_;
  Options options_;
};

class MicroWorld : public ProceduralWorld<micro_world::MicroWorldOptions, micro_world::write_world,
                                          micro_world::write_held_out> {
 public:
  explicit MicroWorld(const micro_world::MicroWorldOptions& options)
      : ProceduralWorld("micro_world", options) {}
};

class ReasoningWorld
    : public ProceduralWorld<micro_world::ReasoningOptions, micro_world::write_reasoning_world,
                             micro_world::write_reasoning_held_out> {
 public:
  explicit ReasoningWorld(const micro_world::ReasoningOptions& options)
      : ProceduralWorld("micro_reasoning", options) {}
};

const bool reasoning_registered = worlds().add<ReasoningWorld, micro_world::ReasoningOptions>(
    "micro_reasoning", "word problems about images, solved step by step, with hidden labels");
const bool registered = worlds().add<MicroWorld, micro_world::MicroWorldOptions>(
    "micro_world", "procedural scenes in image and video files, with hidden labels");

}  // namespace

std::vector<fs::path> pool_files(const fs::path& world) {
  std::vector<fs::path> files;
  for (const fs::directory_entry& entry : fs::directory_iterator(world / "pool")) {
    if (entry.path().extension() == ".jsonl") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

fs::path newest_world(const fs::path& stages) {
  fs::path newest;
  fs::file_time_type newest_time{};
  std::error_code absent;
  for (const fs::directory_entry& entry : fs::directory_iterator(stages / "world", absent)) {
    if (!fs::exists(entry.path() / "manifest.json")) continue;
    if (!newest.empty() && entry.last_write_time() <= newest_time) continue;
    newest = entry.path();
    newest_time = entry.last_write_time();
  }
  return newest;
}

World World::read(const fs::path& folder, const std::vector<std::string>& benchmarks) {
  World world;
  world.folder = folder;
  PoolOptions options;
  options.files = pool_files(folder);
  world.pool = Pool::read(options);
  for (const std::string& name : benchmarks) {
    world.benchmarks.push_back({name, read_questions(folder / "benchmarks" / (name + ".jsonl"))});
  }
  return world;
}

std::string World::name_of(const Media& media) const {
  Digest digest;
  digest.add(to_string(media.kind));
  add_timing(digest, media);
  for (const fs::path& path : media.paths) {
    digest.add(path.lexically_relative(folder).generic_string());
  }
  return digest.hex();
}

std::vector<NamedMedium> World::media() const {
  std::vector<NamedMedium> result;
  std::set<std::string> seen;
  const auto add = [&](const Sample& sample) {
    for (const Media& medium : sample.media) {
      std::string name = name_of(medium);
      if (seen.insert(name).second) result.push_back({std::move(name), medium});
    }
  };
  for_each_sample(pool, [&](std::size_t, const Sample& sample) { add(sample); });
  for (const WorldBenchmark& benchmark : benchmarks) {
    for (const Question& question : benchmark.questions) add(question.sample);
  }
  std::sort(result.begin(), result.end(),
            [](const NamedMedium& a, const NamedMedium& b) { return a.name < b.name; });
  return result;
}

}  // namespace winnow
