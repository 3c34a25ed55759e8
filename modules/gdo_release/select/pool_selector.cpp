// selector=gdo_release.

#include "selectors/pool_selector.h"

#include <fmt/format.h>

#include "gdo_release/select/llava_pool.h"
#include "gdo_release/select/run.h"

namespace winnow::gdo_release {
namespace {

class GdoRelease : public PoolSelector {
 public:
  explicit GdoRelease(const SelectOptions& options) : options_(checked(options)) {}

  std::vector<PoolOutcome> select(const config::Value& pool,
                                  const std::vector<PoolTask>& tasks) const override {
    std::vector<SelectJob> jobs;
    for (const PoolTask& task : tasks) {
      jobs.push_back({dynamic_cast<const GdoRelease&>(*task.selector).options_, task.folder});
    }
    std::vector<PoolOutcome> outcomes;
    for (SelectOutcome& outcome : gdo_release::select(llava_files(pool), jobs)) {
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
    return gdo_release::explain(llava_files(pool), options_, sample);
  }

 private:
  SelectOptions options_;
};

const auto registered = pool_selectors().add<GdoRelease, SelectOptions>(
    "gdo_release", "what the GDO authors' released program does, from pool files");

}  // namespace
}  // namespace winnow::gdo_release
