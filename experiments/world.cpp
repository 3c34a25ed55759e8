#include "experiments/world.h"

#include <algorithm>
#include <set>

#include "core/errors.h"
#include "core/hash.h"
#include "pool/micro_world/micro_world.h"

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

class MicroWorld : public WorldSource {
 public:
  explicit MicroWorld(micro_world::MicroWorldOptions options) : options_(options) {}

  config::Value identity(std::uint64_t seed) const override {
    config::Value value = config::to_value(seeded(seed));
    value.set("type", config::Value(std::string("micro_world"), {}));
    return value;
  }
  void write(std::uint64_t seed, const fs::path& folder) const override {
    micro_world::write_world(seeded(seed), folder);
  }
  void write_held_out(std::uint64_t seed, std::int64_t questions,
                      const fs::path& folder) const override {
    micro_world::write_held_out(seeded(seed), questions, folder);
  }

 private:
  micro_world::MicroWorldOptions seeded(std::uint64_t seed) const {
    micro_world::MicroWorldOptions options = options_;
    options.seed = static_cast<std::int64_t>(seed);
    return options;
  }

  micro_world::MicroWorldOptions options_;
};

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
    world.benchmarks.push_back(read_benchmark(name, folder / "benchmarks" / (name + ".jsonl")));
  }
  return world;
}

std::string World::name_of(const Media& media) const {
  Digest digest;
  digest.add(to_string(media.kind)).add(media.frames_per_second);
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
  for (const Sample& sample : pool.samples()) add(sample);
  for (const Benchmark& benchmark : benchmarks) {
    for (const Question& question : benchmark.questions) add(question.sample);
  }
  std::sort(result.begin(), result.end(),
            [](const NamedMedium& a, const NamedMedium& b) { return a.name < b.name; });
  return result;
}

}  // namespace winnow
