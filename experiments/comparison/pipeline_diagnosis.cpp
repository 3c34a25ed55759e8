// Stages that look at measured columns with the world's hidden labels: no method reads what they
// find.

#include <fmt/format.h>

#include "core/files.h"
#include "experiments/comparison/composition.h"
#include "experiments/comparison/loaded_world.h"
#include "experiments/comparison/pipeline.h"
#include "experiments/comparison/toxic.h"

namespace winnow {
namespace json = boost::json;
namespace {

// Raise one when its stage computes or writes something else.
constexpr int diagnosis_format = 1;
constexpr int toxic_format = 1;

// What each column of `measured`, an input by that role, tells of wrong answers.
StageOutput diagnose(StageCache& stages, const StageOutput& world, const std::string& role,
                     const StageOutput& measured, const std::string& title) {
  Stage stage;
  stage.name = "diagnosis";
  stage.format_version = diagnosis_format;
  stage.inputs = {{"world", world.digest}, {role, measured.digest}};
  stage.title = title;
  return stages.run(stage, [&](StageWork& work) {
    const auto labels = micro_world::read_hidden_labels(world.folder / "labels.jsonl");
    work.facts = detection_of_wrong_answers(SampleTable::load(measured.folder / "table"), labels);
    write_file(work.output / "areas.json", json::serialize(work.facts) + "\n");
  });
}

}  // namespace

const StageOutput& Pipeline::diagnosis() {
  if (!diagnosis_) {
    diagnosis_ = diagnose(stages_, world(), "descriptors", descriptors(),
                          fmt::format("diagnosis of world {}", seed_));
  }
  return *diagnosis_;
}

const StageOutput& Pipeline::utility_diagnosis(std::uint64_t seed) {
  const auto found = utility_diagnoses_.find(seed);
  if (found != utility_diagnoses_.end()) return found->second;
  const StageOutput output =
      diagnose(stages_, world(), "utility", utility(seed),
               fmt::format("diagnosis of the utility of world {}, seed {}", seed_, seed));
  return utility_diagnoses_.emplace(seed, output).first->second;
}

const StageOutput& Pipeline::toxic(std::uint64_t seed) {
  if (const auto found = toxic_.find(seed); found != toxic_.end()) return found->second;
  const StageOutput& measured = utility(seed);
  Stage stage;
  stage.name = "toxic";
  stage.format_version = toxic_format;
  stage.inputs = {{"world", world().digest}, {"utility", measured.digest}};
  stage.title = fmt::format("toxic samples of world {}, seed {}", seed_, seed);
  const StageOutput output = stages_.run(stage, [&](StageWork& work) {
    const SampleTable table = SampleTable::load(measured.folder / "table");
    const std::vector<ToxicRows> rows = toxic_rows(table);
    const Loaded& data = loaded();
    std::string lines;
    for (const ToxicRows& toxic : rows) {
      for (const std::size_t row : toxic.rows) {
        lines += toxic_line(table, toxic, row, data.samples[row]);
      }
    }
    write_file(work.output / "toxic.jsonl", lines);
    work.facts = toxic_facts(table, rows, data.samples, data.labels);
  });
  return toxic_.emplace(seed, output).first->second;
}

}  // namespace winnow
