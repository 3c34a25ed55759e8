#include "selectors/manifest.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <fstream>
#include <sstream>

#include "core/errors.h"
#include "core/files.h"
#include "core/hash.h"

namespace winnow {
namespace fs = std::filesystem;
namespace json = boost::json;
namespace {

constexpr int kVersion = 1;
constexpr const char* kManifestPrefix = "selection-";
constexpr const char* kEnding = ".jsonl";

std::string digest_of_column(const Column& column, const std::vector<std::uint32_t>& order) {
  Digest digest;
  for (const std::size_t row : order) {
    digest.add(static_cast<std::uint64_t>(column.states(row)));
    if (column.valid(row)) digest.add(column.values(row));
  }
  return digest.hex();
}

std::string digest_of_rows(const RowTable& rows) {
  Digest digest;
  for (const std::size_t row : rows.by_id()) {
    digest.add(rows.id(row)).add(rows.source(row)).add(to_string(rows.modality(row)));
    digest.add(rows.question_type(row)).add(rows.content_digest(row));
    digest.add(static_cast<std::uint64_t>(rows.answer_words(row)));
  }
  return digest.hex();
}

json::array names_of(const std::vector<std::string>& names) {
  return json::array(names.begin(), names.end());
}

std::string line_of(const json::object& object) { return json::serialize(object) + "\n"; }

// Nine digits are enough to compare by eye; the manifest has them all. No -0, and 0 for a part that
// a score does not have.
double rounded(double value) {
  return std::isnan(value) ? 0.0 : std::stod(fmt::format("{:.9g}", value)) + 0.0;
}

void write_candidates(const SampleTable& table, const Selection& selection,
                      const SelectionOrigin& origin, std::ostream& out) {
  const Account& account = selection.account;
  const RowTable& rows = table.rows();
  std::vector<std::string> strata;
  for (const StratumReport& stratum : account.strata) strata.push_back(stratum.name);
  constexpr std::int32_t kNotTaken = -1;
  std::vector<std::int32_t> taken(table.size(), kNotTaken);  // its place in the selection
  for (std::size_t i = 0; i < selection.rows.size(); ++i) {
    taken[selection.rows[i].row] = static_cast<std::int32_t>(i);
  }
  const bool is_weighted = selection.is_weighted();
  std::vector<const LeftOutSample*> left_out;
  for (const LeftOutSample& sample : origin.left_out) left_out.push_back(&sample);
  std::sort(left_out.begin(), left_out.end(),
            [](const auto* a, const auto* b) { return a->id < b->id; });

  out << line_of({{"format", "winnow candidates"},
                  {"version", kVersion},
                  {"strata", names_of(strata)},
                  {"terms", names_of(account.term_names)}});
  for (const LeftOutSample* sample : left_out) {
    json::object line{{"id", sample->id}, {"excluded", sample->reason}};
    if (!sample->detail.empty()) line["detail"] = sample->detail;
    out << line_of(line);
  }
  for (const std::size_t row : rows.by_id()) {
    json::object line{{"id", rows.id(row)}, {"source", rows.source(row)}};
    if (account.reason[row] != Account::kNone) {
      line["excluded"] = account.reasons[static_cast<std::size_t>(account.reason[row])];
      if (account.instead[row] != Account::kNone) {
        line["instead"] = rows.id(static_cast<std::size_t>(account.instead[row]));
      }
      if (const auto detail = account.details.find(row); detail != account.details.end()) {
        line["detail"] = detail->second;
      }
    } else {
      line["stratum"] = account.stratum[row];
      line["rank"] = account.rank[row];
      line["score"] = rounded(account.score[row]);
      json::array terms;
      for (const auto& term : account.terms) terms.emplace_back(rounded(term[row]));
      line["terms"] = std::move(terms);
      if (taken[row] != kNotTaken) {
        const SelectedRow& chosen = selection.rows[static_cast<std::size_t>(taken[row])];
        line["taken"] = chosen.stage;
        if (is_weighted) line["weight"] = rounded(chosen.weight);
      }
    }
    out << line_of(line);
  }
}

json::object head_of(const SampleTable& table, const Selection& selection,
                     const SelectionOrigin& origin) {
  json::object columns, excluded;
  for (const std::string& name : origin.columns) {
    columns[name] = digest_of_column(table.column(name), table.rows().by_id());
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
          {"inputs", json::object{{"rows", digest_of_rows(table.rows())}, {"columns", columns}}},
          {"subset", subset_digest(table, selection)},
          {"pool", table.size() + origin.left_out.size()},
          {"selected", selection.rows.size()},
          {"terms", names_of(selection.account.term_names)},
          {"strata", strata},
          {"constraints", constraints},
          {"excluded", excluded},
          {"warnings", names_of(selection.warnings)}};
}

// Streams a file that is named after the digest of its bytes.
std::string write_named(const fs::path& folder, const std::string& prefix,
                        const std::function<void(std::ostream&)>& write) {
  std::string name;
  const fs::path unnamed = folder / (prefix + "unnamed.part");
  write_file_with(unnamed, [&](const fs::path& path) {
    std::ofstream file(path, std::ios::binary);
    write(file);
    if (!file.flush()) throw IoError(path.string() + ": cannot be written");
    name = prefix + digest_of_content(path) + kEnding;
  });
  std::error_code error;
  fs::rename(unnamed, folder / name, error);
  if (error) throw IoError((folder / name).string() + ": cannot be written: " + error.message());
  return name;
}

}  // namespace

std::string write_selection(const fs::path& folder, const SampleTable& table,
                            const Selection& selection, const SelectionOrigin& origin) {
  json::object head = head_of(table, selection, origin);
  head["candidates"] = write_named(folder, "candidates-", [&](std::ostream& out) {
    write_candidates(table, selection, origin, out);
  });
  return write_manifest(folder, [&](std::ostream& out) {
    out << line_of(head);
    const Account& account = selection.account;
    const bool is_weighted = selection.is_weighted();
    for (const SelectedRow& row : selection.rows) {
      json::object terms;
      for (const auto& [name, value] : account.terms_of(row.row)) terms[name] = value;
      const auto stratum = static_cast<std::size_t>(account.stratum[row.row]);
      json::object line{{"id", table.rows().id(row.row)},
                        {"score", row.score},
                        {"stage", row.stage},
                        {"stratum", account.strata.at(stratum).name},
                        {"rank", account.rank[row.row]},
                        {"terms", std::move(terms)}};
      if (is_weighted) line["weight"] = row.weight;
      out << line_of(line);
    }
  });
}

std::string write_manifest(const fs::path& folder,
                           const std::function<void(std::ostream&)>& write) {
  return write_named(folder, kManifestPrefix, write);
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
