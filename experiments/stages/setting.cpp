#include "experiments/stages/setting.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "core/errors.h"
#include "core/files.h"
#include "core/hash.h"
#include "core/random.h"
#include "experiments/stages/pool_stage.h"
#include "media/frame_shape.h"

namespace winnow {
namespace fs = std::filesystem;
namespace {

// Raise one when its stage computes or writes something else.
constexpr int kBenchmarkFormat = 1;
constexpr int kBaseFormat = 3;

}  // namespace

// A benchmark: its folder, where it is generated, its questions once somebody asks, their features.
struct Setting::Asked {
  const BenchmarkTask* task = nullptr;
  std::optional<fs::path> folder;
  std::string digest;
  std::optional<StageOutput> features_stage;
  std::once_flag read;
  std::unique_ptr<BenchmarkTask::Parts> parts;
  std::once_flag mapped;
  std::optional<VisualFeatures> features;
};

struct Setting::Loaded {
  Pool pool;
  Pool set_aside;
  std::shared_ptr<const RowTable> rows;
  std::map<std::string, std::string> duplicates;
  std::vector<LeftOutSample> left_out;
  std::optional<VisualFeatures> features;
};

Setting::Setting(const SettingOptions& options, std::uint64_t seed, StageCache& stages)
    : options_(options), seed_(seed), stages_(stages) {
  for (const BenchmarkTask& task : *options.benchmarks) {
    auto asked = std::make_unique<Asked>();
    asked->task = &task;
    asked->digest = digest_of(task.identity(seed).to_json());
    benchmarks_.push_back(std::move(asked));
  }
}

Setting::~Setting() = default;

void Setting::prepare() {
  pool_stage();
  screening();
  for (const BenchmarkTask& task : *options_.benchmarks) folder_of(task);
  if (options_.model) inputs();
}

const StageOutput& Setting::pool_stage() {
  if (pool_) return *pool_;
  pool_ = run_pool_stage(*options_.pool.value().make(), seed_, stages_);
  outputs_.emplace_back("pool", *pool_);
  return *pool_;
}

fs::path Setting::folder_of(const BenchmarkTask& task) {
  if (!task.source().is_generated()) return {};
  const auto known = std::find_if(benchmarks_.begin(), benchmarks_.end(),
                                  [&](const auto& asked) { return asked->task == &task; });
  const bool is_asked = known != benchmarks_.end();
  if (is_asked && (*known)->folder) return *(*known)->folder;
  Stage stage;
  stage.name = "benchmark";
  stage.format_version = kBenchmarkFormat;
  stage.config = task.source().identity(seed_);
  stage.title = fmt::format("benchmark {} {}", task.name(), seed_);
  const StageOutput output =
      stages_.run(stage, [&](StageWork& work) { task.source().make(seed_, work.output); });
  outputs_.emplace_back("benchmark " + task.name(), output);
  if (is_asked) (*known)->folder = output.folder;
  return output.folder;
}

const BenchmarkTask::Parts& Setting::questions(std::size_t benchmark) {
  Asked& asked = *benchmarks_[benchmark];
  std::call_once(asked.read, [&] {
    asked.parts = std::make_unique<BenchmarkTask::Parts>(asked.task->read(folder_of(*asked.task)));
  });
  return *asked.parts;
}

std::string Setting::pool_digest() {
  const std::string& digest = pool_stage().digest;
  if (options_.rows_of.empty()) return digest;
  return Digest().add(digest).add(digest_of_file(options_.rows_of)).hex();
}

const Pool& Setting::whole_pool() {
  const StageOutput& stage = pool_stage();
  const std::lock_guard lock(loading_);
  if (!whole_) {
    whole_ = std::make_unique<Pool>(options_.pool->make()->open(stage.folder));
    if (!whole_->ledger().empty()) {
      spdlog::warn("{} rows of the pool cannot be used:\n{}", whole_->ledger().size(),
                   summary_of(whole_->ledger()));
    }
    if (!options_.rows_of.empty()) {
      std::vector<std::size_t> rows;
      for (const std::string& id : read_selected_ids(options_.rows_of)) {
        rows.push_back(whole_->index_of(id));
      }
      std::sort(rows.begin(), rows.end());
      *whole_ = whole_->subset(rows);
    }
  }
  return *whole_;
}

std::optional<fs::path> Setting::labels_file() {
  return options_.pool.value().make()->labels(pool_stage().folder);
}

const std::optional<HiddenLabels>& Setting::labels() {
  const std::optional<fs::path> file = labels_file();
  const std::lock_guard lock(loading_);
  if (!labels_) {
    labels_.emplace();
    if (file) labels_->emplace(*file);
  }
  return *labels_;
}

const StageOutput& Setting::screening() {
  if (screening_) return *screening_;
  pool_stage();
  if (options_.screening.decontaminate) {
    for (const BenchmarkTask& task : *options_.benchmarks) folder_of(task);
  }
  std::map<std::string, std::string> digests = {{"pool", pool_digest()}};
  for (const auto& asked : benchmarks_) digests["benchmark " + asked->task->name()] = asked->digest;
  const ScreeningStage stage{options_.screening, digests,
                             fmt::format("screening of pool {}", seed_)};
  screening_ = stage.run(
      stages_, [&]() -> const Pool& { return whole_pool(); },
      [&] {
        AskedQuestions all;
        for (std::size_t i = 0; i < benchmarks_.size(); ++i) {
          const BenchmarkTask::Parts& parts = questions(i);
          std::vector<Question>& own = all[benchmarks_[i]->task->name()];
          own = parts.asked;
          own.insert(own.end(), parts.development.begin(), parts.development.end());
        }
        return all;
      });
  outputs_.emplace_back("screening", *screening_);
  return *screening_;
}

const StageOutput& Setting::base() {
  if (base_) return *base_;
  const auto family = options_.model.value().make();
  const std::optional<fs::path> pretrained = family->pretrained();
  Stage stage;
  stage.name = "base";
  stage.format_version = kBaseFormat;
  stage.config.set("model", identity_of(*options_.model));
  if (pretrained) {
    stage.inputs = {{"checkpoint", digest_of_checkpoint(*pretrained)}};
  } else {
    stage.config.set("base", options_.base.value().identity());
    stage.config.set("seed", value_of(seed_));
    stage.inputs = {{"pool", pool_stage().digest}};  // the tokenizer learns the pool's words
  }
  stage.title = fmt::format("base model {}", seed_);
  base_ = stages_.run(stage, [&](StageWork& work) {
    std::unique_ptr<VisionLanguageModel> model;
    if (pretrained) {
      model = family->load(*pretrained);
    } else {
      BaseJob job{*family, {}, seed_, work.resume};
      for_each_sample(whole_pool(), [&](std::size_t, const Sample& sample) {
        for (const Turn& turn : sample.turns) job.texts.push_back(turn.text);
      });
      model = options_.base->make()->train(job);
    }
    model->save(work.output / "model");
    work.digest = weights_digest(*model);
  });
  outputs_.emplace_back("base model", *base_);
  return *base_;
}

bool Setting::keeps_features() const {
  return options_.model && options_.features.visual == FeaturesOptions::Visual::keep &&
         !options_.model->make()->vision_is_trainable();
}

void Setting::run_features() {
  if (features_ || options_.features.visual == FeaturesOptions::Visual::unchecked) return;
  const auto media_of_pool = [&] {
    MediaList media;
    for_each_sample(whole_pool(), [&](std::size_t, const Sample& sample) { media.add(sample); });
    return media.sorted();
  };
  const std::string title = fmt::format("of pool {}", seed_);
  if (!keeps_features()) {
    const MediaStage check{options_.sampling, {{"pool", pool_digest()}}, "media " + title};
    features_ = check.run(stages_, media_of_pool);
    outputs_.emplace_back("media", *features_);
    check_failed_media(*features_, options_.features, "the pool", undecodable_media(*features_));
    return;
  }
  const auto features_of = [&](const std::string& role, const std::string& digest,
                               const std::string& of_what,
                               const std::function<std::vector<NamedMedium>()>& media) {
    const FeaturesStage stage{*options_.model,
                              base_weights(),
                              options_.sampling,
                              {{role, digest}},
                              "visual features " + of_what};
    return stage.run(stages_, media);
  };
  features_ = features_of("pool", pool_digest(), title, media_of_pool);
  outputs_.emplace_back("visual features", *features_);
  check_failed_media(*features_, options_.features, "the pool", undecodable());
  for (std::size_t i = 0; i < benchmarks_.size(); ++i) {
    Asked& asked = *benchmarks_[i];
    const std::string name = "benchmark " + asked.task->name();
    asked.features_stage = features_of("benchmark", asked.digest, "of " + name, [&] {
      MediaList media;
      for (const Question& question : questions(i).asked) media.add(question.sample);
      return media.sorted();
    });
    outputs_.emplace_back("visual features, " + asked.task->name(), *asked.features_stage);
  }
}

std::map<std::string, std::string> Setting::undecodable() const {
  if (!features_) return {};
  return keeps_features() ? VisualFeatures::load(features_->folder).failures()
                          : undecodable_media(*features_);
}

std::map<std::string, std::string> Setting::row_inputs() {
  std::map<std::string, std::string> inputs = {{"pool", pool_digest()}};
  // Only where it found something: a pool without findings is the same pool.
  const boost::json::object& found = screening().facts;
  if (found.at("contaminated").to_number<std::int64_t>() > 0 ||
      found.at("duplicates").to_number<std::int64_t>() > 0) {
    inputs["screening"] = screening().digest;
  }
  run_features();
  const bool all_decode =
      !features_ || features_->facts.at("failed_media").to_number<std::int64_t>() == 0;
  if (!all_decode) {
    Digest digest;
    for (const auto& [name, reason] : undecodable()) digest.add(name);
    inputs["undecodable media"] = digest.hex();
  }
  if (options_.set_aside_share > 0.0) {
    inputs["set aside"] = Digest().add(options_.set_aside_share).add(seed_).hex();
  }
  return inputs;
}

std::map<std::string, std::string> Setting::inputs() {
  std::map<std::string, std::string> inputs = row_inputs();
  inputs["base"] = base().digest;
  return inputs;
}

std::map<std::string, std::string> Setting::inputs_of(std::size_t benchmark) {
  return {{"benchmark", benchmarks_[benchmark]->digest}};
}

std::unique_ptr<VisionLanguageModel> Setting::load(const Weights& weights) const {
  return options_.model.value().make()->load(weights.folder);
}

namespace {

// Rows that are kept from every method, and those of equal content, which would give them away.
struct SetAside {
  std::set<std::size_t> rows, repeats;
};

SetAside set_aside_rows(const RowTable& rows, double share, std::uint64_t seed) {
  SetAside result;
  if (share <= 0.0) return result;
  const auto wanted = static_cast<std::size_t>(
      std::max<std::int64_t>(1, std::llround(share * static_cast<double>(rows.size()))));
  std::set<ContentDigest> contents;
  // By id, so that the draw does not depend on the order of files.
  for (const std::size_t i :
       RandomStream(seed, "anchors/pool").sample_indices(rows.size(), wanted)) {
    result.rows.insert(rows.by_id()[i]);
    contents.insert(rows.content(rows.by_id()[i]));
  }
  for (std::size_t row = 0; row < rows.size(); ++row) {
    if (!result.rows.contains(row) && contents.contains(rows.content(row))) {
      result.repeats.insert(row);
    }
  }
  return result;
}

// Rows of each group share the digest of the smallest id that is there.
void merge_duplicates(const std::map<std::string, std::string>& duplicates, RowTable& rows) {
  if (duplicates.empty()) return;
  const auto group_of = [&](std::size_t row) {
    const std::string id(rows.id(row));
    const auto found = duplicates.find(id);
    return found == duplicates.end() ? id : found->second;
  };
  std::map<std::string, std::size_t> first;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    const auto [kept, is_new] = first.emplace(group_of(row), row);
    if (!is_new && rows.id(row) < rows.id(kept->second)) kept->second = row;
  }
  const RowTable before = rows;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    rows.set_content_digest(row, before.content(first.at(group_of(row))));
  }
}

}  // namespace

const Setting::Loaded& Setting::loaded() {
  const Pool& whole = whole_pool();
  const StageOutput& screening_output = screening();
  run_features();
  const std::lock_guard lock(loading_);
  if (loaded_) return *loaded_;
  auto result = std::make_unique<Loaded>();
  const ScreeningResult found = read_screening_result(screening_output);
  std::set<std::string> contaminated;
  for (const LeftOutSample& sample : found.contaminated) {
    result->left_out.push_back(sample);
    contaminated.insert(sample.id);
  }
  result->duplicates.insert(found.duplicates.begin(), found.duplicates.end());
  if (features_ && keeps_features()) result->features = VisualFeatures::load(features_->folder);
  const std::map<std::string, std::string> damaged = undecodable();
  const auto usable = [&](std::size_t row) {
    if (damaged.empty()) return true;
    const Sample sample = whole.sample(row);
    return std::none_of(sample.media.begin(), sample.media.end(),
                        [&](const Media& medium) { return damaged.contains(name_of(medium)); });
  };
  std::vector<std::size_t> rows;
  const bool all_stay = contaminated.empty() && damaged.empty();
  for (std::size_t row = 0; row < whole.size() && !all_stay; ++row) {
    const std::string id(whole.rows().id(row));
    if (contaminated.contains(id)) continue;
    if (usable(row)) {
      rows.push_back(row);
    } else {
      result->left_out.push_back({id, "a medium cannot be decoded", ""});
    }
  }
  result->pool = all_stay ? whole : whole.subset(rows);
  if (result->duplicates.empty() && options_.set_aside_share <= 0.0) {
    result->rows = result->pool.shared_rows();
    loaded_ = std::move(result);
    return *loaded_;
  }
  RowTable merged = result->pool.rows();
  merge_duplicates(result->duplicates, merged);
  if (options_.set_aside_share > 0.0) {
    const SetAside aside = set_aside_rows(merged, options_.set_aside_share, seed_);
    std::vector<std::size_t> kept;
    for (std::size_t row = 0; row < merged.size(); ++row) {
      if (aside.rows.contains(row)) {
        result->left_out.push_back({std::string(merged.id(row)), "set aside for anchors", ""});
      } else if (aside.repeats.contains(row)) {
        result->left_out.push_back({std::string(merged.id(row)), "repeats an anchor", ""});
      } else {
        kept.push_back(row);
      }
    }
    result->set_aside = result->pool.subset({aside.rows.begin(), aside.rows.end()});
    result->pool = result->pool.subset(kept);
    merged = merged.subset(kept);
  }
  result->rows = std::make_shared<const RowTable>(std::move(merged));
  loaded_ = std::move(result);
  return *loaded_;
}

const Pool& Setting::pool() { return loaded().pool; }
const Pool& Setting::set_aside() { return loaded().set_aside; }
const std::shared_ptr<const RowTable>& Setting::rows() { return loaded().rows; }
const std::vector<LeftOutSample>& Setting::left_out() { return loaded().left_out; }
const std::map<std::string, std::string>& Setting::duplicates() { return loaded().duplicates; }

std::vector<VisualTokens> Setting::encode(const Sample& sample, VisionLanguageModel& model) const {
  std::vector<PreprocessedMedium> media;
  for (const Media& medium : sample.media) {
    media.push_back(model.preprocess(decode(medium, options_.sampling)));
  }
  return model.encode_vision(media);
}

namespace {

std::vector<VisualTokens> kept(const VisualFeatures& features, const Sample& sample) {
  std::vector<VisualTokens> result;
  for (const Media& medium : sample.media) result.push_back(features.of(name_of(medium)));
  return result;
}

}  // namespace

std::vector<VisualTokens> Setting::visual(const Sample& sample, VisionLanguageModel& model) const {
  if (!loaded_ || !loaded_->features) return encode(sample, model);
  return kept(*loaded_->features, sample);
}

std::vector<VisualTokens> Setting::visual_of(std::size_t benchmark, const Sample& sample,
                                             VisionLanguageModel& model) const {
  Asked& asked = *benchmarks_[benchmark];
  if (!asked.features_stage) return encode(sample, model);
  std::call_once(asked.mapped,
                 [&] { asked.features = VisualFeatures::load(asked.features_stage->folder); });
  return kept(*asked.features, sample);
}

std::int64_t Setting::length(const Sample& sample, const VisionLanguageModel& model) const {
  std::vector<MediumLayout> layouts;
  for (const Media& medium : sample.media) {
    layouts.push_back(loaded_ && loaded_->features
                          ? loaded_->features->layout_of(name_of(medium))
                          : model.layout(frame_shape(medium, options_.sampling)));
  }
  return model.length(sample, layouts);
}

}  // namespace winnow
