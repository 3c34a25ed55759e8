// selector=gdo_release: chooses from the two files of pool=llava, as the release does.

#include "selectors/selector.h"

#include <fmt/format.h>

#include <map>

#include "core/errors.h"
#include "gdo_release/select/run.h"

namespace winnow::gdo_release {
namespace {

namespace fs = std::filesystem;

// Selections of one pool's files, which are made together when the first one is asked for.
struct Together {
  std::vector<SelectJob> jobs;
  std::map<fs::path, SelectOutcome> outcomes;  // by the job's folder
};

Selection selection_of(const SelectOutcome& outcome, bool profile_only) {
  Selection selection;
  selection.summary =
      profile_only ? fmt::format("profile of {} pairs; {} would be taken", outcome.total_pairs,
                                 outcome.target_count)
                   : fmt::format("{} of {} pairs taken, uniform baseline of {}",
                                 outcome.subset_rows, outcome.total_pairs, outcome.uniform_rows);
  selection.warnings = outcome.warnings;
  return selection;
}

class GdoRelease : public Selector {
 public:
  explicit GdoRelease(const SelectOptions& options) : options_(checked(options)) {}

  std::vector<std::string> required_columns() const override { return {}; }
  std::vector<std::string> decided_by_run() const override {
    return {"metrics", "metrics_jsonl", "seed", "profile_only"};
  }
  bool reads_files() const override { return true; }

  void announce(const SelectionInput& input) const override {
    together(input).jobs.push_back({options(input), input.folder});
  }

  Selection select(const SelectionInput& input) const override {
    if (input.shared == nullptr) {
      const SelectJob job{options(input), input.folder};
      return selection_of(gdo_release::select(files(input), {job}).front(),
                          job.options.profile_only);
    }
    Together& shared = together(input);
    if (shared.outcomes.empty()) {
      std::vector<SelectOutcome> made = gdo_release::select(files(input), shared.jobs);
      for (std::size_t i = 0; i < made.size(); ++i) {
        shared.outcomes.emplace(shared.jobs[i].folder, std::move(made[i]));
      }
    }
    return selection_of(shared.outcomes.at(input.folder), options_.profile_only);
  }

  std::string explain(const SelectionInput& input, const std::string& sample) const override {
    return gdo_release::explain(files(input), options(input), sample);
  }

 private:
  static PoolFiles files(const SelectionInput& input) {
    for (const char* key : {"onevision", "video"}) {
      if (input.files.contains(key)) continue;
      throw ConfigError(fmt::format(
          "pool.{0} is not set: {1} = gdo_release reads the two files of pool=llava; name the "
          "JSONL file, as in pool.{0}=FILE",
          key, input.key("type")));
    }
    return {input.files.at("onevision"), input.files.at("video")};
  }

  static Together& together(const SelectionInput& input) {
    const PoolFiles pool = files(input);
    return input.shared->of<Together>(pool.onevision.string() + "\n" + pool.video.string());
  }

  // A run's files come with their metrics, and its seed draws. On a user's own files the release's
  // flags say both.
  SelectOptions options(const SelectionInput& input) const {
    SelectOptions options = options_;
    if (const auto metrics = input.files.find("metrics"); metrics != input.files.end()) {
      options.metrics = metrics->second.string();
      options.seed = static_cast<std::int64_t>(input.seed);
    }
    return options;
  }

  SelectOptions options_;
};

const auto registered = selectors().add<GdoRelease, SelectOptions>(
    "gdo_release", "what the GDO authors' released program does, from the files of pool=llava");

}  // namespace
}  // namespace winnow::gdo_release
