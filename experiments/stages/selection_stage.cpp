#include "experiments/stages/selection_stage.h"

#include <ostream>

#include "core/errors.h"
#include "core/files.h"
#include "core/hash.h"
#include "experiments/stages/chosen_from_files.h"
#include "selectors/manifest.h"

namespace winnow {
namespace fs = std::filesystem;
namespace json = boost::json;
namespace {

// Raised when the stage computes or writes something else.
constexpr int kSelectionFormat = 3;

constexpr const char* kSelected = "selected";

}  // namespace

StageOutput SelectionStage::run(StageCache& stages) const {
  Stage stage;
  stage.name = "selection";
  stage.format_version = kSelectionFormat;
  stage.config.set("selector", selector.identity());
  stage.config.set("seed", value_of(seed));
  stage.inputs = setting.row_inputs();
  add_to_config(unusable, stage);
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
  if (files) stage.inputs[files->role] = files->digest;
  stage.title = title;
  stage.one_thread = true;
  return stages.run(stage, [&](StageWork& work) {
    SampleTable table(setting.rows());
    for (const MeasuredColumns& measured : columns) {
      const SampleTable own = SampleTable::load(measured.table());
      for (const std::string& name : own.column_names()) table.add(own.column(name));
    }
    SelectionInput input{table, seed, rows_of(unusable, table.rows())};
    input.place = selector.path();
    input.method = method;
    if (reads_labels) input.labels = setting.labels_file().value();
    if (files) {
      input.files = files->files;
      input.folder = work.output / kSelected;
      winnow::create_directories(input.folder);
    }
    const auto made = selector.make();
    Selection selection = made->select(input);
    std::string manifest;
    if (files) {
      const std::string lines = manifest_by_ids(
          find_selection(input.folder), read_sample_names(files->names), table.rows(), selection);
      // They are not in the files.
      for (const auto& [row, why] : input.unusable) selection.exclude(row, why);
      manifest = write_manifest(work.output, [&](std::ostream& out) { out << lines; });
      // Outputs lie side by side, as <stage>/<address>.
      const fs::path place =
          files->names.parent_path().parent_path().parent_path() / stage.name / stage.address();
      write_chosen_from(work.output, place, {selector.table(), seed, files->files, files->names},
                        true);
    } else {
      manifest = write_selection(
          work.output, table, selection,
          {selector.identity(), seed, made->required_columns(), setting.left_out()});
    }
    write_file(work.output / "report.json", selection_report(table, selection) + "\n");
    work.facts = {{"rows", selection.rows.size()},
                  {"warnings", json::array(selection.warnings.begin(), selection.warnings.end())},
                  {"manifest", manifest}};
    work.digest = subset_digest(table, selection);
  });
}

}  // namespace winnow
