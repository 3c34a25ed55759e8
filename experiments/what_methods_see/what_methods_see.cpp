// The recipe `what_methods_see`: methods by properties. Which rows does each method take and leave,
// what does each column tell of them, and what does each property do by itself?

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "core/errors.h"
#include "core/files.h"
#include "experiments/comparison/comparison.h"
#include "experiments/comparison/comparison_report.h"
#include "experiments/comparison/comparison_tables.h"
#include "experiments/stages/recipe.h"
#include "experiments/stages/setting_options.h"
#include "experiments/stages/shown_tables.h"
#include "experiments/what_methods_see/alone.h"
#include "experiments/what_methods_see/property_matrix.h"

namespace winnow {
namespace {

struct WhatMethodsSeeOptions : ComparisonOptions {
  bool train = false;
  bool alone = false;
};
BOOST_DESCRIBE_STRUCT(WhatMethodsSeeOptions, (ComparisonOptions), (train, alone))
config::Help help(const WhatMethodsSeeOptions& options) {
  config::Help all = help(static_cast<const ComparisonOptions&>(options));
  all.push_back({"train", "whether each method's subset is trained on, as a comparison does"});
  all.push_back({"alone",
                 "whether each planted property is trained on by itself: a pool and a training for "
                 "each of `pool.properties` and each seed"});
  return all;
}

class WhatMethodsSee : public Recipe {
 public:
  explicit WhatMethodsSee(WhatMethodsSeeOptions options) : options_(std::move(options)) {}

  void check(const config::Value& config) const override {
    check_comparison(config);
    if (!SettingOptions::from(config).pool->make()->labels({})) {
      config::fail_value(config.at("pool"), "pool",
                         "the pool has no hidden labels, so there is nothing to be seen; "
                         "pool.labels=FILE names yours");
    }
    if (!options_.alone) return;
    for (const std::string& property : planted_properties(config)) {
      check_comparison(alone_config(config, property));
    }
  }

  void run(const RunRequest& request) const override {
    check(request.config);
    const std::filesystem::path folder = request.results / request.name;
    winnow::create_directories(folder);
    StageCache stages(request.results / "stages", request.fresh);
    const ComparisonResults results =
        compare(request.config, stages, {options_.train, /*all_labels=*/true}, request.tracked);
    const PropertyMatrix matrix = property_matrix(results);
    std::vector<Table> tables = matrix_tables(matrix, options_.title);
    if (options_.train) {
      tables.push_back(main_table(numbers_of(results, options_), results, options_));
    }
    if (options_.alone) {
      tables.push_back(
          alone_table(numbers_alone(request.config, options_, stages), request.config, options_));
    }
    spdlog::info("{} stages computed, {} reused", stages.computed(), stages.reused());
    write(results, matrix, tables, request, folder);
  }

 private:
  void write(const ComparisonResults& results, const PropertyMatrix& matrix,
             const std::vector<Table>& tables, const RunRequest& request,
             const std::filesystem::path& folder) const {
    write_file(folder / "table.txt", to_terminal(tables, false));
    write_file(folder / "table.md", to_markdown(tables));
    write_file(folder / "table.tex", to_latex(tables));
    write_file(folder / "table.csv", to_csv(tables));
    write_file(folder / "table.json", to_json(tables));
    write_file(folder / "config.toml", request.config.to_toml());
    write_file(folder / "provenance.json",
               boost::json::serialize(provenance_of(results, request.results)) + "\n");
    try {
      draw(ratio_map(matrix), folder / "methods");
      if (!matrix.columns.empty()) draw(area_map(matrix), folder / "columns");
    } catch (const MissingProgramError& error) {
      spdlog::warn("no figure: {}", error.what());
    }
    show_tables(tables, 0, request.all_tables);
    fmt::print(stderr,
               "\nIn {}:\n"
               "  table.txt table.md table.tex table.csv table.json   the tables above\n"
               "  methods.svg methods.pdf                             methods by properties\n"
               "  columns.svg columns.pdf                             columns by properties\n"
               "  config.toml provenance.json                         how it came\n",
               folder.string());
  }

  WhatMethodsSeeOptions options_;
};

const bool registered = recipes().add<WhatMethodsSee, WhatMethodsSeeOptions>(
    "what_methods_see", "what methods take of each hidden property, and what columns tell of it");

}  // namespace
}  // namespace winnow
