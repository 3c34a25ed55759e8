#include "experiments/stages/chosen_from_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <limits>
#include <optional>
#include <sstream>
#include <unordered_map>

#include "config/read.h"
#include "core/errors.h"
#include "core/files.h"
#include "selectors/explanation.h"
#include "selectors/manifest.h"

namespace winnow {
namespace fs = std::filesystem;
namespace json = boost::json;
namespace {

constexpr const char* kFile = "chosen_from.toml";
constexpr const char* kNames = "names.jsonl";

config::Value text(std::string value) { return {std::move(value), {}}; }

std::string text_of(const json::object& object, const char* key) {
  const json::value* value = object.if_contains(key);
  return value == nullptr ? "" : std::string(value->as_string());
}

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

ChosenFromFiles read_chosen_from(const fs::path& folder) {
  const config::Value content = config::read_toml(folder / kFile);
  // A path that was kept as it is stays so.
  const auto path_of = [&](const config::Value& value) {
    return (fs::absolute(folder) / value.string()).lexically_normal();
  };
  ChosenFromFiles chosen{
      content.at("selector"), static_cast<std::uint64_t>(content.at("seed").integer()), {}, {}};
  for (const auto& [name, file] : content.at("files").table()) {
    chosen.files.emplace(name, path_of(file));
  }
  if (const config::Value* names = content.child("names")) chosen.names = path_of(*names);
  return chosen;
}

}  // namespace

fs::path names_file(const fs::path& folder) { return folder / kNames; }

void write_sample_names(const fs::path& folder, const std::vector<NamedSample>& names) {
  std::string lines;
  for (const NamedSample& name : names) {
    json::object line{{"id", name.id}};
    if (name.in_files.left_out.empty()) {
      line["name"] = name.in_files.name;
    } else {
      line["left_out"] = name.in_files.left_out;
    }
    lines += json::serialize(line) + "\n";
  }
  write_file(names_file(folder), lines);
}

std::vector<NamedSample> read_sample_names(const fs::path& file) {
  std::vector<NamedSample> names;
  std::istringstream lines(read_file(file));
  for (std::string line; std::getline(lines, line);) {
    try {
      const json::object object = json::parse(line).as_object();
      names.push_back(
          {text_of(object, "id"), {text_of(object, "name"), text_of(object, "left_out")}});
    } catch (const std::exception& error) {
      throw DataError(fmt::format("{}:{}: not a sample's name: {}", file.string(), names.size() + 1,
                                  error.what()));
    }
  }
  return names;
}

void write_chosen_from(const fs::path& folder, const fs::path& place, const ChosenFromFiles& chosen,
                       bool relative) {
  const auto kept = [&](const fs::path& path) {
    const fs::path absolute = fs::absolute(path).lexically_normal();
    return text(
        (relative ? absolute.lexically_relative(fs::absolute(place).lexically_normal()) : absolute)
            .generic_string());
  };
  config::Value content, files;
  content.set("seed", config::Value(static_cast<std::int64_t>(chosen.seed), {}));
  if (!chosen.names.empty()) content.set("names", kept(chosen.names));
  for (const auto& [name, file] : chosen.files) files.set(config::join_key("", name), kept(file));
  content.set("files", files);
  content.set("selector", chosen.selector);
  write_file(folder / kFile, content.to_toml());
}

std::string manifest_by_ids(const fs::path& manifest, const std::vector<NamedSample>& names,
                            const RowTable& rows, Selection& selection) {
  std::unordered_map<std::string, std::string> ids;
  for (const NamedSample& name : names) ids.emplace(name.in_files.name, name.id);
  const std::string id_key = "{\"id\"";
  std::string result;
  Account& account = selection.account;
  account.open(rows.size());
  std::istringstream lines(read_file(manifest));
  bool head = true;
  for (std::string line; std::getline(lines, line); head = false) {
    if (head) {
      result = line + "\n";
      continue;
    }
    const json::object entry = json::parse(line).as_object();
    const std::string name(entry.at("id").as_string());
    const auto id = ids.find(name);
    const auto row = id == ids.end() ? std::nullopt : rows.find(id->second);
    if (!row || !line.starts_with(id_key)) {
      throw DataError(fmt::format("{}: '{}' is no sample of the pool", manifest.string(), name));
    }
    SelectedRow& taken = selection.rows.emplace_back();
    taken.row = *row;
    taken.score = entry.at("score").to_number<double>();
    taken.stage = entry.at("stage").as_string();
    for (const auto& [term, value] : entry.at("terms").as_object()) {
      term_of(term, account)[*row] = value.to_number<double>();
    }
    // The line as it is, so that its numbers keep their last digits, with the name by its own key.
    result += "{\"id\":" + json::serialize(json::value(id->second)) + ",\"name\"" +
              line.substr(id_key.size()) + "\n";
  }
  return result;
}

std::string explain_sample(const fs::path& folder, const std::string& sample) {
  if (!fs::exists(folder / kFile)) return explain_selection(find_selection(folder), sample);
  const ChosenFromFiles chosen = read_chosen_from(folder);
  const auto selector = make_selector(chosen.selector, "selector");
  const SampleTable no_rows;
  SelectionInput input{no_rows, chosen.seed};
  input.files = chosen.files;
  input.folder = folder;
  if (chosen.names.empty()) return selector->explain(input, sample);
  std::vector<std::string> known;
  for (const NamedSample& name : read_sample_names(chosen.names)) {
    known.push_back(name.id);
    if (name.id != sample) continue;
    if (!name.in_files.left_out.empty()) {
      return fmt::format("{}: not taken. It is not among the files that are chosen from: {}\n",
                         sample, name.in_files.left_out);
    }
    return fmt::format("{} is {} in the files.\n{}", sample, name.in_files.name,
                       selector->explain(input, name.in_files.name));
  }
  throw DataError(fmt::format("{}: there is no sample '{}' in the pool.{}", chosen.names.string(),
                              sample, suggestion(sample, known)));
}

}  // namespace winnow
