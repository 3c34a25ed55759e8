#include "experiments/stages/setting.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "core/errors.h"
#include "core/files.h"
#include "core/hash.h"
#include "models/lora.h"

namespace winnow {
namespace fs = std::filesystem;
namespace {

// Raise one when its stage computes or writes something else.
constexpr int kPoolFormat = 1;
constexpr int kBenchmarkFormat = 1;
constexpr int kBaseFormat = 3;

const bool sampling_registered =
    config::add_table<SamplingOptions>("sampling", "frames that model and descriptors see");

// Of its files by name and those of its adapter; what tools keep in other folders of it does not
// count.
std::string digest_of_checkpoint(const fs::path& folder) {
  if (!fs::is_directory(folder)) {
    throw DataError(folder.string() + ": there is no such folder (model.path)");
  }
  std::map<std::string, fs::path> files;
  for (const fs::path& part : {folder, folder / kAdapterFolder}) {
    if (!fs::is_directory(part)) continue;
    for (const fs::directory_entry& entry : fs::directory_iterator(part)) {
      if (!entry.is_regular_file()) continue;
      files.emplace(fs::relative(entry.path(), folder).string(), entry.path());
    }
  }
  Digest digest;
  for (const auto& [name, path] : files) digest.add(name).add(digest_of_file(path));
  return digest.hex();
}

}  // namespace

SettingOptions SettingOptions::from(const config::Value& config) {
  SettingOptions options{Bound<PoolSource>(pools, config.at("pool"), "pool"),
                         read_benchmarks(config),
                         Bound<ModelFamily>(models, config.at("model"), "model"),
                         std::nullopt,
                         {},
                         read_screening(config),
                         {}};
  if (options.benchmarks.empty()) {
    throw ConfigError(
        "there is no benchmark; name one, as in benchmark@benchmarks.mine=multiple_choice "
        "benchmarks.mine.file=FILE");
  }
  if (base_trainer_for(*options.model.make(), config.child("base"))) {
    options.base.emplace(base_trainers, config.at("base"), "base");
  }
  if (const config::Value* sampling = config.child("sampling")) {
    options.sampling = config::bind<SamplingOptions>(*sampling, "sampling");
  }
  if (const config::Value* features = config.child("features")) {
    options.features = config::bind<FeaturesOptions>(*features, "features");
  }
  return options;
}

// A benchmark: its folder, where it is generated, its questions once somebody asks, their features.
struct Setting::Asked {
  const BenchmarkTask* task = nullptr;
  fs::path folder;
  std::string digest;
  std::optional<StageOutput> features_stage;
  std::once_flag read;
  std::unique_ptr<BenchmarkTask::Parts> parts;
  std::once_flag mapped;
  std::optional<VisualFeatures> features;

  const BenchmarkTask::Parts& questions() {
    std::call_once(read,
                   [&] { parts = std::make_unique<BenchmarkTask::Parts>(task->read(folder)); });
    return *parts;
  }
  std::vector<Question> all_questions() {
    std::vector<Question> all = questions().asked;
    all.insert(all.end(), questions().development.begin(), questions().development.end());
    return all;
  }
};

struct Setting::Loaded {
  Pool whole;  // as it was read
  Pool pool;
  std::vector<LeftOutSample> left_out;
  std::optional<VisualFeatures> features;
};

Setting::Setting(const SettingOptions& options, std::uint64_t seed, StageCache& stages)
    : options_(options), seed_(seed), stages_(stages) {
  run_pool_and_benchmarks();
  run_base();
  run_features();
  inputs_["base"] = base_.digest;
}

Setting::~Setting() = default;

void Setting::run_pool_and_benchmarks() {
  const auto source = options_.pool.make();
  Stage stage;
  stage.name = "pool";
  stage.format_version = kPoolFormat;
  stage.config = source->identity(seed_);
  stage.title = fmt::format("pool {}", seed_);
  pool_ = stages_.run(stage, [&](StageWork& work) {
    source->make(seed_, work.output);
    work.digest = digest_of(stage.config.to_json());
  });
  outputs_.emplace_back("pool", pool_);
  labels_ = source->labels(pool_.folder);

  std::map<std::string, std::string> digests = {{"pool", pool_.digest}};
  for (const BenchmarkTask& task : options_.benchmarks) {
    auto asked = std::make_unique<Asked>();
    asked->task = &task;
    const config::Value identity = task.identity(seed_);
    if (task.source().is_generated()) {
      Stage own;
      own.name = "benchmark";
      own.format_version = kBenchmarkFormat;
      own.config = task.source().identity(seed_);
      own.title = fmt::format("benchmark {} {}", task.name(), seed_);
      const StageOutput output =
          stages_.run(own, [&](StageWork& work) { task.source().make(seed_, work.output); });
      outputs_.emplace_back("benchmark " + task.name(), output);
      asked->folder = output.folder;
    }
    asked->digest = digest_of(identity.to_json());
    digests["benchmark " + task.name()] = asked->digest;
    benchmarks_.push_back(std::move(asked));
  }

  std::optional<Pool> whole;
  const ScreeningStage screening{options_.screening, digests,
                                 fmt::format("screening of pool {}", seed_)};
  screening_ = screening.run(
      stages_,
      [&]() -> const Pool& {
        if (!whole) whole = open_pool();
        return *whole;
      },
      [&] {
        AskedQuestions questions;
        for (const auto& asked : benchmarks_) {
          questions[asked->task->name()] = asked->all_questions();
        }
        return questions;
      });
  outputs_.emplace_back("screening", screening_);
  inputs_["pool"] = pool_.digest;
  // Only where it found something: a pool without findings is the same pool.
  if (screening_.facts.at("contaminated").to_number<std::int64_t>() > 0 ||
      screening_.facts.at("duplicates").to_number<std::int64_t>() > 0) {
    inputs_["screening"] = screening_.digest;
  }
}

void Setting::run_base() {
  const auto family = options_.model.make();
  const std::optional<fs::path> pretrained = family->pretrained();
  Stage stage;
  stage.name = "base";
  stage.format_version = kBaseFormat;
  stage.config.set("model", identity_of(options_.model));
  if (pretrained) {
    stage.inputs = {{"checkpoint", digest_of_checkpoint(*pretrained)}};
  } else {
    stage.config.set("base", options_.base->identity());
    stage.config.set("seed", value_of(seed_));
    stage.inputs = {{"pool", pool_.digest}};  // the tokenizer learns the pool's words
  }
  stage.title = fmt::format("base model {}", seed_);
  base_ = stages_.run(stage, [&](StageWork& work) {
    std::unique_ptr<VisionLanguageModel> model;
    if (pretrained) {
      model = family->load(*pretrained);
    } else {
      BaseJob job{*family, {}, seed_, work.resume};
      for_each_sample(open_pool(), [&](std::size_t, const Sample& sample) {
        for (const Turn& turn : sample.turns) job.texts.push_back(turn.text);
      });
      model = options_.base->make()->train(job);
    }
    model->save(work.output / "model");
    work.digest = weights_digest(*model);
  });
  outputs_.emplace_back("base model", base_);
}

void Setting::run_features() {
  const bool keeps = options_.features.visual == FeaturesOptions::Visual::keep &&
                     !options_.model.make()->vision_is_trainable();
  const auto media_of_pool = [&] {
    MediaList media;
    for_each_sample(open_pool(), [&](std::size_t, const Sample& sample) { media.add(sample); });
    return media.sorted();
  };
  const std::string title = fmt::format("of pool {}", seed_);
  if (!keeps) {
    const MediaStage check{options_.sampling, {{"pool", pool_.digest}}, "media " + title};
    features_ = check.run(stages_, media_of_pool);
    outputs_.emplace_back("media", *features_);
    const auto failures = undecodable_media(*features_);
    check_failed_media(*features_, options_.features, "the pool", failures);
    if (!failures.empty()) inputs_["media"] = features_->digest;
    return;
  }
  const auto features_of = [&](const std::string& role, const std::string& digest,
                               const std::string& of_what, const auto& media) {
    const FeaturesStage stage{options_.model,
                              base_weights(),
                              options_.sampling,
                              {{role, digest}},
                              "visual features " + of_what};
    return stage.run(stages_, media);
  };
  features_ = features_of("pool", pool_.digest, title, media_of_pool);
  outputs_.emplace_back("visual features", *features_);
  check_failed_media(*features_, options_.features, "the pool",
                     VisualFeatures::load(features_->folder).failures());
  inputs_["features"] = features_->digest;
  for (const auto& asked : benchmarks_) {
    const std::string name = "benchmark " + asked->task->name();
    asked->features_stage = features_of("benchmark", asked->digest, "of " + name, [&] {
      MediaList media;
      for (const Question& question : asked->all_questions()) media.add(question.sample);
      return media.sorted();
    });
    outputs_.emplace_back("visual features, " + asked->task->name(), *asked->features_stage);
  }
}

Pool Setting::open_pool() const { return options_.pool.make()->open(pool_.folder); }

std::map<std::string, std::string> Setting::inputs_of(std::size_t benchmark) const {
  const Asked& asked = *benchmarks_[benchmark];
  std::map<std::string, std::string> inputs = {{"benchmark", asked.digest}};
  if (asked.features_stage) inputs["features"] = asked.features_stage->digest;
  return inputs;
}

std::unique_ptr<VisionLanguageModel> Setting::load(const Weights& weights) const {
  return options_.model.make()->load(weights.folder);
}

const Setting::Loaded& Setting::loaded() const {
  const std::lock_guard lock(loading_);
  if (loaded_) return *loaded_;
  auto result = std::make_unique<Loaded>();
  result->whole = open_pool();
  for (const BadRow& row : result->whole.ledger()) {
    spdlog::warn("{}:{}: {}", row.file, row.line, row.reason);
  }
  const ScreeningResult found = read_screening_result(screening_);
  std::set<std::string> contaminated;
  for (const LeftOutSample& sample : found.contaminated) {
    result->left_out.push_back(sample);
    contaminated.insert(sample.id);
  }
  std::map<std::string, std::string> undecodable;
  const bool keeps = outputs_.end() != std::find_if(outputs_.begin(), outputs_.end(), [](auto& o) {
                       return o.first == "visual features";
                     });
  if (keeps) {
    result->features = VisualFeatures::load(features_->folder);
    undecodable = result->features->failures();
  } else {
    undecodable = undecodable_media(*features_);
  }
  std::vector<std::size_t> rows;
  const RowTable& all = result->whole.rows();
  const auto usable = [&](std::size_t row) {
    if (undecodable.empty()) return true;
    const Sample sample = result->whole.sample(row);
    return std::none_of(sample.media.begin(), sample.media.end(),
                        [&](const Media& medium) { return undecodable.contains(name_of(medium)); });
  };
  for (std::size_t row = 0; row < all.size(); ++row) {
    const std::string id(all.id(row));
    if (contaminated.contains(id)) continue;
    if (usable(row)) {
      rows.push_back(row);
    } else {
      result->left_out.push_back({id, "a medium cannot be decoded", ""});
    }
  }
  result->pool = rows.size() == all.size() ? result->whole : result->whole.subset(rows);
  merge_duplicates(found.duplicates, result->pool);
  loaded_ = std::move(result);
  return *loaded_;
}

const Pool& Setting::pool() const { return loaded().pool; }
const std::vector<LeftOutSample>& Setting::left_out() const { return loaded().left_out; }

const BenchmarkTask::Parts& Setting::questions(std::size_t benchmark) const {
  return benchmarks_[benchmark]->questions();
}

std::vector<VisualTokens> Setting::encode(const Sample& sample, VisionLanguageModel& model) const {
  std::vector<PreprocessedMedium> media;
  for (const Media& medium : sample.media) {
    media.push_back(model.preprocess(decode(medium, options_.sampling)));
  }
  return model.encode_vision(media);
}

std::vector<VisualTokens> Setting::visual(const Sample& sample, VisionLanguageModel& model) const {
  const std::optional<VisualFeatures>& features = loaded().features;
  if (!features) return encode(sample, model);
  std::vector<VisualTokens> stored;
  for (const Media& medium : sample.media) stored.push_back(features->of(name_of(medium)));
  return stored;
}

std::vector<VisualTokens> Setting::visual_of(std::size_t benchmark, const Sample& sample,
                                             VisionLanguageModel& model) const {
  Asked& asked = *benchmarks_[benchmark];
  if (!asked.features_stage) return encode(sample, model);
  std::call_once(asked.mapped,
                 [&] { asked.features = VisualFeatures::load(asked.features_stage->folder); });
  std::vector<VisualTokens> stored;
  for (const Media& medium : sample.media) stored.push_back(asked.features->of(name_of(medium)));
  return stored;
}

}  // namespace winnow
