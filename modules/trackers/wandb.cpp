// Weights & Biases without its server: a folder for each run and each of its children, which
// `wandb sync` takes when there is a network. Nothing is sent from here.

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <cstdlib>
#include <ctime>
#include <map>

#include "core/files.h"
#include "core/hash.h"
#include "trackers/output_file.h"
#include "trackers/protobuf.h"
#include "trackers/tracker.h"
#include "trackers/wandb_log.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

struct WandbOptions {
  fs::path folder;
  std::string project, entity;
};
BOOST_DESCRIBE_STRUCT(WandbOptions, (), (folder, project, entity))
config::Help help(const WandbOptions&) {
  return {{"folder",
           "offline runs go to wandb/ below it; empty: to tracking/wandb of the run's own folder"},
          {"project", "empty: WANDB_PROJECT of the environment, else winnow"},
          {"entity", "empty: WANDB_ENTITY of the environment, else who syncs"}};
}

// Fields of the message Record and of those in it.
constexpr int kNumber = 1;
constexpr int kHistory = 2, kSummary = 3, kConfig = 5, kFiles = 6, kStats = 7, kMetric = 12,
              kRun = 17, kExit = 18, kFinal = 20, kHeader = 21;
constexpr int kItemKey = 1, kItemJson = 16;

// What is remembered of a run or a child.
struct OfflineRun {
  std::string id, folder;  // the folder's name
  std::uint64_t length = 0;
  std::int64_t number = 0;  // of the last record
  std::int64_t row = 0;     // of the history
  double started = 0.0;
  // Where the records of its end begin, and the number before; 0: it goes on.
  std::uint64_t end = 0;
  std::int64_t end_number = 0;
  std::map<std::string, std::string> summary;  // the last value of each key, JSON
};
BOOST_DESCRIBE_STRUCT(OfflineRun, (),
                      (id, folder, length, number, row, started, end, end_number, summary))

// JSON as W&B reads it: bare NaN and Infinity.
std::string bare_number(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
  return fmt::format("{}", value);
}

ProtobufMessage item(const std::string& key, const std::string& value) {
  ProtobufMessage message;
  return message.bytes(kItemKey, key).bytes(kItemJson, value);
}

ProtobufMessage timestamp(double time) {
  ProtobufMessage message;
  const double seconds = std::floor(time);
  message.integer(1, static_cast<std::int64_t>(seconds));
  return message.integer(2, static_cast<std::int64_t>((time - seconds) * 1e9));
}

std::string stamp(double time) {
  const auto seconds = static_cast<std::time_t>(time);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  std::array<char, 32> text{};
  std::strftime(text.data(), text.size(), "%Y%m%d_%H%M%S", &parts);
  return text.data();
}

// Appends records to the log of one run.
class Log {
 public:
  explicit Log(OfflineRun& run) : run_(run) {}
  void add(int field, const ProtobufMessage& content) {
    ProtobufMessage record;
    record.integer(kNumber, ++run_.number).message(field, content);
    bytes_ += wandb_record(run_.length + bytes_.size(), record.wire());
  }
  // Whether something was added, which lies at run.length now.
  void write(const fs::path& file) {
    if (!bytes_.empty()) run_.length = write_at(file, run_.length, bytes_);
    bytes_.clear();
  }
  std::uint64_t length() const { return run_.length + bytes_.size(); }

 private:
  OfflineRun& run_;
  std::string bytes_;
};

class Wandb : public Tracker {
 public:
  explicit Wandb(WandbOptions options) : options_(std::move(options)) {
    const auto or_environment = [](std::string& option, const char* variable,
                                   const char* otherwise) {
      const char* value = std::getenv(variable);
      if (option.empty()) option = value == nullptr || *value == '\0' ? otherwise : value;
    };
    or_environment(options_.project, "WANDB_PROJECT", "winnow");
    or_environment(options_.entity, "WANDB_ENTITY", "");
  }

  std::string destination(const TrackedRunFacts& run) const override {
    return ((options_.folder.empty() ? run.folder : options_.folder) / "wandb").string();
  }

  void take(const TrackedRunFacts& run, const std::vector<Record>& records, json::object& memory,
            const std::atomic<bool>&) override {
    std::map<std::string, std::vector<const Record*>> by_run;
    for (const Record& record : records) by_run[record.run].push_back(&record);
    for (const auto& [path, own] : by_run) {
      OfflineRun state;
      if (const json::value* stored = memory.if_contains(path)) {
        state = json::value_to<OfflineRun>(*stored);
      }
      take_of_run(run, path, own, state);
      memory[path] = json::value_from(state);
    }
  }

 private:
  void take_of_run(const TrackedRunFacts& run, const std::string& path,
                   const std::vector<const Record*>& records, OfflineRun& state) const {
    if (state.end > 0) {  // what ended goes on in the place of its end
      state.length = state.end;
      state.number = state.end_number;
      state.end = 0;
    }
    Log log(state);
    if (state.length == 0) begin(run, path, *records.front(), state, log);
    const fs::path folder = fs::path(destination(run)) / state.folder;
    const std::map<std::string, std::string> before = state.summary;
    for (const Record* record : records) {
      if (record->kind == RecordKind::finish) continue;
      add(run, *record, folder, state, log);
    }
    ProtobufMessage summary;
    bool changed = false;
    for (const auto& [key, value] : state.summary) {
      const auto known = before.find(key);
      if (known != before.end() && known->second == value) continue;
      summary.message(1, item(key, value));
      changed = true;
    }
    if (changed) log.add(kSummary, summary);
    // The record of a run's end is its last: a later one of these resumes it.
    if (records.back()->kind == RecordKind::finish) {
      state.end = log.length();
      state.end_number = state.number;
      ProtobufMessage exit;
      const int code = records.back()->text == "finished" ? 0
                       : records.back()->text == "killed" ? 255
                                                          : 1;
      exit.integer(1, code).integer(
          2, static_cast<std::int64_t>(records.back()->time - state.started));
      log.add(kExit, exit);
      log.add(kFinal, ProtobufMessage());
    }
    log.write(folder / fmt::format("run-{}.wandb", state.id));
  }

  void begin(const TrackedRunFacts& run, const std::string& path, const Record& first,
             OfflineRun& state, Log& log) const {
    state.started = first.time;
    state.id = digest_of(run.id + "/" + path).substr(0, 12);
    state.folder = fmt::format("offline-run-{}-{}", stamp(first.time), state.id);
    ProtobufMessage version, header;
    log.add(kHeader, header.message(1, version.bytes(1, "winnow")));
    ProtobufMessage message;
    message.bytes(1, state.id);
    if (!options_.entity.empty()) message.bytes(2, options_.entity);
    message.bytes(3, options_.project)
        .bytes(6, run.group.empty() ? run.name : run.group)
        .bytes(7, path.empty() ? "run" : "training")
        .bytes(8, path.empty() ? run.name : child_path(run.name, path))
        .message(17, timestamp(first.time));
    log.add(kRun, message);
    // Rows are counted, since their steps have to rise; what they are drawn over is `step`.
    ProtobufMessage metric, options;
    metric.bytes(2, "*").bytes(4, "step").message(6, options.integer(1, 1).integer(3, 1));
    log.add(kMetric, metric);
  }

  static void add(const TrackedRunFacts& run, const Record& record, const fs::path& folder,
                  OfflineRun& state, Log& log) {
    switch (record.kind) {
      case RecordKind::scalars:
        add_scalars(record, state, log);
        break;
      case RecordKind::parameter:
      case RecordKind::setting:
      case RecordKind::tag: {
        const std::string key =
            record.kind == RecordKind::tag ? "made_by/" + record.key : record.key;
        ProtobufMessage config;
        log.add(kConfig, config.message(1, item(key, json_text(record.text))));
        break;
      }
      case RecordKind::text:
        add_file(fmt::format("texts/{}-{}.md", record.key, record.step), record.text, folder, log);
        break;
      case RecordKind::image:
        add_file(fmt::format("images/{}-{}.png", record.key, record.step),
                 read_file(run.folder / record.text), folder, log);
        break;
      case RecordKind::artifact:
        add_file(record.key, read_file(run.folder / record.text), folder, log);
        break;
      case RecordKind::start:
      case RecordKind::resume:
      case RecordKind::finish:
        break;
    }
  }

  static void add_scalars(const Record& record, OfflineRun& state, Log& log) {
    ProtobufMessage history, step, stats;
    bool has_history = false, has_stats = false;
    for (const auto& [key, value] : record.values) {
      constexpr std::string_view system = "system/";
      if (key.starts_with(system)) {  // W&B adds the word itself
        stats.message(3, item(key.substr(system.size()), bare_number(value)));
        has_stats = true;
        continue;
      }
      history.message(1, item(key, bare_number(value)));
      state.summary[key] = bare_number(value);
      has_history = true;
    }
    if (has_stats) log.add(kStats, stats.message(2, timestamp(record.time)));
    if (!has_history) return;
    history.message(1, item("step", std::to_string(record.step)))
        .message(1, item("_step", std::to_string(state.row)))
        .message(1, item("_timestamp", bare_number(record.time)))
        .message(1, item("_runtime", bare_number(record.time - state.started)))
        .message(2, step.integer(1, state.row));
    log.add(kHistory, history);
    ++state.row;
  }

  static void add_file(const std::string& name, const std::string& content, const fs::path& folder,
                       Log& log) {
    write_file(folder / "files" / name, content);
    ProtobufMessage file, files;
    log.add(kFiles, files.message(1, file.bytes(1, name)));
  }

  WandbOptions options_;
};

const bool registered = trackers().add<Wandb, WandbOptions>(
    "wandb", "offline runs of Weights & Biases, for `wandb sync`");

}  // namespace
}  // namespace winnow
