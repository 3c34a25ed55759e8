#pragma once
// Cases of the recorded release: their flags as options, their inputs as files.

#include <algorithm>
#include <boost/json.hpp>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "config/bind.h"
#include "config/read.h"
#include "core/files.h"
#include "gdo_release/select/run.h"
#include "gdo_release/select/scan/exclusion.h"
#include "golden.h"

namespace winnow::gdo_release::testing {

namespace json = boost::json;
using winnow::testing_support::find_golden;
using winnow::testing_support::read_golden;

inline std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    lines.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

// A working copy of the golden files that flags name.
class Inputs {
 public:
  explicit Inputs(std::filesystem::path folder) : folder_(std::move(folder)) {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }
  ~Inputs() { std::filesystem::remove_all(folder_); }

  const std::filesystem::path& folder() const { return folder_; }
  // Where the golden file `name` lies now; a file that no root has stays absent.
  std::string place(const std::string& name) const {
    const std::filesystem::path path = folder_ / name;
    const std::string golden = "gdo_release/" + name;
    if (!std::filesystem::exists(path) && !find_golden(golden).empty()) {
      write_file(path, read_golden(golden));
    }
    return path.string();
  }

 private:
  std::filesystem::path folder_;
};

// Flags of the release's selection program.
struct Flags {
  PoolFiles files;
  SelectOptions options;
};

// The options of `argv` by their names, bound as the config binds them. Paths are those of
// `inputs`, below `prefix`.
inline Flags flags_of(const json::array& argv, const Inputs& inputs,
                      const std::string& prefix = "") {
  const config::Origin origin{"flags", 0};
  std::map<std::string, std::string> types;
  for (const auto& option : config::describe<SelectOptions>()) types[option.name] = option.type;
  Flags flags;
  config::Value table;
  for (std::size_t i = 0; i < argv.size(); ++i) {
    std::string name(argv[i].as_string());
    name = name.substr(2);
    std::string value;
    const std::size_t equals = name.find('=');
    const bool is_switch = equals == std::string::npos &&
                           (i + 1 == argv.size() || argv[i + 1].as_string().starts_with("--"));
    if (equals != std::string::npos) {
      value = name.substr(equals + 1);
      name.resize(equals);
    } else if (!is_switch) {
      value = std::string(argv[++i].as_string());
    }
    std::replace(name.begin(), name.end(), '-', '_');
    if (name == "onevision") {
      flags.files.onevision = inputs.place(prefix + value);
    } else if (name == "video") {
      flags.files.video = inputs.place(prefix + value);
    } else if (is_switch) {
      table.set(name, config::Value(true, origin));
    } else if (types.at(name) == "text") {
      if (name == "metrics_jsonl" || name == "preprofile_report") {
        value = inputs.place(prefix + value);
      } else if (name == "exclude_reference_jsonl") {
        std::string paths;
        for (const std::string& path : exclusion_paths(value)) {
          paths += (paths.empty() ? "" : ", ") + inputs.place(prefix + path);
        }
        value = paths;
      }
      table.set(name, config::Value(value, origin));
    } else {
      table.set(name, config::parse_value(value, name, origin));
    }
  }
  flags.options = config::bind<SelectOptions>(table, "selector");
  return flags;
}

}  // namespace winnow::gdo_release::testing
