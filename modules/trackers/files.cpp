// Metrics as plain files, for whoever reads them with a few lines of his own:
//   metrics.csv     run,step,time,key,value: a line for each number
//   metrics.jsonl   {"run", "step", "time", "<key>": number, ...}: a line for each step

#include <fmt/format.h>

#include <cmath>

#include "trackers/output_file.h"
#include "trackers/tracker.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

struct FilesOptions {
  fs::path folder;
};
BOOST_DESCRIBE_STRUCT(FilesOptions, (), (folder))
config::Help help(const FilesOptions&) {
  return {{"folder", "a folder for each run goes below it; empty: the run's own, tracking/"}};
}

// RFC 4180.
std::string csv_word(const std::string& word) {
  if (word.find_first_of(",\"\r\n") == std::string::npos) return word;
  std::string quoted = "\"";
  for (const char c : word) quoted += c == '"' ? "\"\"" : std::string(1, c);
  return quoted + "\"";
}

std::string csv_number(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  return fmt::format("{}", value);
}

class Files : public Tracker {
 public:
  explicit Files(FilesOptions options) : options_(std::move(options)) {}

  std::string destination(const TrackedRunFacts& run) const override {
    return (options_.folder.empty() ? run.folder : options_.folder / run.name).string();
  }

  void take(const TrackedRunFacts& run, const std::vector<Record>& records, json::object& memory,
            const std::atomic<bool>&) override {
    std::string csv, lines;
    for (const Record& record : records) {
      if (record.kind != RecordKind::scalars) continue;
      std::string line = fmt::format("{{\"run\":{},\"step\":{},\"time\":{}", json_text(record.run),
                                     record.step, json_number(record.time));
      for (const auto& [key, value] : record.values) {
        csv += fmt::format("{},{},{},{},{}\n", csv_word(record.run), record.step,
                           csv_number(record.time), csv_word(key), csv_number(value));
        line += fmt::format(",{}:{}", json_text(key), json_number(value));
      }
      lines += line + "}\n";
    }
    if (csv.empty()) return;
    if (memory.empty()) csv = "run,step,time,key,value\n" + csv;
    const fs::path folder = destination(run);
    const auto add = [&](const char* name, const std::string& text) {
      const json::value* known = memory.if_contains(name);
      const std::uint64_t length = known == nullptr ? 0 : known->to_number<std::uint64_t>();
      memory[name] = write_at(folder / name, length, text);
    };
    add("metrics.csv", csv);
    add("metrics.jsonl", lines);
  }

 private:
  FilesOptions options_;
};

const bool registered =
    trackers().add<Files, FilesOptions>("files", "metrics as CSV and JSON lines");

}  // namespace
}  // namespace winnow
