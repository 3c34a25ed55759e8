#include "experiments/comparison/diagnosis_stage.h"

#include <fmt/format.h>

#include "core/files.h"
#include "core/hash.h"
#include "experiments/comparison/composition.h"
#include "experiments/comparison/toxic.h"

namespace winnow {
namespace json = boost::json;
namespace {

// Raise one when its stage computes or writes something else.
constexpr int kDiagnosisFormat = 3;
constexpr int kLabelsFormat = 1;
constexpr int kToxicFormat = 2;

std::map<std::string, std::string> inputs_of(Setting& setting) {
  std::map<std::string, std::string> inputs = setting.row_inputs();
  if (const auto labels = setting.labels_file()) inputs["labels"] = digest_of_file(*labels);
  return inputs;
}

}  // namespace

StageOutput diagnose(Setting& setting, const MeasuredColumns& measured) {
  Stage stage;
  stage.name = "diagnosis";
  stage.format_version = kDiagnosisFormat;
  stage.inputs = inputs_of(setting);
  stage.inputs[measured.role] = measured.output.digest;
  stage.title = fmt::format("diagnosis of {}, pool {}", measured.role, setting.seed());
  return setting.stages().run(stage, [&](StageWork& work) {
    const std::optional<HiddenLabels>& labels = setting.labels();
    if (labels && labels->contains(kWrongLabel)) {
      work.facts = detection_of(kWrongLabel, SampleTable::load(measured.table()), *labels);
    }
    write_file(work.output / "areas.json", json::serialize(work.facts) + "\n");
  });
}

StageOutput diagnose_labels(Setting& setting, const MeasuredColumns& measured) {
  Stage stage;
  stage.name = "label_diagnosis";
  stage.format_version = kLabelsFormat;
  stage.inputs = inputs_of(setting);
  stage.inputs[measured.role] = measured.output.digest;
  stage.title =
      fmt::format("diagnosis of {} by every label, pool {}", measured.role, setting.seed());
  return setting.stages().run(stage, [&](StageWork& work) {
    if (const std::optional<HiddenLabels>& labels = setting.labels()) {
      const SampleTable table = SampleTable::load(measured.table());
      for (const std::string& label : labels->names()) {
        work.facts[label] = detection_of(label, table, *labels);
      }
    }
    write_file(work.output / "areas.json", json::serialize(work.facts) + "\n");
  });
}

StageOutput find_toxic(Setting& setting, const StageOutput& utility, std::uint64_t seed) {
  Stage stage;
  stage.name = "toxic";
  stage.format_version = kToxicFormat;
  stage.inputs = inputs_of(setting);
  stage.inputs["utility"] = utility.digest;
  stage.title = fmt::format("toxic samples of pool {}, seed {}", setting.seed(), seed);
  return setting.stages().run(stage, [&](StageWork& work) {
    const SampleTable table = SampleTable::load(utility.folder / "table");
    const std::vector<ToxicRows> rows = toxic_rows(table);
    const Pool& pool = setting.pool();
    std::string lines;
    for (const ToxicRows& toxic : rows) {
      for (const std::size_t row : toxic.rows) {
        lines += toxic_line(table, toxic, row, pool.sample(row));
      }
    }
    write_file(work.output / "toxic.jsonl", lines);
    work.facts = toxic_facts(table, rows, pool, setting.labels());
  });
}

}  // namespace winnow
