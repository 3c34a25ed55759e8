// `winnow measure`: the columns of descriptors, utilities and judges over a pool, as a table that
// `winnow select` reads.

#include <fmt/format.h>

#include <boost/json.hpp>
#include <ostream>

#include "core/errors.h"
#include "core/files.h"
#include "experiments/program/command.h"
#include "experiments/program/config_arguments.h"
#include "experiments/program/opened_pool.h"
#include "experiments/program/output_folder.h"
#include "experiments/stages/failed_rows.h"
#include "experiments/stages/measurements.h"
#include "judges/judge.h"

namespace winnow {

// The top of configs/measure.toml.
struct MeasureOptions {
  std::string output;
  std::int64_t seed = 0;
};
BOOST_DESCRIBE_STRUCT(MeasureOptions, (), (output, seed))
inline config::Help help(const MeasureOptions&) {
  return {{"output", "the folder that is made: table/ and report.json"},
          {"seed", "of draws: anchors, sampled answers, a generated pool", config::at_least(0)}};
}

namespace {

namespace json = boost::json;

const std::vector<std::string> kTables = {"pool",        "benchmarks",   "held_out", "screening",
                                          "sampling",    "features",     "model",    "base",
                                          "proxy",       "utility",      "anchors",  "utility_pass",
                                          "descriptors", "utility_rows", "judge",    "trainer",
                                          "run",         "batch_source", "world"};

json::object counts_of(const Column& column) {
  std::int64_t valid = 0, failed = 0, missing = 0, not_applicable = 0;
  for (std::size_t row = 0; row < column.size(); ++row) {
    switch (static_cast<CellState>(column.states(row))) {
      case CellState::valid:
        ++valid;
        break;
      case CellState::failed:
        ++failed;
        break;
      case CellState::missing:
        ++missing;
        break;
      case CellState::not_applicable:
        ++not_applicable;
        break;
    }
  }
  return {{"valid", valid},
          {"failed", failed},
          {"missing", missing},
          {"not_applicable", not_applicable}};
}

// Everything that the config says, bound and checked as far as that goes without reading the pool.
struct Plan {
  SettingOptions setting;
  MeasuringOptions columns;
  std::optional<TrainingOptions> training;
};

Plan plan_of(const config::Value& config) {
  Plan plan{SettingOptions::from(config), MeasuringOptions::from(config), std::nullopt};
  if (config.child("trainer") != nullptr) plan.training = TrainingOptions::from(config);
  if (plan.columns.columns().empty()) {
    throw ConfigError(
        "there is nothing to measure; name descriptors, a utility or a judge, as in "
        "descriptors=gdo or utility=forward_mode");
  }
  std::string asks = plan.columns.utility() ? "utility" : "";
  for (const auto& [name, columns] : plan.columns.descriptors().columns()) {
    if (plan.columns.descriptors().needs_model(name)) asks = "descriptors." + name;
  }
  if (!asks.empty() && !plan.setting.model) {
    throw ConfigError(asks +
                      ": asks a model, and none is named, as in model=qwen3_vl model.path=FOLDER");
  }
  if (plan.columns.utility()) prepare_anchors(*plan.columns.utility(), plan.setting);
  check_files(plan.setting);
  return plan;
}

class MeasureCommand : public Command {
 public:
  void declare(Arguments& arguments) override {
    configs_.declare(arguments);
    results_.declare(arguments);
    arguments.flag("--fresh", fresh_, "compute every stage again");
    arguments.footer([] {
      return overview_of_command({{"pool", pools().names()},
                                  {"descriptor", descriptors().names()},
                                  {"utility", utilities().names()},
                                  {"judge", judges().names()},
                                  {"model", models().names()}},
                                 config::describe<MeasureOptions>());
    });
  }

  int run(std::ostream& out) override {
    const config::Value config = configs_.compose("measure", configs_.overrides());
    const auto options = config::bind<MeasureOptions>(config, "", kTables);
    if (options.output.empty()) {
      config::fail_value(config.at("output"), "output", "expected a folder, as in output=FOLDER");
    }
    const Plan plan = plan_of(config);
    apply_run_options(config);
    OutputFolder output(options.output);
    StageCache stages(results_.folder() / "stages", fresh_);
    const auto seed = static_cast<std::uint64_t>(options.seed);
    Setting setting(plan.setting, seed, stages);
    Measurements measurements(plan.columns, setting, plan.training ? &*plan.training : nullptr);

    const std::vector<MeasuredColumns> measured =
        measurements.columns(plan.columns.columns(), seed);
    SampleTable table(setting.pool().shared_rows());
    json::object columns;
    std::string failures;
    for (const MeasuredColumns& part : measured) {
      const SampleTable own = SampleTable::load(part.table());
      for (const std::string& name : own.column_names()) {
        table.add(own.column(name));
        columns[name] = counts_of(own.column(name));
      }
      for (const auto& [id, reason] : read_failures(part.output)) {
        failures +=
            json::serialize(json::object{{"id", id}, {"of", part.role}, {"reason", reason}}) + "\n";
      }
    }
    table.save(output.path() / "table");
    if (!failures.empty()) write_file(output.path() / "failures.jsonl", failures);
    json::object report = account_of(setting.whole_pool());
    report["measured_rows"] = table.size();
    report["columns"] = columns;
    report["cpu_seconds"] = measurements.cost(plan.columns.columns(), {seed}).cpu_seconds;
    write_file(output.path() / "report.json", json::serialize(report) + "\n");
    write_file(output.path() / "config.toml", config.to_toml());
    output.sign(output.path());
    output.commit();
    out << fmt::format("{}: {} rows, {} columns; {} stages computed, {} reused\n",
                       output.place().string(), table.size(), columns.size(), stages.computed(),
                       stages.reused());
    for (const auto& [name, counts] : columns) {
      out << fmt::format("  {:<28}{:>9} values", std::string(name),
                         counts.at("valid").to_number<std::int64_t>());
      for (const char* kind : {"failed", "missing", "not_applicable"}) {
        const auto count = counts.at(kind).to_number<std::int64_t>();
        if (count > 0) out << fmt::format(", {} {}", count, kind);
      }
      out << "\n";
    }
    return 0;
  }

 private:
  ConfigArguments configs_;
  ResultsArgument results_;
  bool fresh_ = false;
};

const bool registered =
    add_command<MeasureCommand>("measure",
                                "columns over your own pool: winnow measure pool.files=[A.jsonl] "
                                "descriptors=gdo output=FOLDER");

}  // namespace
}  // namespace winnow
