#include "experiments/comparison/comparison_world.h"

#include "experiments/comparison/composition.h"
#include "experiments/comparison/diagnosis_stage.h"
#include "experiments/comparison/measured_pool_stage.h"

namespace winnow {
namespace json = boost::json;
namespace {

std::vector<std::vector<QuestionKind>> question_kinds(Setting& setting) {
  std::vector<std::vector<QuestionKind>> result;
  for (std::size_t b = 0; b < setting.options().benchmarks->size(); ++b) {
    auto& kinds = result.emplace_back();
    for (const Question& question : setting.questions(b).asked) {
      std::optional<double> chance;
      if (const std::size_t count = question.candidates.size()) {
        chance = 1.0 / static_cast<double>(count);
      }
      kinds.push_back({question.id, question.subtask, chance});
    }
  }
  return result;
}

// Before anything is measured of them.
void check_rows(const std::vector<Method>& methods, const std::shared_ptr<const RowTable>& rows) {
  const SampleTable table(rows);
  for (const Method& method : methods) {
    if (!method.takes_rows() || method.reads_files()) continue;
    SelectionInput input{table};
    input.place = method.selector_path;
    input.method = method.name_unless_in_path();
    method.selector->check_rows(input);
  }
}

void add_areas(const json::object& columns, json::value& to) {
  json::object& areas = to.is_object() ? to.as_object() : to.emplace_object();
  for (const auto& [column, area] : columns) areas[column] = area;
}

}  // namespace

const StageOutput& ComparisonWorld::measured_pool() {
  if (!measured_pool_) {
    measured_pool_ =
        MeasuredPoolStage{plan_.measured_pool.value(), measuring(), measurements(), unusable_}
            .run();
  }
  return *measured_pool_;
}

WorldResult shared_stages(ComparisonWorld& world, const ComparisonPlan& plan,
                          const config::Value& config, const std::vector<std::uint64_t>& seeds) {
  Setting& setting = world.setting();
  Measurements& measurements = world.measurements();
  const std::vector<std::string> columns = plan.columns_of_methods(config);
  setting.pool_stage();
  check_budgets(plan.methods, setting.screening().facts.at("pool").to_number<std::size_t>());
  check_rows(plan.methods, setting.whole_pool().shared_rows());
  setting.prepare();
  if (&world.measuring() != &setting) world.measuring().prepare();
  WorldResult result;
  result.seed = setting.seed();
  result.world_digest = setting.pool_stage().digest;
  result.screening = setting.screening().facts;
  result.screening_folder = setting.screening().folder;
  if (plan.setting.set_aside_share > 0.0) {
    result.set_aside = static_cast<std::int64_t>(setting.set_aside().size());
  }
  result.questions = question_kinds(setting);
  result.base_digest = setting.base().digest;
  const bool judges = plan.columns.reads_judge(columns);
  if (judges) result.judge = measurements.judge().facts;
  for (const auto& [name, output] : setting.outputs()) {
    result.shared_cpu_seconds.emplace_back(name, output.cpu_seconds);
  }
  if (judges) result.shared_cpu_seconds.emplace_back("judge", measurements.judge().cpu_seconds);
  const std::vector<std::string> descriptors = plan.columns.descriptors_of(columns);
  std::vector<std::string> descriptor_columns;
  for (const std::string& name : descriptors) {
    const auto& own = plan.columns.descriptors().columns().at(name);
    descriptor_columns.insert(descriptor_columns.end(), own.begin(), own.end());
  }
  const auto spent = [&](const std::vector<std::string>& names) {
    return measurements.cost(names, seeds).cpu_seconds;
  };
  if (!descriptors.empty()) {
    for (const MeasuredColumns& measured : measurements.descriptors(descriptors)) {
      for (const auto& [name, areas] : diagnose(world.measuring(), measured).facts) {
        result.detection[name] = areas;
      }
    }
    result.shared_cpu_seconds.emplace_back("warm-up and descriptors", spent(descriptor_columns));
  }
  if (plan.columns.reads_utility(columns)) {
    std::vector<json::object> areas;  // by seed
    for (const std::uint64_t seed : seeds) {
      areas.push_back(diagnose(world.measuring(), {"utility", measurements.utility(seed)}).facts);
    }
    std::vector<std::string> both = plan.columns.utility()->columns();
    both.insert(both.end(), descriptor_columns.begin(), descriptor_columns.end());
    result.shared_cpu_seconds.emplace_back("warm-ups and utility, all seeds",
                                           spent(both) - spent(descriptor_columns));
    for (const auto& [name, mean] : mean_areas(areas)) result.detection[name] = mean;
    const StageOutput toxic =
        find_toxic(world.measuring(), measurements.utility(seeds.front()), seeds.front());
    if (!toxic.facts.empty()) {
      result.toxic = toxic.facts;
      result.toxic_seed = seeds.front();
      result.toxic_folder = toxic.folder;
    }
  }
  UnusableSamples unusable;
  for (const std::uint64_t seed : seeds) {
    unusable.merge(unusable_samples(measurements.columns(columns, seed)));
  }
  for (const auto& [id, why] : unusable) {
    result.unusable.push_back({{"id", id}, {"reason", why.reason}, {"detail", why.detail}});
  }
  world.set_unusable(std::move(unusable));
  if (plan.selects_from_files()) {
    result.shared_cpu_seconds.emplace_back("measured pool as files",
                                           world.measured_pool().cpu_seconds);
  }
  return result;
}

void add_labels(ComparisonWorld& world, const ComparisonPlan& plan, const config::Value& config,
                const std::vector<std::uint64_t>& seeds, WorldResult& result) {
  const std::vector<std::string> columns = plan.columns_of_methods(config);
  result.pool = composition_of(*world.setting().rows(), world.setting().labels());
  const std::vector<std::string> descriptors = plan.columns.descriptors_of(columns);
  if (!descriptors.empty()) {
    for (const MeasuredColumns& measured : world.measurements().descriptors(descriptors)) {
      for (const auto& [label, areas] : diagnose_labels(world.measuring(), measured).facts) {
        add_areas(areas.as_object(), result.label_areas[label]);
      }
    }
  }
  if (!plan.columns.reads_utility(columns)) return;
  std::map<std::string, std::vector<json::object>> by_seed;  // by label
  for (const std::uint64_t seed : seeds) {
    const MeasuredColumns utility{"utility", world.measurements().utility(seed)};
    for (const auto& [label, areas] : diagnose_labels(world.measuring(), utility).facts) {
      by_seed[label].push_back(areas.as_object());
    }
  }
  for (const auto& [label, measured] : by_seed) {
    add_areas(mean_areas(measured), result.label_areas[label]);
  }
}

}  // namespace winnow
