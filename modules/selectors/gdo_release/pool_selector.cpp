// selector=gdo_release.

#include "selectors/pool_selector.h"

#include <fmt/format.h>

#include "config/bind.h"
#include "selectors/gdo_release/release_run.h"

namespace winnow::gdo_release {
namespace {

struct LlavaPoolOptions {
  std::string type, onevision, video;
};
BOOST_DESCRIBE_STRUCT(LlavaPoolOptions, (), (type, onevision, video))
config::Help help(const LlavaPoolOptions&) {
  return {{"type", "llava: the formats of LLaVA-OneVision and LLaVA-Video"},
          {"onevision", "JSONL file of image rows"},
          {"video", "JSONL file of video rows"}};
}

PoolFiles files_of(const config::Value& pool) {
  const auto options = config::bind<LlavaPoolOptions>(pool, "pool", {});
  if (options.type != "llava") {
    throw ConfigError(
        fmt::format("pool.type = {}: selector gdo_release reads pool=llava only", options.type));
  }
  for (const auto& [key, path] :
       {std::pair{"onevision", options.onevision}, std::pair{"video", options.video}}) {
    if (!path.empty()) continue;
    throw ConfigError(
        fmt::format("pool.{0} is not set: name the JSONL file, as in pool.{0}=FILE", key));
  }
  return {options.onevision, options.video};
}

class GdoRelease : public PoolSelector {
 public:
  explicit GdoRelease(const ReleaseOptions& options) : options_(checked(options)) {}

  std::vector<PoolOutcome> select(const config::Value& pool,
                                  const std::vector<PoolTask>& tasks) const override {
    std::vector<ReleaseJob> jobs;
    for (const PoolTask& task : tasks) {
      jobs.push_back({dynamic_cast<const GdoRelease&>(*task.selector).options_, task.folder});
    }
    std::vector<PoolOutcome> outcomes;
    for (ReleaseOutcome& outcome : gdo_release::select(files_of(pool), jobs)) {
      const bool profile_only = jobs[outcomes.size()].options.profile_only;
      outcomes.push_back({profile_only ? fmt::format("profile of {} pairs; {} would be taken",
                                                     outcome.total_pairs, outcome.target_count)
                                       : fmt::format("{} of {} pairs taken, uniform baseline of {}",
                                                     outcome.subset_rows, outcome.total_pairs,
                                                     outcome.uniform_rows),
                          std::move(outcome.warnings)});
    }
    return outcomes;
  }

  std::string explain(const config::Value& pool, const std::string& sample) const override {
    return gdo_release::explain(files_of(pool), options_, sample);
  }

 private:
  ReleaseOptions options_;
};

const auto registered = pool_selectors().add<GdoRelease, ReleaseOptions>(
    "gdo_release", "what the GDO authors' released program does, from pool files");
const auto pool_declared =
    config::add_table<LlavaPoolOptions>("pool", "the pool of `winnow select`: pool=llava");

}  // namespace
}  // namespace winnow::gdo_release
