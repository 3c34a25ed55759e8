// The recipe `estimators`: several utility estimators on the same samples, each against the
// definition: agreement, cost, and what they see of planted label noise.

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <map>

#include "core/errors.h"
#include "core/files.h"
#include "experiments/comparison/comparison_options.h"
#include "experiments/comparison/diagnosis_stage.h"
#include "experiments/estimators/estimator_agreement.h"
#include "experiments/stages/measurements.h"
#include "experiments/stages/provenance.h"
#include "experiments/stages/recipe.h"
#include "experiments/stages/shown_tables.h"
#include "report/table.h"

namespace winnow {
namespace json = boost::json;
namespace {

struct EstimatorsOptions {
  std::string title = "Estimators of one-step utility";
  std::string reference = "one_step";
  double top_share = 0.2;
};
BOOST_DESCRIBE_STRUCT(EstimatorsOptions, (), (title, reference, top_share))
config::Help help(const EstimatorsOptions&) {
  return {{"title", "heading of the table"},
          {"reference", "the estimator that the others are measured against"},
          {"top_share", "share of the samples whose overlap with the reference's is reported",
           config::between(0.01, 0.99)}};
}

double mean(const std::vector<double>& values) {
  double sum = 0.0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

// Of one estimator, a value for each seed.
struct Row {
  std::vector<double> rank, overlap, area, milliseconds, operations;
};

// The config, bound. A model of its own in the table `proxy` is the one that measures.
struct Plan {
  SettingOptions setting;
  MeasuringOptions columns;
  TrainingOptions training;
};

Plan plan_of(const config::Value& config) {
  config::Value measuring = config;
  if (const config::Value* model = config.find("proxy.model")) measuring.set("model", *model);
  Plan plan{SettingOptions::from(measuring), MeasuringOptions::from(config),
            TrainingOptions::from(config)};
  plan.setting.require_all();
  prepare_anchors(plan.columns.utility().value(), plan.setting);
  return plan;
}

class Estimators : public Recipe {
 public:
  explicit Estimators(EstimatorsOptions options) : options_(std::move(options)) {}

  void check(const config::Value& config) const override {
    if (config.child("utility") == nullptr || config.find("utility.type") != nullptr) {
      throw ConfigError(
          "the recipe 'estimators' compares the tables of `utility`, one for each estimator; there "
          "is " +
          std::string(config.child("utility") == nullptr ? "none" : "only one"));
    }
    const std::vector<std::string> columns = UtilityOptions::from(config)->columns();
    if (std::find(columns.begin(), columns.end(), options_.reference) == columns.end()) {
      config::fail_value(config.at("recipe"), "recipe.reference",
                         "there is no estimator 'utility." + options_.reference + "'");
    }
    read_scale(config);
    check_files(plan_of(config).setting);
  }

  // The seeds are of worlds here: pool, base model, anchors and proxy are drawn anew with each.
  void run(const RunRequest& request) const override {
    check(request.config);
    const Plan plan = plan_of(request.config);
    const std::filesystem::path folder = request.results / request.name;
    winnow::create_directories(folder);
    StageCache stages(request.results / "stages", request.fresh);
    const RunScale scale = read_scale(request.config);
    std::map<std::string, Row> rows;
    json::array worlds;
    for (const std::int64_t seed : scale.seeds) {
      Setting setting(plan.setting, static_cast<std::uint64_t>(seed), stages);
      setting.prepare();
      Measurements measurements(plan.columns, setting, &plan.training);
      const StageOutput& measured = measurements.utility(setting.seed());
      measure(SampleTable::load(measured.folder / "table"), measured.facts,
              diagnose(setting, {"utility", measured}).facts, rows);
      worlds.push_back({{"seed", seed}, {"utility", measured.digest}});
    }
    const std::vector<Table> tables = {table_of(rows, request.config, scale.seeds.size())};
    write_file(folder / "table.txt", to_terminal(tables, false));
    write_file(folder / "table.md", to_markdown(tables));
    write_file(folder / "table.tex", to_latex(tables));
    write_file(folder / "table.csv", to_csv(tables));
    write_file(folder / "table.json", to_json(tables));
    write_file(folder / "config.toml", request.config.to_toml());
    json::object origin = provenance();
    origin["worlds"] = std::move(worlds);
    write_file(folder / "provenance.json", json::serialize(origin) + "\n");
    show_tables(tables, 0, request.all_tables);
    fmt::print(stderr, "\nIn {}: table.{{txt,md,tex,csv,json}}, config.toml, provenance.json\n",
               folder.string());
  }

 private:
  void measure(const SampleTable& table, const json::object& facts, const json::object& areas,
               std::map<std::string, Row>& rows) const {
    const Column& reference = table.column(options_.reference);
    const double count = facts.at("rows").to_number<double>();
    for (const std::string& name : table.column_names()) {
      const json::value* cost = facts.if_contains(name);
      if (cost == nullptr) continue;  // an error's column
      Row& row = rows[name];
      const Agreement agreement = agreement_of(table.column(name), reference, options_.top_share);
      row.rank.push_back(agreement.rank_correlation);
      row.overlap.push_back(agreement.overlap);
      row.milliseconds.push_back(1e3 * cost->at("cpu_seconds").to_number<double>() / count);
      row.operations.push_back(cost->at("flops").to_number<double>() / count);
      // Low utility is the sign of a wrong answer; a loss is read the other way.
      const json::value* found = areas.if_contains(name);
      if (found == nullptr) continue;  // a pool without labels
      const json::value& area = found->at("all");
      if (!area.is_null()) row.area.push_back(area.to_number<double>());
    }
  }

  Table table_of(const std::map<std::string, Row>& rows, const config::Value& config,
                 std::size_t seeds) const {
    Table table;
    table.title = options_.title;
    table.columns = {{"Estimator"},
                     {"Rank correlation"},
                     {fmt::format("Overlap of the top {:g} %", 100 * options_.top_share)},
                     {"wrong answers are low", "Area under the ROC curve"},
                     {"milliseconds", "Per sample"},
                     {"cheaper than the reference", "Per sample"},
                     {"giga-operations", "Per sample"}};
    const double reference = mean(rows.at(options_.reference).milliseconds);
    const auto cell = [&](const std::vector<double>& values, double scale, NumberFormat format) {
      if (values.size() < seeds) {
        return TableCell(TableCell::Missing{"not to be had from these samples"});
      }
      const auto [low, high] = std::minmax_element(values.begin(), values.end());
      return TableCell(
          TableCell::Measured{{scale * mean(values), scale * *low, scale * *high}, format});
    };
    for (const auto& [name, row] : rows) {
      std::vector<double> low_is_wrong;
      for (const double area : row.area) low_is_wrong.push_back(1.0 - area);
      table.rows.push_back(
          {{name, cell(row.rank, 1.0, {2, true, ""}), cell(row.overlap, 100.0, {0, false, ""}),
            cell(low_is_wrong, 1.0, {2, false, ""}), cell(row.milliseconds, 1.0, {2, false, ""}),
            TableCell::Number{reference / mean(row.milliseconds), {1, false, "x"}},
            cell(row.operations, 1e-9, {2, false, ""})}});
    }
    std::string etas;
    for (const auto& [name, estimator] : config.at("utility").table()) {
      if (const config::Value* eta = estimator.child("eta")) {
        etas += fmt::format("{}{} {:g}", etas.empty() ? "" : ", ", name, eta->number());
      }
    }
    table.notes.push_back(fmt::format(
        "Means over {} world{} with a base model, proxy and anchors each; brackets: the lowest and "
        "the highest. Rank correlation (Spearman) and overlap with {}.",
        seeds, seeds == 1 ? "" : "s", options_.reference));
    table.notes.emplace_back(
        "Area: the chance that a wrong answer has a lower value than a right one; 0.5 is "
        "blindness, and less means that wrong answers are preferred. Milliseconds of one thread, "
        "without preparation (the anchors' gradients).");
    table.notes.push_back("eta: " + etas + ".");
    return table;
  }

  EstimatorsOptions options_;
};

const bool registered = recipes().add<Estimators, EstimatorsOptions>(
    "estimators", "utility estimators against the definition: agreement, cost, label noise");

}  // namespace
}  // namespace winnow
