#include "experiments/stages/selection_stage.h"

#include "core/errors.h"
#include "core/files.h"
#include "core/hash.h"
#include "selectors/manifest.h"

namespace winnow {
namespace json = boost::json;
namespace {

// Raised when the stage computes or writes something else.
constexpr int kSelectionFormat = 3;

}  // namespace

StageOutput SelectionStage::run(StageCache& stages) const {
  Stage stage;
  stage.name = "selection";
  stage.format_version = kSelectionFormat;
  stage.config.set("selector", selector.identity());
  stage.config.set("seed", value_of(seed));
  stage.inputs = setting.row_inputs();
  const bool reads_labels = selector.make()->reads_hidden_labels();
  if (reads_labels) {
    const auto labels = setting.labels_file();
    if (!labels) {
      throw ConfigError(selector.path() + ": the selector '" + selector.type() +
                        "' reads hidden labels, and this pool has none");
    }
    stage.inputs["labels"] = digest_of_file(*labels);
  }
  for (const MeasuredColumns& measured : columns) {
    stage.inputs[measured.role] = measured.output.digest;
  }
  stage.title = title;
  stage.one_thread = true;
  return stages.run(stage, [&](StageWork& work) {
    SampleTable table(setting.rows());
    for (const MeasuredColumns& measured : columns) {
      const SampleTable own = SampleTable::load(measured.table());
      for (const std::string& name : own.column_names()) table.add(own.column(name));
    }
    config::Value options = selector.table();
    if (reads_labels) options.set("labels", value_of(setting.labels_file().value().string()));
    const Selection selection = selectors().create(options, selector.path())->select(table, seed);
    const SelectionOrigin origin{selector.identity(), seed, selector.make()->required_columns(),
                                 setting.left_out()};
    const std::string manifest = write_selection(work.output, table, selection, origin);
    write_file(work.output / "report.json", selection_report(table, selection) + "\n");
    work.facts = {{"rows", selection.rows.size()},
                  {"warnings", json::array(selection.warnings.begin(), selection.warnings.end())},
                  {"manifest", manifest}};
    work.digest = subset_digest(table, selection);
  });
}

}  // namespace winnow
