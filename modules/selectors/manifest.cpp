#include "selectors/manifest.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <fstream>
#include <numeric>
#include <sstream>

#include "core/errors.h"
#include "core/files.h"
#include "core/hash.h"
#include "core/mapped_file.h"

namespace winnow {
namespace fs = std::filesystem;
namespace json = boost::json;
namespace {

constexpr int kVersion = 1;
constexpr const char* kManifestPrefix = "selection-";
constexpr const char* kEnding = ".jsonl";

std::vector<std::size_t> rows_by_id(const SampleTable& table) {
  std::vector<std::size_t> order(table.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return table.rows()[a].id < table.rows()[b].id; });
  return order;
}

std::string digest_of_column(const Column& column, const std::vector<std::size_t>& order) {
  Digest digest;
  for (const std::size_t row : order) {
    digest.add(static_cast<std::uint64_t>(column.states(row)));
    if (column.valid(row)) digest.add(column.values(row));
  }
  return digest.hex();
}

std::string digest_of_rows(const SampleTable& table, const std::vector<std::size_t>& order) {
  Digest digest;
  for (const std::size_t row : order) {
    const RowFacts& facts = table.rows()[row];
    digest.add(facts.id).add(facts.source).add(to_string(facts.modality)).add(facts.question_type);
    digest.add(facts.content_digest).add(static_cast<std::uint64_t>(facts.answer_words));
  }
  return digest.hex();
}

json::array names_of(const std::vector<std::string>& names) {
  return json::array(names.begin(), names.end());
}

std::string line_of(const json::object& object) { return json::serialize(object) + "\n"; }

// Nine digits are enough to compare by eye; the manifest has them all.
// And no -0.
double rounded(double value) { return std::stod(fmt::format("{:.9g}", value)) + 0.0; }

std::string candidate_lines(const SampleTable& table, const Selection& selection,
                            const SelectionOrigin& origin, const std::vector<std::size_t>& order) {
  const Account& account = selection.account;
  std::vector<std::string> strata;
  for (const StratumReport& stratum : account.strata) strata.push_back(stratum.name);
  std::vector<const SelectedRow*> taken(table.size(), nullptr);
  for (const SelectedRow& row : selection.rows) taken[row.row] = &row;
  const bool is_weighted = selection.is_weighted();
  std::vector<const LeftOutSample*> left_out;
  for (const LeftOutSample& sample : origin.left_out) left_out.push_back(&sample);
  std::sort(left_out.begin(), left_out.end(),
            [](const auto* a, const auto* b) { return a->id < b->id; });

  std::string lines = line_of({{"format", "winnow candidates"},
                               {"version", kVersion},
                               {"strata", names_of(strata)},
                               {"terms", names_of(account.term_names)}});
  for (const LeftOutSample* sample : left_out) {
    json::object line{{"id", sample->id}, {"excluded", sample->reason}};
    if (!sample->detail.empty()) line["detail"] = sample->detail;
    lines += line_of(line);
  }
  for (const std::size_t row : order) {
    const RowFacts& facts = table.rows()[row];
    json::object line{{"id", facts.id}, {"source", facts.source}};
    if (account.reason[row] != Account::kNone) {
      line["excluded"] = account.reasons[static_cast<std::size_t>(account.reason[row])];
      if (account.instead[row] != Account::kNone) {
        line["instead"] = table.rows()[static_cast<std::size_t>(account.instead[row])].id;
      }
    } else {
      line["stratum"] = account.stratum[row];
      line["rank"] = account.rank[row];
      line["score"] = rounded(account.score[row]);
      json::array terms;
      for (const auto& term : account.terms) terms.emplace_back(rounded(term[row]));
      line["terms"] = std::move(terms);
      if (taken[row] != nullptr) line["taken"] = taken[row]->stage;
      if (taken[row] != nullptr && is_weighted) line["weight"] = rounded(taken[row]->weight);
    }
    lines += line_of(line);
  }
  return lines;
}

json::object head_of(const SampleTable& table, const Selection& selection,
                     const SelectionOrigin& origin, const std::vector<std::size_t>& order) {
  json::object columns, excluded;
  for (const std::string& name : origin.columns) {
    columns[name] = digest_of_column(table.column(name), order);
  }
  std::map<std::string, std::int64_t> counts = selection.excluded;
  for (const LeftOutSample& sample : origin.left_out) ++counts[sample.reason];
  for (const auto& [reason, count] : counts) excluded[reason] = count;
  json::array strata, constraints;
  for (const StratumReport& stratum : selection.account.strata) {
    strata.push_back(json::object{{"name", stratum.name},
                                  {"rows", stratum.rows},
                                  {"quota", stratum.quota},
                                  {"taken", stratum.taken}});
  }
  for (const ConstraintReport& constraint : selection.constraints) {
    constraints.push_back(json::object{{"name", constraint.name},
                                       {"wanted", constraint.wanted},
                                       {"achieved", constraint.achieved},
                                       {"met", constraint.met}});
  }
  const std::string config = origin.selector.to_json();
  Digest config_digest;
  config_digest.add(config).add(origin.seed);
  return {{"format", "winnow selection"},
          {"version", kVersion},
          {"selector", json::parse(config)},
          {"seed", origin.seed},
          {"config_digest", config_digest.hex()},
          {"inputs", json::object{{"rows", digest_of_rows(table, order)}, {"columns", columns}}},
          {"subset", subset_digest(table, selection)},
          {"pool", table.size() + origin.left_out.size()},
          {"selected", selection.rows.size()},
          {"terms", names_of(selection.account.term_names)},
          {"strata", strata},
          {"constraints", constraints},
          {"excluded", excluded},
          {"warnings", names_of(selection.warnings)}};
}

std::string write_named(const fs::path& folder, const std::string& prefix,
                        const std::string& content) {
  const std::string name = prefix + digest_of(content) + kEnding;
  write_file(folder / name, content);
  return name;
}

}  // namespace

std::string write_selection(const fs::path& folder, const SampleTable& table,
                            const Selection& selection, const SelectionOrigin& origin) {
  const std::vector<std::size_t> order = rows_by_id(table);
  json::object head = head_of(table, selection, origin, order);
  head["candidates"] =
      write_named(folder, "candidates-", candidate_lines(table, selection, origin, order));
  std::string lines = line_of(head);
  const Account& account = selection.account;
  const bool is_weighted = selection.is_weighted();
  for (const SelectedRow& row : selection.rows) {
    json::object terms;
    for (const auto& [name, value] : row.terms) terms[name] = value;
    const auto stratum = static_cast<std::size_t>(account.stratum[row.row]);
    json::object line{{"id", table.rows()[row.row].id},
                      {"score", row.score},
                      {"stage", row.stage},
                      {"stratum", account.strata.at(stratum).name},
                      {"rank", account.rank[row.row]},
                      {"terms", std::move(terms)}};
    if (is_weighted) line["weight"] = row.weight;
    lines += line_of(line);
  }
  return write_named(folder, kManifestPrefix, lines);
}

std::string write_manifest(const fs::path& folder,
                           const std::function<void(std::ostream&)>& write) {
  std::string name;
  const fs::path unnamed = folder / "manifest.part";
  write_file_with(unnamed, [&](const fs::path& path) {
    std::ofstream file(path, std::ios::binary);
    write(file);
    if (!file.flush()) throw IoError(path.string() + ": cannot be written");
    name = kManifestPrefix + digest_of(MappedFile(path).bytes()) + kEnding;
  });
  std::error_code error;
  fs::rename(unnamed, folder / name, error);
  if (error) throw IoError((folder / name).string() + ": cannot be written: " + error.message());
  return name;
}

fs::path find_selection(const fs::path& folder) {
  std::vector<fs::path> found;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(kManifestPrefix) && name.ends_with(kEnding)) found.push_back(entry.path());
  }
  if (found.size() == 1) return found.front();
  throw DataError(fmt::format("{}: {} selection manifests (selection-<digest>.jsonl); expected one",
                              folder.string(), found.size()));
}

std::vector<SelectedSample> read_selected(const fs::path& manifest) {
  std::vector<SelectedSample> taken;
  std::istringstream lines(read_file(manifest));
  std::int64_t number = 0;
  for (std::string line; std::getline(lines, line);) {
    if (++number == 1) continue;  // the head
    try {
      const json::object object = json::parse(line).as_object();
      SelectedSample& sample = taken.emplace_back();
      sample.id = object.at("id").as_string();
      if (const json::value* weight = object.if_contains("weight")) {
        sample.weight = weight->to_number<double>();
      }
    } catch (const std::exception& error) {
      throw DataError(fmt::format("{}:{}: not a line of a selection manifest: {}",
                                  manifest.string(), number, error.what()));
    }
  }
  return taken;
}

std::vector<std::string> read_selected_ids(const fs::path& manifest) {
  std::vector<std::string> ids;
  for (SelectedSample& sample : read_selected(manifest)) ids.push_back(std::move(sample.id));
  return ids;
}

}  // namespace winnow
