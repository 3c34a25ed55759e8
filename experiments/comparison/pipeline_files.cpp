// The stages of methods whose selector reads files: the measured pool as files, and a subset of it.

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
#include "experiments/comparison/composition.h"
#include "experiments/comparison/loaded_world.h"
#include "experiments/comparison/pipeline.h"
#include "experiments/comparison/selection_from_files.h"
#include "selectors/manifest.h"

namespace winnow {
namespace fs = std::filesystem;
namespace json = boost::json;
using stage_config::number;
using stage_config::resolved;
using stage_config::table_of;
namespace {

// Raise one when its stage computes or writes something else.
constexpr int measured_pool_format = 1;
constexpr int selection_from_files_format = 1;

constexpr std::size_t frame_cache_bytes = std::size_t{256} << 20;
constexpr const char* kSelected = "selected";

std::map<std::string, std::string> read_failures(const fs::path& file) {
  std::map<std::string, std::string> failures;
  const json::value content = json::parse(read_file(file));
  for (const json::value& row : content.as_array()) {
    failures.emplace(row.at("id").as_string(), row.at("reason").as_string());
  }
  return failures;
}

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

const StageOutput& Pipeline::measured_pool() {
  if (measured_pool_) return *measured_pool_;
  const config::Value& table = config_.at("measured_pool");
  const auto writer = measured_pool_writers().create(table, "measured_pool");
  Stage stage;
  stage.name = "measured-pool";
  stage.format_version = measured_pool_format;
  stage.config = table_of({{"writer", resolved(table, "measured_pool")},
                           {"sampling", config::to_value(read_sampling(config_))}});
  stage.inputs = common_inputs();
  stage.inputs["descriptors"] = descriptors().digest;
  stage.title = fmt::format("measured pool of world {} as files", seed_);
  measured_pool_ = stages_.run(stage, [&](StageWork& work) {
    const Loaded& data = loaded();
    const SampleTable measured = SampleTable::load(descriptors().folder / "table");
    // Screening lets one of equal samples stand for all, for every method: the one with the
    // smallest id, as in `candidate_rows`.
    const RowTable& facts = *data.facts;
    std::map<ContentDigest, std::string> standing;  // by the digest that they share
    for (std::size_t row = 0; row < facts.size(); ++row) {
      const std::string id(facts.id(row));
      const auto [place, is_new] = standing.emplace(facts.content(row), id);
      if (!is_new) place->second = std::min(place->second, id);
    }
    std::vector<Sample> samples;
    std::vector<std::size_t> rows;
    std::vector<NamedSample> names;
    for (std::size_t row = 0; row < data.samples.size(); ++row) {
      const Sample& sample = data.samples[row];
      const std::string& stands = standing.at(facts.content(row));
      if (data.duplicates.empty() || stands == sample.id) {
        samples.push_back(sample);
        rows.push_back(row);
      } else {
        names.push_back({sample.id, {"", "it repeats " + stands}});
      }
    }
    SampleTable table_of_rows(facts_of(samples));
    for (const std::string& name : writer->required_columns()) {
      const Column& from = measured.column(name);
      Column to = Column::missing(name, rows.size());
      for (std::size_t i = 0; i < rows.size(); ++i) to.copy(i, from, rows[i]);
      table_of_rows.add(std::move(to));
    }
    FrameCache frames(data.sampling, frame_cache_bytes);
    const std::vector<SampleInFiles> in_files = writer->write(
        {samples, table_of_rows, read_failures(descriptors().folder / "failures.json"), frames},
        work.output);
    for (std::size_t i = 0; i < samples.size(); ++i) names.push_back({samples[i].id, in_files[i]});
    for (const LeftOutSample& sample : data.left_out) {
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
  return *measured_pool_;
}

StageOutput Pipeline::select_from_files(const Method& method, std::uint64_t seed) {
  const SelectionFromFiles request{config_.at("measured_pool"), method.selector_config, seed,
                                   measured_pool().folder};
  Stage stage;
  stage.name = "selection";
  stage.format_version = selection_from_files_format;
  stage.config = table_of(
      {{"selector", resolved(method.selector_config, "selector")}, {"seed", number(seed)}});
  stage.inputs = common_inputs();
  stage.inputs["measured_pool"] = measured_pool().digest;
  stage.title = fmt::format("selection {}, seed {}", method.name, seed);
  stage.one_thread = true;
  return stages_.run(stage, [&](StageWork& work) {
    const Loaded& data = loaded();
    const fs::path selected = work.output / kSelected;
    winnow::create_directories(selected);
    const auto selector = request.make_selector("methods." + method.name + ".selector");
    const PoolOutcome outcome =
        selector->select(request.pool_table(), {{selector.get(), selected}}).front();
    for (const std::string& warning : outcome.warnings) {
      spdlog::warn("{}: {}", stage.title, warning);
    }
    Translated chosen =
        translate(find_selection(selected), read_sample_names(request.files), *data.facts);
    chosen.selection.warnings = outcome.warnings;
    const std::string manifest =
        write_manifest(work.output, [&](std::ostream& out) { out << chosen.manifest; });
    const SampleTable table(data.facts);
    write_file(work.output / "report.json", selection_report(table, chosen.selection) + "\n");
    write_selection_from_files(
        work.output,
        measured_pool().folder.parent_path().parent_path() / stage.name / stage.address(), request);
    work.facts = composition_of(*data.facts, chosen.selection.rows, data.labels);
    work.facts["warnings"] = json::array(outcome.warnings.begin(), outcome.warnings.end());
    work.facts["manifest"] = manifest;
    work.digest = subset_digest(table, chosen.selection);
  });
}

}  // namespace winnow
