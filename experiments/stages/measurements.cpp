#include "experiments/stages/measurements.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "core/errors.h"
#include "experiments/stages/judge_stage.h"
#include "experiments/stages/selection_stage.h"

namespace winnow {
namespace {

const bool proxy_registered =
    config::add_table<ProxyOptions>("proxy", "the model that measures the pool");

bool any_of_these(const std::vector<std::string>& wanted, const std::vector<std::string>& known) {
  return std::any_of(wanted.begin(), wanted.end(), [&](const std::string& column) {
    return std::find(known.begin(), known.end(), column) != known.end();
  });
}

}  // namespace

config::Help help(const ProxyOptions&) {
  return {{"warm_up_share",
           "share of the pool, drawn uniformly, that the base is trained on before it measures; a "
           "table proxy.model beside it makes the measuring model another one than the target",
           config::between(0, 1)},
          {"per_seed",
           "utility: whether the proxy is warmed up anew for each seed, so that what its draw is "
           "worth is in the spread; false: once for a setting, as it is for descriptors"}};
}

MeasuringOptions MeasuringOptions::from(const config::Value& config) {
  MeasuringOptions options;
  options.descriptors_ = DescriptorOptions::from(config);
  options.utility_ = UtilityOptions::from(config);
  if (const config::Value* judge = config.child("judge")) {
    options.judge_ = *judge;
    options.judge_columns_ = JudgePass::from_config(*judge, "judge").columns();
  }
  if (const config::Value* proxy = config.child("proxy")) {
    options.proxy_ = config::bind<ProxyOptions>(*proxy, "proxy", {"model"});
  }
  return options;
}

std::vector<std::string> MeasuringOptions::columns() const {
  std::vector<std::string> all;
  for (const auto& [name, columns] : descriptors_.columns()) {
    all.insert(all.end(), columns.begin(), columns.end());
  }
  if (utility_) {
    for (std::string& column : utility_->columns()) all.push_back(std::move(column));
  }
  all.insert(all.end(), judge_columns_.begin(), judge_columns_.end());
  return all;
}

std::vector<std::string> MeasuringOptions::descriptors_of(
    const std::vector<std::string>& columns) const {
  std::vector<std::string> names;
  for (const auto& [name, own] : descriptors_.columns()) {
    if (any_of_these(columns, own)) names.push_back(name);
  }
  return names;
}

bool MeasuringOptions::reads_utility(const std::vector<std::string>& columns) const {
  return utility_ && any_of_these(columns, utility_->columns());
}

bool MeasuringOptions::reads_judge(const std::vector<std::string>& columns) const {
  return any_of_these(columns, judge_columns_);
}

Measurements::Measurements(const MeasuringOptions& options, Setting& setting,
                           const TrainingOptions* training)
    : options_(options), setting_(setting), training_(training) {}

std::uint64_t Measurements::proxy_seed(std::uint64_t seed) const {
  return options_.proxy().per_seed ? seed : setting_.seed();
}

const StageOutput* Measurements::warm_up(std::uint64_t seed) {
  const double share = options_.proxy().warm_up_share;
  if (share == 0.0) return nullptr;
  if (const auto found = warm_ups_.find(seed); found != warm_ups_.end()) return &found->second;
  if (training_ == nullptr) {
    throw ConfigError("proxy.warm_up_share is set, and there is no table 'trainer' to warm up by");
  }
  const auto rows = static_cast<double>(setting_.pool().size());
  config::Value table;
  table.set("type", value_of("uniform"));
  table.set(
      "budget",
      value_of(static_cast<std::uint64_t>(std::max<std::int64_t>(1, std::llround(share * rows)))));
  const Bound<Selector> uniform(selectors, table, "warm-up");
  const StageOutput selection =
      SelectionStage{setting_, uniform, {}, seed, fmt::format("selection warm-up, seed {}", seed)}
          .run(setting_.stages());
  config::Value trainer = training_->trainer.table();
  trainer.erase("pool_epochs");
  trainer.erase("samples");  // one epoch, whatever the protocol of the comparison
  const TrainingOptions once{Bound<Trainer>(trainers, trainer, training_->trainer.path()),
                             training_->batches};
  const TrainingStage training{setting_, once, selection, seed,
                               fmt::format("warm-up of pool {}, seed {}", setting_.seed(), seed)};
  return &warm_ups_.emplace(seed, training.run(setting_.stages())).first->second;
}

Weights Measurements::proxy(std::uint64_t seed) {
  const StageOutput* training = warm_up(seed);
  return training == nullptr ? setting_.base_weights() : checkpoints_of(*training).back();
}

std::vector<MeasuredColumns> Measurements::descriptors(const std::vector<std::string>& names) {
  std::vector<std::string> absent;
  for (const std::string& name : names) {
    if (!descriptors_.contains(name)) absent.push_back(name);
  }
  if (!absent.empty()) {
    const DescriptorStage stage{options_.descriptors(), setting_,
                                [this] { return proxy(setting_.seed()); }};
    std::vector<MeasuredColumns> measured = stage.run(absent);
    for (std::size_t i = 0; i < absent.size(); ++i) descriptors_.emplace(absent[i], measured[i]);
  }
  std::vector<MeasuredColumns> result;
  for (const std::string& name : names) result.push_back(descriptors_.at(name));
  return result;
}

const StageOutput& Measurements::utility(std::uint64_t seed) {
  if (const auto found = utilities_.find(seed); found != utilities_.end()) return found->second;
  const UtilityStage stage{options_.utility().value(), setting_, proxy(proxy_seed(seed)), seed};
  return utilities_.emplace(seed, stage.run()).first->second;
}

const StageOutput& Measurements::judge() {
  if (!judge_) judge_ = run_judges(options_.judge().value(), setting_);
  return *judge_;
}

std::vector<MeasuredColumns> Measurements::columns(const std::vector<std::string>& names,
                                                   std::uint64_t seed) {
  std::vector<MeasuredColumns> result = descriptors(options_.descriptors_of(names));
  if (options_.reads_utility(names)) result.push_back({"utility", utility(seed)});
  if (options_.reads_judge(names)) result.push_back({"judge", judge()});
  return result;
}

MeasuringCost Measurements::cost(const std::vector<std::string>& names,
                                 const std::vector<std::uint64_t>& seeds) {
  MeasuringCost cost;
  std::map<std::string, double> spent;  // by stage, as several may be one
  std::map<std::string, double> operations;
  const auto add_warm_up = [&](std::uint64_t seed) {
    const StageOutput* training = warm_up(seed);
    if (training == nullptr) return;
    spent[training->folder.string()] = training->facts.at("cpu_seconds").to_number<double>();
    operations[training->folder.string()] = training->facts.at("operations").to_number<double>();
  };
  const std::vector<std::string> own = options_.descriptors_of(names);
  for (const MeasuredColumns& measured : descriptors(own)) {
    const boost::json::object& facts = measured.output.facts;
    spent["walk " + std::string(facts.at("walk").as_string())] =
        facts.at("walk_cpu_seconds").to_number<double>();
  }
  if (std::any_of(own.begin(), own.end(), [&](const std::string& name) {
        return options_.descriptors().needs_model(name);
      })) {
    add_warm_up(setting_.seed());
  }
  if (options_.reads_judge(names)) spent[judge().folder.string()] = judge().cpu_seconds;
  if (options_.reads_utility(names)) {
    for (const std::uint64_t seed : seeds) {
      const StageOutput& output = utility(seed);
      for (const auto& [walk, seconds] : output.facts.at("walks").as_object()) {
        spent["utility walk " + std::string(walk)] = seconds.to_number<double>();
      }
      for (const std::string& name : options_.utility()->names()) {
        const boost::json::value& estimator = output.facts.at(name);
        operations[output.folder.string() + name] = estimator.at("flops").to_number<double>();
      }
      add_warm_up(proxy_seed(seed));
    }
  }
  for (const auto& [stage, seconds] : spent) cost.cpu_seconds += seconds;
  for (const auto& [stage, count] : operations) *cost.operations += count;
  if (!own.empty()) cost.operations.reset();
  return cost;
}

}  // namespace winnow
