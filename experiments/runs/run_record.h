#pragma once
// What a run says of itself while it goes on and when it ended: in its folder run.json,
// config_origins.json ({key: [value, origin]}) and stages.txt (stages/used_stages.h).

#include <boost/json.hpp>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "config/value.h"
#include "experiments/stages/run_files.h"
#include "experiments/stages/used_stages.h"

namespace winnow {

// One value of a config: as TOML, and where it was written.
struct ConfigEntry {
  std::string value, origin;
};

// Every value of a config by its dotted key; a list is one value.
std::map<std::string, ConfigEntry> entries_of(const config::Value& config);

// Which option of which group a config is made of, by where its values were written:
// ".../configs/goal/temp.toml:3" is an option `temp` of `goal`. Several where several tables
// choose.
std::map<std::string, std::set<std::string>> choices_of(
    const std::map<std::string, ConfigEntry>& entries);

// Of one run, from its start. run.json is there from the constructor on, with the state `running`.
// Without finish() the destructor leaves the state `failed`, or what fail() said.
class RunRecord {
 public:
  RunRecord(const std::filesystem::path& folder, const std::vector<std::string>& overrides,
            const config::Value& config);
  ~RunRecord();
  RunRecord(const RunRecord&) = delete;
  RunRecord& operator=(const RunRecord&) = delete;

  void finish();
  // Throws nothing: an error is on its way already.
  void fail(const std::string& message) noexcept;

 private:
  void end(const std::string& state);

  std::filesystem::path file_;
  boost::json::object content_;
  bool ended_ = false;
  UsedStages stages_;
};

// "1234-567890": the process and when it started, which no other process of this machine shares;
// empty where there is no such process.
std::string process_mark(std::int64_t process);
std::string host_name();

}  // namespace winnow
