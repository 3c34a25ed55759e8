#include "gdo_release/table/table_on_pool.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "core/errors.h"
#include "core/files.h"
#include "gdo_release/python/json_writer.h"
#include "gdo_release/select/llava_pool.h"
#include "gdo_release/table/pair_table.h"
#include "selectors/explanation.h"
#include "selectors/manifest.h"
#include "selectors/selector.h"

namespace winnow::gdo_release {
namespace fs = std::filesystem;
namespace {

constexpr std::int64_t kUniformMultiple = 10;

// Writes rows in the order of selection; they are read in the order of the files.
void write_rows(const PairTable& pool, const Selection& selection, const fs::path& path) {
  const std::vector<SelectedRow>& rows = selection.rows;
  const bool is_weighted = selection.is_weighted();
  std::vector<std::size_t> order(rows.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  const auto place_of = [&](std::size_t i) {
    const PairTable::Place& place = pool.places[rows[i].row];
    return std::tuple(place.video, place.offset, place.turn);
  };
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return place_of(a) < place_of(b); });
  RecordReader reader(pool.files);
  std::vector<std::string> texts(rows.size());
  for (const std::size_t i : order) {
    std::string meta = ", \"filter_score\": ";
    python::append_float(meta, rows[i].score);
    meta += ", \"filter_score_detail\": {";
    for (const auto& [name, value] : selection.account.terms_of(rows[i].row)) {
      meta += fmt::format("{}\"{}\": ", meta.back() == '{' ? "" : ", ", name);
      python::append_float(meta, value);
    }
    meta += "}";
    if (is_weighted) {
      meta += ", \"weight\": ";
      python::append_float(meta, rows[i].weight);
    }
    pool.append_row(reader, rows[i].row, meta, texts[i]);
  }
  std::string all;
  for (std::string& text : texts) all += std::exchange(text, {});
  write_file(path, all);
}

Selection draw_uniform(const SampleTable& table, std::int64_t wanted, std::uint64_t seed) {
  std::set<ContentDigest> distinct;
  for (std::size_t row = 0; row < table.size(); ++row) distinct.insert(table.rows().content(row));
  const std::int64_t rows = std::min(wanted, static_cast<std::int64_t>(distinct.size()));
  config::Value options;
  options.set("type", config::Value(std::string("uniform"), {}));
  options.set("budget", config::Value(rows, {}));
  return selectors().create(options, "selector")->select(table, seed);
}

class TableOnPool : public PoolSelector {
 public:
  explicit TableOnPool(config::Value options) : options_(std::move(options)) {
    if (const config::Value* metrics = options_.child("metrics")) {
      if (!metrics->is_string()) {
        config::fail_value(*metrics, "selector.metrics", "expected the path of a JSONL file");
      }
      metrics_ = metrics->string();
      options_.erase("metrics");
    }
    if (const config::Value* seed = options_.child("seed")) {
      if (!seed->is_integer() || seed->integer() < 0) {
        config::fail_value(*seed, "selector.seed", "expected a whole number from 0 on");
      }
      seed_ = static_cast<std::uint64_t>(seed->integer());
      options_.erase("seed");
    }
    selector_ = selectors().create(options_, "selector");
    const std::string type = options_.at("type").string();
    if (selector_->reads_hidden_labels()) {
      throw ConfigError(fmt::format(
          "selector {}: reads the hidden labels of the micro world, which pool files do not have",
          type));
    }
    std::vector<std::string> known = {"answer_group"};
    if (!metrics_.empty()) known = pair_table_columns();
    for (const std::string& name : selector_->required_columns()) {
      if (std::find(known.begin(), known.end(), name) != known.end()) continue;
      throw ConfigError(
          metrics_.empty()
              ? fmt::format(
                    "selector {}: reads the column {}, which comes from the merged metrics; "
                    "name their file, as in selector.metrics=FILE",
                    type, name)
              : fmt::format("selector {}: reads the column {}, which merged metrics do not give; "
                            "they give {}",
                            type, name, fmt::join(known, ", ")));
    }
  }

  std::vector<PoolOutcome> select(const config::Value& pool,
                                  const std::vector<PoolTask>& tasks) const override {
    const PoolFiles files = llava_files(pool);
    std::vector<PoolOutcome> outcomes(tasks.size());
    std::map<std::string, std::vector<std::size_t>> by_metrics;
    for (std::size_t i = 0; i < tasks.size(); ++i) by_metrics[of(tasks[i]).metrics_].push_back(i);
    for (const auto& [metrics, members] : by_metrics) {
      const PairTable table = read_pair_table(files.onevision, files.video, metrics);
      for (const std::size_t i : members) outcomes[i] = of(tasks[i]).run(table, tasks[i].folder);
    }
    return outcomes;
  }

  std::string explain(const config::Value& pool, const std::string& sample) const override {
    PendingDirectory folder(fs::temp_directory_path() / "winnow-explain");  // never committed
    select(pool, {{this, folder.path()}});
    return explain_selection(find_selection(folder.path()), sample);
  }

 private:
  static const TableOnPool& of(const PoolTask& task) {
    return dynamic_cast<const TableOnPool&>(*task.selector);
  }

  PoolOutcome run(const PairTable& pool, const fs::path& folder) const {
    Selection selection = selector_->select(pool.table, seed_);
    selection.warnings.insert(selection.warnings.begin(), pool.warnings.begin(),
                              pool.warnings.end());
    PoolOutcome outcome;
    const auto taken = static_cast<std::int64_t>(selection.rows.size());
    const Selection uniform = draw_uniform(pool.table, kUniformMultiple * taken, seed_);
    if (static_cast<std::int64_t>(uniform.rows.size()) < kUniformMultiple * taken) {
      selection.warnings.push_back(
          fmt::format("the uniform baseline is all {} distinct pairs, fewer than {} times {}",
                      uniform.rows.size(), kUniformMultiple, taken));
    }
    write_rows(pool, selection, folder / "subset.jsonl");
    write_rows(pool, uniform, folder / "uniform.jsonl");
    write_file(folder / "report.json", selection_report(pool.table, selection) + "\n");
    write_selection(folder, pool.table, selection,
                    {options_, seed_, selector_->required_columns(), {}});
    outcome.summary = fmt::format("{} of {} pairs taken, uniform baseline of {}", taken,
                                  pool.table.size(), uniform.rows.size());
    outcome.warnings = selection.warnings;
    return outcome;
  }

  config::Value options_;  // of the selector alone
  std::string metrics_;
  std::uint64_t seed_ = 42;
  std::unique_ptr<Selector> selector_;
};

}  // namespace

std::unique_ptr<PoolSelector> table_selector_on_pool(const config::Value& selector) {
  return std::make_unique<TableOnPool>(selector);
}

}  // namespace winnow::gdo_release
