#include "experiments/stages/descriptor_stage.h"

#include <fmt/format.h>

#include <set>

#include "experiments/stages/failed_rows.h"
#include "experiments/stages/shared_walk.h"

namespace winnow {
namespace {

// Raised when a stage computes or writes something else.
constexpr int kWalkFormat = 1;
constexpr int kColumnFormat = 1;

constexpr std::size_t kFrameCacheBytes = std::size_t{512} << 20;

}  // namespace

DescriptorOptions DescriptorOptions::from(const config::Value& config) {
  DescriptorOptions options;
  const config::Value* table = config.child("descriptors");
  if (table == nullptr) return options;
  // All together first: it says what none of them sees, such as a column that two of them fill.
  DescriptorPass::from_config(*table, "descriptors");
  for (const auto& [key, value] : table->table()) {
    if (value.is_table()) {
      options.tables_[key] = value;
    } else {
      options.pass_table_.set(config::join_key("", key), value);
    }
  }
  options.pass_ = config::bind<DescriptorPassOptions>(options.pass_table_, "descriptors");
  for (const auto& [name, own] : options.tables_) {
    const DescriptorPass pass = options.pass_of({name});
    options.columns_[name] = pass.columns();
    options.needs_model_[name] = pass.needs().model();
  }
  return options;
}

DescriptorPass DescriptorOptions::pass_of(const std::vector<std::string>& names) const {
  config::Value table = pass_table_;
  for (const std::string& name : names) table.set(config::join_key("", name), tables_.at(name));
  return DescriptorPass::from_config(table, "descriptors");
}

config::Value DescriptorOptions::identity(const std::string& name) const {
  config::Value identity;
  identity.set("descriptor", with_defaults(tables_.at(name), "descriptor"));
  // Whether a walk ends, not what it finds: the next one has to meet the same journal.
  config::Value pass = config::to_value(pass_);
  pass.erase("maximum_failed_share");
  pass.erase("retry_failed");
  identity.set("pass", std::move(pass));
  return identity;
}

Stage DescriptorStage::column_stage(const std::string& name) const {
  Stage stage;
  stage.name = "descriptor";
  stage.format_version = kColumnFormat;
  stage.config = options.identity(name);
  stage.config.set("name", value_of(name));
  stage.config.set("sampling", config::to_value(setting.options().sampling));
  stage.config.set("seed", value_of(setting.seed()));
  if (options.needs_model(name)) {
    stage.inputs = setting.inputs();
    stage.inputs["proxy"] = proxy().digest;
    stage.config.set("model", identity_of(*setting.options().model));
  } else {
    stage.inputs = setting.row_inputs();
  }
  stage.title = fmt::format("descriptor {} of pool {}", name, setting.seed());
  return stage;
}

StageOutput DescriptorStage::walk(const std::vector<std::string>& names) const {
  Stage stage;
  stage.name = "walk";
  stage.format_version = kWalkFormat;
  bool asks_model = false;
  for (const std::string& name : names) {
    const Stage own = column_stage(name);
    stage.config.set(config::join_key("", name), own.config);
    stage.inputs.insert(own.inputs.begin(), own.inputs.end());
    asks_model = asks_model || options.needs_model(name);
  }
  stage.title = fmt::format("descriptors of pool {}", setting.seed());
  return setting.stages().run(
      stage,
      [&](StageWork& work) {
        const Pool& pool = setting.pool();
        std::unique_ptr<VisionLanguageModel> model;
        if (asks_model) model = setting.load(proxy());
        FrameCache frames(setting.options().sampling, kFrameCacheBytes);
        DescriptorPassRequest request{pool, frames};
        request.model = model.get();
        request.seed = setting.seed();
        request.journal = work.resume / "journal";
        if (asks_model && setting.keeps_features()) {
          request.visual = [&](const Sample& sample) { return setting.visual(sample, *model); };
        }
        const DescriptorPassResult result = options.pass_of(names).run(request);
        result.table.save(work.output / "table");
        work.earlier_cpu_seconds = result.earlier_cpu_seconds;
        keep_failures(result.failures, result.table.size(), work);
      },
      retry_failed_rows(options.pass().retry_failed));
}

std::vector<MeasuredColumns> DescriptorStage::run(const std::vector<std::string>& names) const {
  std::set<std::string> all;
  for (const auto& [name, columns] : options.columns()) all.insert(name);
  const SharedWalk shared{setting.stages(),
                          std::move(all),
                          [&](const std::string& name) { return column_stage(name); },
                          [&](const std::string& name) { return options.columns().at(name); },
                          [&](const std::vector<std::string>& missing) { return walk(missing); },
                          options.pass().retry_failed,
                          options.pass().maximum_failed_share,
                          "descriptors"};
  const std::vector<StageOutput> outputs = shared.run(names);
  std::vector<MeasuredColumns> result;
  for (std::size_t i = 0; i < names.size(); ++i) {
    result.push_back({"descriptor " + names[i], outputs[i]});
  }
  return result;
}

}  // namespace winnow
