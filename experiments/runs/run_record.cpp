#include "experiments/runs/run_record.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <fstream>
#include <sstream>

#include "core/errors.h"
#include "core/files.h"
#include "experiments/stages/provenance.h"

namespace winnow {
namespace fs = std::filesystem;
namespace json = boost::json;
namespace {

void add_entries(const config::Value& value, const std::string& path,
                 std::map<std::string, ConfigEntry>& entries) {
  if (!value.is_table() || value.table().empty()) {
    if (!path.empty()) entries[path] = {value.to_text(), value.origin().text()};
    return;
  }
  for (const auto& [key, child] : value.table()) {
    add_entries(child, config::join_key(path, key), entries);
  }
}

}  // namespace

std::map<std::string, ConfigEntry> entries_of(const config::Value& config) {
  std::map<std::string, ConfigEntry> entries;
  add_entries(config, "", entries);
  return entries;
}

std::map<std::string, std::set<std::string>> choices_of(
    const std::map<std::string, ConfigEntry>& entries) {
  std::map<std::string, std::set<std::string>> choices;
  for (const auto& [key, entry] : entries) {
    const std::size_t end = entry.origin.rfind(".toml");
    if (end == std::string::npos) continue;
    const fs::path file = entry.origin.substr(0, end);
    const std::string group = file.parent_path().filename().string();
    // A root config lies in the folder of configs itself and is no option of a group.
    if (!group.empty() && group != "configs") choices[group].insert(file.filename().string());
  }
  return choices;
}

std::string process_mark(std::int64_t process) {
  std::ifstream file(fmt::format("/proc/{}/stat", process));
  std::string line;
  if (!std::getline(file, line)) return {};
  // The name in parentheses may hold anything; its start time is the 20th word behind it.
  std::istringstream words(line.substr(line.rfind(')') + 1));
  std::string word;
  for (int i = 0; i < 20; ++i) words >> word;
  return fmt::format("{}-{}", process, word);
}

std::string host_name() {
  std::array<char, 256> name{};
  ::gethostname(name.data(), name.size() - 1);
  return name.data();
}

RunRecord::RunRecord(const fs::path& folder, const std::vector<std::string>& overrides,
                     const config::Value& config)
    : file_(folder / kRunFile), stages_(folder / kUsedStagesFile) {
  const json::object made_by = provenance();
  std::string experiment;
  json::array others;
  for (const std::string& text : overrides) {
    if (text.starts_with("experiment=")) {
      experiment = text.substr(text.find('=') + 1);
    } else {
      others.emplace_back(text);
    }
  }
  const auto entries = entries_of(config);
  json::object choices, values;
  for (const auto& [group, names] : choices_of(entries)) {
    json::array list;
    for (const std::string& name : names) list.emplace_back(name);
    choices[group] = std::move(list);
  }
  for (const auto& [key, entry] : entries) values[key] = json::array{entry.value, entry.origin};
  content_ = {{"format", "winnow run"},
              {"version", 1},
              {"experiment", experiment},
              {"overrides", std::move(others)},
              {"state", "running"},
              {"started", utc_now()},
              {"host", host_name()},
              {"process", process_mark(::getpid())},
              {"command", made_by.at("command")},
              {"commit", made_by.at("commit")},
              {"modified", made_by.at("modified")},
              {"choices", std::move(choices)}};
  // By itself, as lists of runs seldom need it.
  write_file(folder / kConfigOriginsFile, json::serialize(values) + "\n");
  write_file(file_, json::serialize(content_) + "\n");
}

RunRecord::~RunRecord() {
  if (!ended_) fail("");
}

void RunRecord::finish() { end("done"); }

void RunRecord::fail(const std::string& message) noexcept {
  try {
    content_["message"] = message;
    end("failed");
  } catch (const std::exception& error) {
    spdlog::warn("{}", error.what());
  }
}

void RunRecord::end(const std::string& state) {
  ended_ = true;
  content_["state"] = state;
  content_["ended"] = utc_now();
  write_file(file_, json::serialize(content_) + "\n");
}

}  // namespace winnow
