#include "experiments/comparison/pipeline.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cmath>

#include "benchmarks/question_reader.h"
#include "config/read.h"
#include "core/errors.h"
#include "core/files.h"
#include "core/hash.h"
#include "descriptors/pass.h"
#include "experiments/comparison/composition.h"
#include "experiments/comparison/loaded_world.h"
#include "experiments/stages/failed_rows.h"
#include "models/lora.h"
#include "trainers/base_trainer.h"

namespace winnow {
namespace fs = std::filesystem;
namespace json = boost::json;
namespace stage_config {

config::Value table_of(std::initializer_list<std::pair<std::string, config::Value>> entries) {
  config::Value value;
  for (const auto& [key, entry] : entries) value.set(key, entry);
  return value;
}
config::Value number(std::uint64_t value) {
  return config::Value(static_cast<std::int64_t>(value), {});
}
config::Value names(const std::vector<std::string>& values) {
  config::Value::Array array;
  for (const std::string& value : values) array.emplace_back(value, config::Origin{});
  return config::Value(std::move(array), {});
}

config::Value resolved(const config::Value& table, const std::string& kind) {
  config::Value result = table;
  const config::Value* type = table.child("type");
  for (const config::ComponentInfo& component : config::list_components()) {
    if (component.kind != kind || type == nullptr || component.name != type->string()) continue;
    for (const config::OptionDescription& option : component.options) {
      const bool element = option.name.find("[].") != std::string::npos ||
                           option.name.find(".*.") != std::string::npos;
      if (element || option.default_value.empty() || result.find(option.name) != nullptr) continue;
      result.set(option.name, config::parse_value(option.default_value, option.name, {}));
    }
  }
  return result;
}

}  // namespace stage_config

using stage_config::names;
using stage_config::number;
using stage_config::resolved;
using stage_config::table_of;
namespace {

// Raise one when its stage computes or writes something else.
constexpr int world_format = 2;
constexpr int base_format = 2;
constexpr int features_format = 3;
constexpr int descriptors_format = 2;

constexpr std::size_t frame_cache_bytes = std::size_t{512} << 20;

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

bool Pipeline::Loaded::usable(const Sample& sample) const {
  return !features || std::none_of(sample.media.begin(), sample.media.end(), [&](const Media& m) {
    return features->failures().count(world.name_of(m)) > 0;
  });
}

std::vector<VisualTokens> Pipeline::Loaded::visual(const Sample& sample,
                                                   VisionLanguageModel& model) const {
  std::vector<VisualTokens> stored;
  std::vector<PreprocessedMedium> seen;
  for (const Media& medium : sample.media) {
    if (features) {
      stored.push_back(features->of(world.name_of(medium)));
    } else {
      seen.push_back(model.preprocess(decode(medium, sampling)));
    }
  }
  return features ? stored : model.encode_vision(seen);
}

std::int64_t Pipeline::Loaded::length(const Sample& sample,
                                      const VisionLanguageModel& model) const {
  std::vector<MediumLayout> layouts;
  for (const Media& medium : sample.media) {
    layouts.push_back(features ? features->layout_of(world.name_of(medium))
                               : model.layout(frame_shape(medium, sampling)));
  }
  return model.length(sample, layouts);
}

Pipeline::Pipeline(const config::Value& config, std::uint64_t seed, StageCache& stages)
    : config_(config),
      seed_(seed),
      stages_(stages),
      vision_is_frozen_(!models().create(config.at("model"), "model")->vision_is_trainable()) {
  if (const config::Value* model = config.find("proxy.model")) {
    measuring_config_ = std::make_unique<config::Value>(config);
    measuring_config_->set("model", *model);
    measuring_config_->erase("proxy.model");
    measuring_ = std::make_unique<Pipeline>(*measuring_config_, seed, stages);
  }
}

Pipeline::~Pipeline() = default;

const World& Pipeline::loaded_world() {
  const StageOutput& stage = world();
  const std::lock_guard lock(loading_);
  if (!loaded_world_) {
    loaded_world_ =
        std::make_unique<World>(World::read(stage.folder, read_scale(config_).benchmarks));
    for (const BadRow& row : loaded_world_->pool.ledger()) {
      spdlog::warn("{}:{}: {}", row.file, row.line, row.reason);
    }
  }
  return *loaded_world_;
}

const Pipeline::Loaded& Pipeline::loaded() {
  const World& world = loaded_world();
  if (vision_is_frozen_) features();
  screening();
  const std::lock_guard lock(loading_);
  if (loaded_) return *loaded_;
  auto result =
      std::make_unique<Loaded>(Loaded{world, read_sampling(config_), {}, {}, {}, {}, {}, {}, {}});
  result->take_screening(screening_->folder);
  if (vision_is_frozen_) result->features = VisualFeatures::load(features_->folder);
  std::vector<std::size_t> rows;
  for_each_sample(world.pool, [&](std::size_t row, const Sample& sample) {
    if (result->contaminated.count(sample.id) > 0) return;
    if (result->usable(sample)) {
      rows.push_back(row);
      result->samples.push_back(sample);
    } else {
      result->left_out.push_back({sample.id, "a medium cannot be decoded", ""});
    }
  });
  result->facts = std::make_shared<const RowTable>(
      result->with_merged_duplicates(world.pool.rows().subset(rows)));
  result->labels = micro_world::read_hidden_labels(world.folder / "labels.jsonl");
  loaded_ = std::move(result);
  return *loaded_;
}

std::unique_ptr<VisionLanguageModel> Pipeline::load_model(const fs::path& weights) const {
  return models().create(config_.at("model"), "model")->load(weights);
}

std::map<std::string, std::string> Pipeline::common_inputs() {
  std::map<std::string, std::string> inputs = {{"world", world().digest}, {"base", base().digest}};
  if (vision_is_frozen_) inputs["features"] = features().digest;
  // Only where it found something: a pool without findings is the same pool.
  const json::object& found = screening().facts;
  if (found.at("contaminated").to_number<std::int64_t>() > 0 ||
      found.at("duplicates").to_number<std::int64_t>() > 0) {
    inputs["screening"] = screening().digest;
  }
  return inputs;
}

const StageOutput& Pipeline::world() {
  if (world_) return *world_;
  const auto source = worlds().create(config_.at("world"), "world");
  Stage stage;
  stage.name = "world";
  stage.format_version = world_format;
  stage.config = source->identity(seed_);
  stage.title = fmt::format("world {}", seed_);
  world_ = stages_.run(stage, [&](StageWork& work) { source->write(seed_, work.output); });
  return *world_;
}

const StageOutput& Pipeline::base() {
  if (base_) return *base_;
  const auto family = models().create(config_.at("model"), "model");
  const std::optional<fs::path> pretrained = family->pretrained();
  const auto trainer = base_trainer_for(*family, config_.child("base"));
  Stage stage;
  stage.name = "base";
  stage.format_version = base_format;
  stage.config = table_of({{"model", resolved(config_.at("model"), "model")}});
  if (!pretrained) {
    stage.config.set("base", resolved(config_.at("base"), "base_trainer"));
    stage.config.set("seed", number(seed_));
    stage.inputs = {{"world", world().digest}};  // the tokenizer learns the pool's words
  } else {
    stage.inputs = {{"checkpoint", digest_of_checkpoint(*pretrained)}};
  }
  stage.title = fmt::format("base model {}", seed_);
  base_ = stages_.run(stage, [&](StageWork& work) {
    std::unique_ptr<VisionLanguageModel> model;
    if (pretrained) {
      model = family->load(*pretrained);
    } else {
      BaseJob job{*family, {}, seed_, work.resume};
      for_each_sample(loaded_world().pool, [&](std::size_t, const Sample& sample) {
        for (const Turn& turn : sample.turns) job.texts.push_back(turn.text);
      });
      model = trainer->train(job);
    }
    model->save(work.output / "model");
    work.digest = weights_digest(*model);
  });
  return *base_;
}

const StageOutput& Pipeline::features() {
  if (features_) return *features_;
  const SamplingOptions sampling = read_sampling(config_);
  const config::Value* allowed = config_.find("recipe.maximum_failed_media_share");
  const double maximum_failed_share =
      allowed == nullptr ? ComparisonOptions{}.maximum_failed_media_share : allowed->number();
  Stage stage;
  stage.name = "features";
  stage.format_version = features_format;
  stage.config = table_of({{"sampling", config::to_value(sampling)},
                           {"benchmarks", names(read_scale(config_).benchmarks)},
                           {"model", resolved(config_.at("model"), "model")}});
  stage.inputs = {{"world", world().digest}, {"base", base().digest}};
  stage.title = fmt::format("visual features of world {}", seed_);
  features_ = stages_.run(stage, [&](StageWork& work) {
    const World& world = loaded_world();
    const std::vector<NamedMedium> media = world.media();
    VisualFeatures::compute(*load_model(base().folder / "model"), media, sampling, work.output,
                            work.resume);
    const VisualFeatures computed = VisualFeatures::load(work.output);
    const auto& failures = computed.failures();
    for (const auto& [name, reason] : failures) spdlog::warn("left out: {}", reason);
    for (const WorldBenchmark& benchmark : world.benchmarks) {
      for (const Question& question : benchmark.questions) {
        for (const Media& medium : question.sample.media) {
          const auto failure = failures.find(world.name_of(medium));
          if (failure != failures.end()) {
            throw DataError("benchmark " + benchmark.name + ", question " + question.id + ": " +
                            failure->second);
          }
        }
      }
    }
    const double share = static_cast<double>(failures.size()) /
                         static_cast<double>(std::max<std::size_t>(1, media.size()));
    if (share > maximum_failed_share) {
      throw DataError(fmt::format(
          "{} of {} media cannot be decoded, more than recipe.maximum_failed_media_share = {} "
          "allows. The first: {}",
          failures.size(), media.size(), maximum_failed_share, failures.begin()->second));
    }
    work.facts = {{"media", media.size()}, {"failed_media", failures.size()}};
  });
  return *features_;
}

const StageOutput* Pipeline::warm_up(std::uint64_t seed) {
  const double share = read_proxy(config_).warm_up_share;
  if (share == 0.0) return nullptr;
  if (const auto found = warm_ups_.find(seed); found != warm_ups_.end()) return &found->second;
  Method uniform;
  uniform.name = "warm-up";
  const auto rows = static_cast<double>(loaded().samples.size());
  const auto budget = std::max<std::int64_t>(1, std::llround(share * rows));
  uniform.selector_config = table_of({{"type", config::Value(std::string("uniform"), {})},
                                      {"budget", number(static_cast<std::uint64_t>(budget))}});
  uniform.selector = selectors().create(uniform.selector_config, "warm-up");
  config::Value trainer = config_.at("trainer");
  trainer.erase("samples");  // one epoch, whatever the protocol of the comparison
  const std::string title = fmt::format("warm-up of world {}, seed {}", seed_, seed);
  return &warm_ups_.emplace(seed, train(select(uniform, seed), seed, title, trainer)).first->second;
}

Weights Pipeline::proxy(std::uint64_t seed) {
  const StageOutput* training = warm_up(seed);
  return training == nullptr ? base_weights() : checkpoints_of(*training).back();
}

const StageOutput& Pipeline::descriptors() {
  if (measuring_) return measuring_->descriptors();
  if (descriptors_) return *descriptors_;
  Stage stage;
  stage.name = "descriptors";
  stage.format_version = descriptors_format;
  config::Value descriptors = config_.at("descriptors");
  for (auto& [name, table] : descriptors.table()) {
    if (table.is_table()) table = resolved(table, "descriptor");
  }
  // Whether a pass ends, not what it finds: the next one has to meet the same journal.
  descriptors.erase("maximum_failed_share");
  descriptors.erase("retry_failed");
  stage.config = table_of({{"descriptors", descriptors},
                           {"sampling", config::to_value(read_sampling(config_))},
                           {"seed", number(seed_)}});
  const Weights measuring = proxy(seed_);
  stage.inputs = common_inputs();
  stage.inputs["proxy"] = measuring.digest;
  stage.title = fmt::format("descriptors of world {}", seed_);
  const config::Value& table = config_.at("descriptors");
  const config::Value* retry = table.child("retry_failed");
  const auto compute = [&](StageWork& work) {
    const Loaded& data = loaded();
    const auto model = load_model(measuring.folder);
    FrameCache frames(data.sampling, frame_cache_bytes);
    const Pool pool(data.samples);
    DescriptorPassRequest request{pool, frames};
    request.model = model.get();
    request.seed = seed_;
    request.journal = work.resume / "journal";
    if (data.features) {
      request.visual = [&](const Sample& sample) { return data.visual(sample, *model); };
    }
    const DescriptorPassResult result =
        DescriptorPass::from_config(table, "descriptors").run(request);
    result.table.save(work.output / "table");
    work.earlier_cpu_seconds = result.earlier_cpu_seconds;
    keep_failures(result.failures, result.table.size(), work);
  };
  descriptors_ =
      stages_.run(stage, compute, retry_failed_rows(retry != nullptr && retry->boolean()));
  const config::Value* allowed = table.child("maximum_failed_share");
  check_failed_share(
      *descriptors_,
      allowed != nullptr ? allowed->number() : DescriptorPassOptions{}.maximum_failed_share,
      "descriptors");
  return *descriptors_;
}

std::vector<std::vector<QuestionKind>> Pipeline::question_kinds() {
  std::vector<std::vector<QuestionKind>> result;
  for (const std::string& name : read_scale(config_).benchmarks) {
    auto& kinds = result.emplace_back();
    const fs::path file = world().folder / "benchmarks" / (name + ".jsonl");
    for (const Question& question : read_questions(file)) {
      std::optional<double> chance;
      if (const std::size_t count = question.candidates.size()) {
        chance = 1.0 / static_cast<double>(count);
      }
      kinds.push_back({question.id, question.subtask, chance});
    }
  }
  return result;
}

}  // namespace winnow
