#include "experiments/runs/run_folder.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "config/read.h"
#include "core/errors.h"
#include "core/files.h"
#include "core/parallel.h"
#include "experiments/stages/provenance.h"
#include "experiments/stages/run_files.h"

namespace winnow {
namespace fs = std::filesystem;
namespace json = boost::json;
namespace {

constexpr const char* kConfigFile = "config.toml";

json::object read_object(const fs::path& file) {
  try {
    return json::parse(read_file(file)).as_object();
  } catch (const IoError&) {
    throw;
  } catch (const std::exception& error) {
    throw DataError(file.string() + ": " + error.what());
  }
}

std::string text_of(const json::object& object, const char* key) {
  const json::value* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->as_string()) : "";
}

bool is_there(const fs::path& file) {
  std::error_code error;
  return fs::exists(file, error);
}

bool looks_like_a_run(const fs::path& folder) {
  return is_there(folder / kRunFile) || is_there(folder / kProvenanceFile) ||
         is_there(folder / kConfigFile);
}

void read_record(const json::object& record, Run& run) {
  run.experiment = text_of(record, "experiment");
  for (const json::value& text : record.at("overrides").as_array()) {
    run.overrides.emplace_back(text.as_string());
  }
  run.state = text_of(record, "state");
  run.message = text_of(record, "message");
  run.host = text_of(record, "host");
  run.command = text_of(record, "command");
  run.commit = text_of(record, "commit");
  const json::value* modified = record.if_contains("modified");
  run.modified = modified != nullptr && modified->is_bool() && modified->as_bool();
  const std::string ended = text_of(record, "ended");
  run.time = seconds_of_utc(ended.empty() ? text_of(record, "started") : ended);
  for (const auto& [group, names] : record.at("choices").as_object()) {
    for (const json::value& name : names.as_array()) {
      run.choices[group].emplace(name.as_string());
    }
  }
  const std::string process = text_of(record, "process");
  if (run.state == "running" && run.host == host_name()) {
    const std::int64_t number = std::strtoll(process.c_str(), nullptr, 10);
    if (process_mark(number) != process) run.state = "killed";
  }
}

// A run without run.json: one of a grid, or from before there was one.
void read_without_record(Run& run) {
  const json::object origin = provenance_file(run);
  run.state = origin.empty() ? "unknown" : "done";
  run.time = seconds_of_utc(text_of(origin, "time"));
  run.command = text_of(origin, "command");
  run.commit = text_of(origin, "commit");
  const json::value* modified = origin.if_contains("modified");
  run.modified = modified != nullptr && modified->is_bool() && modified->as_bool();
  run.experiment = run.name.substr(0, run.name.find_first_of(",/"));
}

void read_numbers(const json::object& numbers, Run& run) {
  run.cpu_seconds = numbers.at("cpu_seconds").to_number<double>();
  for (const json::value& value : numbers.at("methods").as_array()) {
    const json::object& entry = value.as_object();
    if (!entry.at("average").is_number()) continue;
    MethodOfRun method{text_of(entry, "name"),
                       text_of(entry, "label"),
                       text_of(entry, "role"),
                       entry.at("rows").to_number<std::int64_t>(),
                       entry.at("average").to_number<double>(),
                       std::nullopt,
                       std::nullopt,
                       entry.at("selection_cpu_seconds").to_number<double>() +
                           entry.at("training_cpu_seconds").to_number<double>()};
    if (entry.at("spread").is_number()) method.spread = entry.at("spread").to_number<double>();
    if (const json::object* difference = entry.at("difference").if_object()) {
      method.difference = {difference->at("value").to_number<double>(),
                           difference->at("low").to_number<double>(),
                           difference->at("high").to_number<double>()};
    }
    run.methods.push_back(std::move(method));
  }
}

Run read_run(const std::string& name, const fs::path& folder) {
  Run run;
  run.name = name;
  run.folder = folder;
  const fs::path record = folder / kRunFile, numbers = folder / kNumbersFile;
  try {
    if (is_there(record)) {
      read_record(read_object(record), run);
    } else {
      read_without_record(run);
    }
    if (is_there(numbers)) read_numbers(read_object(numbers), run);
  } catch (const Error&) {
    throw;
  } catch (const std::exception& error) {
    throw DataError(folder.string() + ": cannot be read as a run: " + error.what());
  }
  return run;
}

std::vector<std::pair<std::string, fs::path>> run_folders(const fs::path& results) {
  std::vector<std::pair<std::string, fs::path>> found;
  const auto add_folders = [&](const fs::path& parent, const std::string& prefix) {
    std::error_code error;
    const std::size_t before = found.size();
    for (const fs::directory_entry& entry : fs::directory_iterator(parent, error)) {
      if (!entry.is_directory() || entry.path().filename().string().starts_with(".")) continue;
      if (!looks_like_a_run(entry.path())) continue;
      found.emplace_back(prefix + entry.path().filename().string(), entry.path());
    }
    return before;
  };
  for (std::size_t i = add_folders(results, ""), end = found.size(); i < end; ++i) {
    const auto [name, folder] = found[i];
    add_folders(folder, name + "/");
  }
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace

const MethodOfRun* Run::best() const {
  const MethodOfRun* best = nullptr;
  for (const MethodOfRun& method : methods) {
    if (method.role != "method") continue;
    if (best == nullptr || method.average > best->average) best = &method;
  }
  return best;
}

const std::map<std::string, ConfigEntry>& Run::config() const {
  if (config_) return *config_;
  const fs::path origins = folder / kConfigOriginsFile, plain = folder / kConfigFile;
  std::map<std::string, ConfigEntry> entries;
  if (is_there(origins)) {
    try {
      for (const auto& [key, entry] : read_object(origins)) {
        entries[key] = {std::string(entry.at(0).as_string()), std::string(entry.at(1).as_string())};
      }
    } catch (const Error&) {
      throw;
    } catch (const std::exception& error) {
      throw DataError(origins.string() + ": " + error.what());
    }
  } else if (is_there(plain)) {  // of a grid's setting, and of runs that left no origins
    entries = entries_of(config::parse_toml(read_file(plain), kConfigFile));
  }
  config_ = std::move(entries);
  return *config_;
}

std::vector<Run> list_runs(const fs::path& results, std::vector<std::string>& problems) {
  const auto folders = run_folders(results);
  std::vector<std::optional<Run>> read(folders.size());
  std::vector<std::string> problem(folders.size());
  parallel_for(folders.size(), [&](std::size_t i) {
    try {
      read[i] = read_run(folders[i].first, folders[i].second);
    } catch (const Error& error) {
      problem[i] = error.what();
    }
  });
  std::vector<Run> runs;
  for (std::size_t i = 0; i < folders.size(); ++i) {
    if (read[i]) runs.push_back(std::move(*read[i]));
    if (!problem[i].empty()) problems.push_back(problem[i]);
  }
  return runs;
}

Run find_run(const fs::path& results, const std::string& name) {
  for (const fs::path& folder : {results / name, fs::path(name)}) {
    std::error_code error;
    if (!name.empty() && fs::is_directory(folder, error) && looks_like_a_run(folder)) {
      const fs::path absolute = fs::absolute(folder).lexically_normal();
      fs::path place = absolute.has_filename() ? absolute : absolute.parent_path();
      const fs::path below = place.lexically_relative(fs::absolute(results).lexically_normal());
      const bool is_below = !below.empty() && *below.begin() != "..";
      return read_run(is_below ? below.generic_string() : name, place);
    }
  }
  std::vector<std::string> known;
  for (const auto& [known_name, folder] : run_folders(results)) known.push_back(known_name);
  throw ConfigError(fmt::format("there is no run '{}' in {}.{}", name, results.string(),
                                suggestion(name, known)));
}

json::object provenance_file(const Run& run) {
  const fs::path file = run.folder / kProvenanceFile;
  return is_there(file) ? read_object(file) : json::object{};
}

std::string age_text(std::int64_t seconds) {
  if (seconds < 100) return fmt::format("{} s", std::max<std::int64_t>(0, seconds));
  if (seconds < 100 * 60) return fmt::format("{} min", seconds / 60);
  if (seconds < 48 * 3600) return fmt::format("{} h", seconds / 3600);
  return fmt::format("{} d", seconds / 86400);
}

}  // namespace winnow
