#include "experiments/comparison/measured_pool_stage.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "experiments/stages/failed_rows.h"

namespace winnow {
namespace fs = std::filesystem;
namespace {

// Raised when the stage computes or writes something else.
constexpr int measured_pool_format = 2;

constexpr std::size_t frame_cache_bytes = std::size_t{256} << 20;

}  // namespace

StageOutput MeasuredPoolStage::run() const {
  const auto made = measured_pool_writers().create(writer, "measured_pool");
  const std::vector<std::string> wanted = made->required_columns();
  const std::vector<MeasuredColumns> measured = measurements.columns(wanted, setting.seed());
  Stage stage;
  stage.name = "measured-pool";
  stage.format_version = measured_pool_format;
  stage.config.set("writer", with_defaults(writer, "measured_pool"));
  stage.config.set("sampling", config::to_value(setting.options().sampling));
  add_to_config(unusable, stage);
  stage.inputs = setting.row_inputs();
  for (const MeasuredColumns& columns : measured) {
    stage.inputs[columns.role] = columns.output.digest;
  }
  stage.title = fmt::format("measured pool {} as files", setting.seed());
  return setting.stages().run(stage, [&](StageWork& work) {
    // Screening lets one of equal samples stand for all, for every method: the one with the
    // smallest id, as in `candidate_rows`.
    const RowTable& facts = *setting.rows();
    std::map<ContentDigest, std::string> standing;  // by the digest that they share
    for (std::size_t row = 0; row < facts.size(); ++row) {
      const std::string id(facts.id(row));
      if (unusable.contains(id)) continue;
      const auto [place, is_new] = standing.emplace(facts.content(row), id);
      if (!is_new) place->second = std::min(place->second, id);
    }
    std::vector<std::size_t> rows;
    std::vector<NamedSample> names;
    for (std::size_t row = 0; row < facts.size(); ++row) {
      const std::string id(facts.id(row));
      if (const auto found = unusable.find(id); found != unusable.end()) {
        const auto& [reason, detail] = found->second;
        names.push_back({id, {"", detail.empty() ? reason : reason + " (" + detail + ")"}});
        continue;
      }
      const std::string& stands = standing.at(facts.content(row));
      if (setting.duplicates().empty() || stands == id) {
        rows.push_back(row);
      } else {
        names.push_back({id, {"", "it repeats " + stands}});
      }
    }
    const std::vector<Sample> samples = all_samples(setting.pool().subset(rows));
    SampleTable table_of_rows(facts_of(samples));
    std::map<std::string, std::string> failures;
    for (const MeasuredColumns& columns : measured) {
      const SampleTable table = SampleTable::load(columns.table());
      for (const std::string& name : wanted) {
        if (!table.contains(name)) continue;
        const Column& from = table.column(name);
        Column to = Column::missing(name, rows.size());
        for (std::size_t i = 0; i < rows.size(); ++i) to.copy(i, from, rows[i]);
        table_of_rows.add(std::move(to));
      }
      failures.merge(read_failures(columns.output));
    }
    FrameCache frames(setting.options().sampling, frame_cache_bytes);
    const std::vector<SampleInFiles> in_files =
        made->write({samples, table_of_rows, failures, frames}, work.output);
    for (std::size_t i = 0; i < samples.size(); ++i) names.push_back({samples[i].id, in_files[i]});
    for (const LeftOutSample& sample : setting.left_out()) {
      const std::string detail = sample.detail.empty() ? "" : " (" + sample.detail + ")";
      names.push_back({sample.id, {"", sample.reason + detail}});
    }
    write_sample_names(work.output, names);
    const auto left_out = std::count_if(names.begin(), names.end(), [](const NamedSample& name) {
      return !name.in_files.left_out.empty();
    });
    work.facts = {{"rows", static_cast<std::int64_t>(names.size()) - left_out},
                  {"left_out", left_out}};
  });
}

FilesOfPool files_of_pool(const config::Value& writer, const StageOutput& output) {
  const auto made = measured_pool_writers().create(writer, "measured_pool");
  return {"measured_pool", output.digest, made->files(output.folder), names_file(output.folder)};
}

}  // namespace winnow
