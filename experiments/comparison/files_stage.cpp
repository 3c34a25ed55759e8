#include "experiments/comparison/files_stage.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/json.hpp>
#include <limits>
#include <optional>
#include <ostream>
#include <sstream>
#include <unordered_map>

#include "core/errors.h"
#include "core/files.h"
#include "experiments/stages/failed_rows.h"
#include "selectors/manifest.h"

namespace winnow {
namespace fs = std::filesystem;
namespace json = boost::json;
namespace {

// Raise one when its stage computes or writes something else.
constexpr int measured_pool_format = 2;
constexpr int selection_from_files_format = 2;

constexpr std::size_t frame_cache_bytes = std::size_t{256} << 20;
constexpr const char* kSelected = "selected";

// What a selector's manifest says, by the samples' rows in the table instead of the files' names,
// and the manifest with the samples' ids.
struct Translated {
  Selection selection;
  std::string manifest;
};

// The account's column of a term; NaN for rows that have no such term.
std::vector<double>& term_of(const std::string& name, Account& account) {
  const auto found = std::find(account.term_names.begin(), account.term_names.end(), name);
  if (found != account.term_names.end()) {
    return account.terms[static_cast<std::size_t>(found - account.term_names.begin())];
  }
  account.term_names.push_back(name);
  return account.terms.emplace_back(account.reason.size(),
                                    std::numeric_limits<double>::quiet_NaN());
}

Translated translate(const fs::path& manifest, const std::vector<NamedSample>& names,
                     const RowTable& facts) {
  std::unordered_map<std::string, std::string> ids;
  for (const NamedSample& name : names) ids.emplace(name.in_files.name, name.id);
  const std::string id_key = "{\"id\"";
  Translated result;
  Account& account = result.selection.account;
  account.open(facts.size());
  std::istringstream lines(read_file(manifest));
  bool head = true;
  for (std::string line; std::getline(lines, line); head = false) {
    if (head) {
      result.manifest = line + "\n";
      continue;
    }
    const json::object entry = json::parse(line).as_object();
    const std::string name(entry.at("id").as_string());
    const auto id = ids.find(name);
    const auto row = id == ids.end() ? std::nullopt : facts.find(id->second);
    if (!row || !line.starts_with(id_key)) {
      throw DataError(fmt::format("{}: '{}' is no sample of the pool", manifest.string(), name));
    }
    SelectedRow& taken = result.selection.rows.emplace_back();
    taken.row = *row;
    taken.score = entry.at("score").to_number<double>();
    taken.stage = entry.at("stage").as_string();
    for (const auto& [term, value] : entry.at("terms").as_object()) {
      term_of(term, account)[*row] = value.to_number<double>();
    }
    // The line as it is, so that its numbers keep their last digits, with the name by its own key.
    result.manifest += "{\"id\":" + json::serialize(json::value(id->second)) + ",\"name\"" +
                       line.substr(id_key.size()) + "\n";
  }
  return result;
}

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
      const auto [place, is_new] = standing.emplace(facts.content(row), id);
      if (!is_new) place->second = std::min(place->second, id);
    }
    std::vector<std::size_t> rows;
    std::vector<NamedSample> names;
    for (std::size_t row = 0; row < facts.size(); ++row) {
      const std::string id(facts.id(row));
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

StageOutput FileSelectionStage::run() const {
  const SelectionFromFiles request{writer, method.selector_config, seed, files.folder};
  Stage stage;
  stage.name = "selection";
  stage.format_version = selection_from_files_format;
  stage.config.set("selector", with_defaults(method.selector_config, "selector"));
  stage.config.set("seed", value_of(seed));
  stage.inputs = setting.row_inputs();
  stage.inputs["measured_pool"] = files.digest;
  stage.title = title;
  stage.one_thread = true;
  return setting.stages().run(stage, [&](StageWork& work) {
    const fs::path selected = work.output / kSelected;
    winnow::create_directories(selected);
    const auto selector = request.make_selector("methods." + method.name + ".selector");
    const PoolOutcome outcome =
        selector->select(request.pool_table(), {{selector.get(), selected}}).front();
    for (const std::string& warning : outcome.warnings) {
      spdlog::warn("{}: {}", stage.title, warning);
    }
    Translated chosen =
        translate(find_selection(selected), read_sample_names(request.files), *setting.rows());
    chosen.selection.warnings = outcome.warnings;
    const std::string manifest =
        write_manifest(work.output, [&](std::ostream& out) { out << chosen.manifest; });
    const SampleTable table(setting.rows());
    write_file(work.output / "report.json", selection_report(table, chosen.selection) + "\n");
    write_selection_from_files(
        work.output, files.folder.parent_path().parent_path() / stage.name / stage.address(),
        request);
    work.facts["rows"] = chosen.selection.rows.size();
    work.facts["warnings"] = json::array(outcome.warnings.begin(), outcome.warnings.end());
    work.facts["manifest"] = manifest;
    work.digest = subset_digest(table, chosen.selection);
  });
}

}  // namespace winnow
