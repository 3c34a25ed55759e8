// The recipe `grid`: one comparison under several settings, side by side in one table. Tables 4
// (target sizes) and 5 (progress of the proxy) of OST are experiments of it.

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "config/component.h"
#include "core/errors.h"
#include "core/files.h"
#include "experiments/comparison/comparison.h"
#include "experiments/comparison/comparison_report.h"
#include "experiments/comparison/comparison_tables.h"
#include "experiments/comparison/published.h"
#include "experiments/comparison/tracked_methods.h"
#include "experiments/grid/grid_table.h"
#include "experiments/stages/recipe.h"
#include "experiments/stages/shown_tables.h"

namespace winnow {
namespace {

// One table `variants.<name>`, without its `set`.
struct VariantOptions {
  std::string label;
};
BOOST_DESCRIBE_STRUCT(VariantOptions, (), (label))
config::Help help(const VariantOptions&) {
  return {{"label",
           "name in the table; empty: the variant's own. Beside it stands `set`, a table "
           "of values that are laid over the whole config"}};
}

const bool variants_registered =
    config::add_table<VariantOptions>("variants.*", "a setting of a grid, beside its table `set`");

struct Variant {
  std::string name, label;
  config::Value config;  // of the comparison
};

void lay_over(const config::Value& values, const std::string& path, config::Value& config) {
  for (const auto& [key, value] : values.table()) {
    const std::string place = config::join_key(path, key);
    if (value.is_table()) {
      lay_over(value, place, config);
    } else {
      config.set(place, value);
    }
  }
}

std::vector<Variant> read_variants(const config::Value& config) {
  const config::Value& table = config.at("variants");
  if (!table.is_table() || table.table().empty()) {
    config::fail_value(table, "variants", "expected a table for each setting");
  }
  std::vector<Variant> variants;
  for (const auto& [name, value] : table.table()) {
    const std::string path = config::join_key("variants", name);
    if (!value.is_table()) config::fail_value(value, path, "expected a table");
    const auto options = config::bind<VariantOptions>(value, path, {"set"});
    Variant variant{name, options.label.empty() ? name : options.label, config};
    variant.config.erase("variants");
    if (const config::Value* set = value.child("set")) {
      if (!set->is_table()) config::fail_value(*set, path + ".set", "expected a table");
      lay_over(*set, "", variant.config);
    }
    variants.push_back(std::move(variant));
  }
  return variants;
}

class Grid : public Recipe {
 public:
  explicit Grid(ComparisonOptions options) : options_(std::move(options)) {}

  void check(const config::Value& config) const override {
    for (const Variant& variant : read_variants(config)) check_comparison(variant.config);
  }

  void run(const RunRequest& request) const override {
    check(request.config);
    const std::filesystem::path folder = request.results / request.name;
    StageCache stages(request.results / "stages", request.fresh);
    std::vector<GridEntry> entries;
    for (const Variant& variant : read_variants(request.config)) {
      spdlog::info("{}: {}", request.name, variant.label);
      const TrackedRun tracked = request.tracked.child(variant.name, "");
      const ComparisonResults results = compare(variant.config, stages, {}, tracked);
      GridEntry entry{variant.label, numbers_of(results, options_), {}};
      for (const MethodResult& method : results.methods) {
        entry.wrong_shares.push_back(mean_wrong_share(method));
      }
      const RunRequest own{request.name + "/" + variant.name, variant.config, request.results,
                           request.fresh};
      write_comparison(results, entry.numbers,
                       comparison_tables(entry.numbers, results, options_, std::nullopt), own,
                       folder / variant.name);
      track_numbers(tracked, entry.numbers);
      tracked.finish(RunStatus::finished);
      entries.push_back(std::move(entry));
    }
    std::vector<Table> tables = {grid_table(options_.title, entries)};
    if (const auto published = read_published(request.config)) {
      tables.push_back(published_table(*published, entries.front().numbers));
    }
    write_file(folder / "table.txt", to_terminal(tables, false));
    write_file(folder / "table.md", to_markdown(tables));
    write_file(folder / "table.tex", to_latex(tables));
    write_file(folder / "table.csv", to_csv(tables));
    write_file(folder / "table.json", to_json(tables));
    write_file(folder / "config.toml", request.config.to_toml());
    show_tables(tables, 0, request.all_tables);
    fmt::print(stderr,
               "\nIn {}:\n"
               "  table.txt table.md table.tex table.csv table.json   the tables above\n"
               "  a folder for each setting                           its own tables, figures, "
               "answers and provenance\n",
               folder.string());
  }

 private:
  ComparisonOptions options_;
};

const bool registered = recipes().add<Grid, ComparisonOptions>(
    "grid", "one comparison under several settings, side by side");

}  // namespace
}  // namespace winnow
