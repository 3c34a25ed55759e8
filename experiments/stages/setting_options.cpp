#include "experiments/stages/setting_options.h"

#include "core/errors.h"
#include "core/hash.h"
#include "models/lora.h"

namespace winnow {
namespace fs = std::filesystem;
namespace {

const bool sampling_registered =
    config::add_table<SamplingOptions>("sampling", "frames that model and descriptors see");

void require_folder(const fs::path& folder) {
  std::error_code error;
  if (fs::is_directory(folder, error)) return;
  throw DataError(folder.string() + ": there is no such folder (model.path)");
}

}  // namespace

std::string digest_of_checkpoint(const fs::path& folder) {
  require_folder(folder);
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

SettingOptions SettingOptions::from(const config::Value& config) {
  SettingOptions options;
  if (const config::Value* pool = config.child("pool")) options.pool.emplace(pools, *pool, "pool");
  options.benchmarks = std::make_shared<const std::vector<BenchmarkTask>>(read_benchmarks(config));
  options.screening = read_screening(config);
  if (const config::Value* model = config.child("model")) {
    options.model.emplace(models, *model, "model");
    if (base_trainer_for(*options.model->make(), config.child("base"))) {
      options.base.emplace(base_trainers, config.at("base"), "base");
    }
  }
  options.sampling = read_sampling(config);
  if (const config::Value* features = config.child("features")) {
    options.features = config::bind<FeaturesOptions>(*features, "features");
  }
  return options;
}

void SettingOptions::require_all() const {
  if (!pool) throw ConfigError("there is no pool; name one, as in pool=files pool.files=[FILE]");
  if (!model) {
    throw ConfigError("there is no model; name one, as in model=qwen3_vl model.path=FOLDER");
  }
  if (benchmarks->empty()) {
    throw ConfigError(
        "there is no benchmark; name one, as in benchmark@benchmarks.mine=multiple_choice "
        "benchmarks.mine.file=FILE");
  }
}

SamplingOptions read_sampling(const config::Value& config, const SamplingOptions& unsaid) {
  const config::Value* table = config.child("sampling");
  return table == nullptr ? unsaid : config::bind_over(unsaid, *table, "sampling");
}

void check_files(const SettingOptions& options) {
  if (options.pool) options.pool->make()->identity(0);
  for (const BenchmarkTask& task : *options.benchmarks) {
    if (!task.source().is_generated()) task.read({});
  }
  if (!options.model) return;
  const auto family = options.model->make();
  if (const auto pretrained = family->pretrained()) {
    require_folder(*pretrained);
    family->check_pretrained();
  }
}

}  // namespace winnow
