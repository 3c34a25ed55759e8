#include "experiments/stages/anchor_source.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/errors.h"
#include "core/random.h"

namespace winnow {
namespace json = boost::json;
namespace {

constexpr const char* kHeldOut = "held_out";
constexpr double kDefaultShare = 0.1;
constexpr const char* kDefaultSet = "all";

const bool registered = config::add_table<AnchorsTable>(
    "anchors",
    "held-out samples that utility is measured against; the table held_out names a benchmark of "
    "them");

PoolOptions files_of(const AnchorsTable& options) {
  PoolOptions files;
  files.files = expand_files(options.files, "anchors.files");
  files.media_root = options.media_root;
  files.maximum_bad_share = 0.0;
  return files;
}

// The losses of the samples, for anchors drawn by difficulty.
void measure_difficulty(std::vector<AnchorCandidate>& candidates,
                        const std::vector<ModelInput>& inputs, VisionLanguageModel& model) {
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    candidates[i].difficulty = model.answer_loss({inputs[i]}).mean().item<double>();
  }
}

std::size_t index_of(const std::vector<BenchmarkTask>& benchmarks, const std::string& name) {
  for (std::size_t i = 0; i < benchmarks.size(); ++i) {
    if (benchmarks[i].name() == name) return i;
  }
  std::vector<std::string> names;
  for (const BenchmarkTask& task : benchmarks) names.push_back(task.name());
  throw ConfigError("anchors.benchmark: there is no benchmark '" + name + "'." +
                    suggestion(name, names));
}

}  // namespace

config::Help help(const AnchorsTable&) {
  return {
      {"files",
       "files of conversations to draw anchors from, as a pool's; their subtask is their "
       "source"},
      {"media_root", "folder that relative media paths of `files` start from; empty: each file's"},
      {"benchmark", "a benchmark of the config whose development part anchors are drawn from"},
      {"pool_share",
       "share of the pool, drawn uniformly, that is kept from every method for anchors; their "
       "subtask is their source. A tenth where nothing names a source of anchors",
       config::between(0, 0.5)},
      {"folds",
       "parts of each set that utility is measured against one by one: the column is their mean, "
       "and a column <name>.error holds its standard error; 1: no parts",
       config::between(1, 64)},
      {"contrast",
       "samples of the pool, drawn uniformly, the utility for which is taken off: what is left is "
       "what a sample does for the anchors beyond what it does for the pool as a whole; 0: none",
       config::at_least(0)},
      {"per_seed",
       "whether anchors are drawn anew for each seed, so that what their draw is worth is in the "
       "spread; false: once for a setting, which saves a pass over the pool for every further "
       "seed"},
      {"sets", "anchor sets, a column each; with a single one the column has the utility's name"}};
}

AnchorSource AnchorSource::from(const config::Value& config) {
  AnchorSource source;
  if (const config::Value* table = config.child("anchors")) {
    source.options_ = config::bind<AnchorsTable>(*table, "anchors");
    const int named = (source.options_.files.empty() ? 0 : 1) +
                      (source.options_.benchmark.empty() ? 0 : 1) +
                      (source.options_.pool_share > 0.0 ? 1 : 0);
    if (named > 1) {
      config::fail_value(*table, "anchors",
                         "anchors come from one source: files, benchmark or pool_share");
    }
    if (named > 0) return source;
  }
  if (const config::Value* held_out = config.child(kHeldOut)) {
    source.held_out_ = std::make_shared<const BenchmarkTask>(kHeldOut, *held_out, kHeldOut);
  }
  return source;
}

bool AnchorSource::is_default_share() const {
  return options_.files.empty() && options_.benchmark.empty() && options_.pool_share == 0.0 &&
         !held_out_;
}

double AnchorSource::pool_share() const {
  return is_default_share() ? kDefaultShare : options_.pool_share;
}

void AnchorSource::check(const std::vector<BenchmarkTask>& benchmarks) const {
  if (!options_.files.empty()) {
    files_of(options_);
  } else if (!options_.benchmark.empty()) {
    const BenchmarkTask& task = benchmarks[index_of(benchmarks, options_.benchmark)];
    if (task.options().development_share <= 0.0 && task.options().development_split.empty()) {
      throw ConfigError(fmt::format(
          "anchors.benchmark = {}: it sets nothing aside; say benchmarks.{}.development_share=0.5 "
          "or development_split=NAME",
          task.name(), task.name()));
    }
  } else if (held_out_ && !held_out_->source().is_generated()) {
    held_out_->read({});
  }
}

std::vector<std::string> AnchorSource::set_names() const {
  std::vector<std::string> names;
  for (const auto& [name, options] : options_.sets) names.push_back(name);
  if (names.empty()) names.emplace_back(kDefaultSet);
  return names;
}

config::Value AnchorSource::identity(Setting& setting) const {
  config::Value identity = config::to_value(options_);
  identity.erase("per_seed");  // it says which seed, and that stands beside it
  identity.erase("files");
  identity.set("pool_share", config::Value(pool_share(), {}));
  if (!options_.files.empty()) identity.set("files", identity_of_files(files_of(options_)));
  if (held_out_) identity.set(kHeldOut, held_out_->identity(setting.seed()));
  if (!options_.benchmark.empty()) {
    const auto& tasks = *setting.options().benchmarks;
    identity.set("benchmark", tasks[index_of(tasks, options_.benchmark)].identity(setting.seed()));
  }
  return identity;
}

std::vector<AnchorCandidate> AnchorSource::candidates(Setting& setting) const {
  std::vector<AnchorCandidate> result;
  const auto add = [&](const std::vector<Question>& questions) {
    for (const Question& question : questions) {
      result.push_back({question.sample, question.subtask, 0.0});
    }
  };
  if (held_out_) {
    add(held_out_->read(setting.folder_of(*held_out_)).asked);
  } else if (!options_.benchmark.empty()) {
    const auto& tasks = *setting.options().benchmarks;
    add(setting.questions(index_of(tasks, options_.benchmark)).development);
  } else {
    const Pool pool = options_.files.empty() ? setting.set_aside() : Pool::read(files_of(options_));
    for_each_sample(pool, [&](std::size_t, const Sample& sample) {
      result.push_back({sample, sample.source, 0.0});
    });
  }
  return result;
}

AnchorSource::Drawn AnchorSource::draw(Setting& setting, std::uint64_t seed,
                                       VisionLanguageModel& model) const {
  std::vector<AnchorCandidate> from = candidates(setting);
  std::map<std::string, AnchorOptions> sets = options_.sets;
  if (sets.empty()) sets[kDefaultSet] = {};
  if (pool_share() > 0.0) {
    for (auto& [name, options] : sets) {
      const auto there = static_cast<std::int64_t>(from.size());
      if (options.count <= there) continue;
      spdlog::warn(
          "anchors: {} samples were set aside (anchors.pool_share = {}), fewer than "
          "anchors.sets.{}.count = {}; all of them are taken",
          there, pool_share(), name, options.count);
      options.count = there;
    }
  }
  const torch::NoGradGuard no_gradients;
  const auto input_of = [&](std::size_t i) {
    return model.input(from[i].sample, setting.encode(from[i].sample, model));
  };
  if (std::any_of(sets.begin(), sets.end(), [](const auto& set) {
        return set.second.stratify_by == AnchorOptions::StratifyBy::difficulty;
      })) {
    std::vector<ModelInput> inputs;
    for (std::size_t i = 0; i < from.size(); ++i) inputs.push_back(input_of(i));
    measure_difficulty(from, inputs, model);
  }
  Drawn drawn;
  std::vector<Sample> all;
  for (const auto& [name, options] : sets) {
    AnchorSet set;
    set.name = name;
    json::array ids;
    for (const std::size_t i : draw_anchors(from, options, name, seed)) {
      set.ids.push_back(from[i].sample.id);
      set.inputs.push_back(input_of(i));
      all.push_back(from[i].sample);
      ids.emplace_back(from[i].sample.id);
    }
    drawn.ids[name] = std::move(ids);
    drawn.sets.push_back(std::move(set));
  }
  refuse_overlap(all, all_samples(setting.pool()), "the pool");
  for (std::size_t i = 0; i < setting.options().benchmarks->size(); ++i) {
    std::vector<Sample> asked;
    for (const Question& question : setting.questions(i).asked) asked.push_back(question.sample);
    refuse_overlap(all, asked, "benchmark " + (*setting.options().benchmarks)[i].name());
  }
  return drawn;
}

}  // namespace winnow
