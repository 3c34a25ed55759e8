// TensorBoard: an event file for each run and each of its children, a folder each. Scalars, texts,
// images, and the parameters of a run for the dashboard HPARAMS.

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <map>

#include "core/errors.h"
#include "core/files.h"
#include "trackers/event_file.h"
#include "trackers/output_file.h"
#include "trackers/tracker.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

struct TensorboardOptions {
  fs::path folder;
};
BOOST_DESCRIBE_STRUCT(TensorboardOptions, (), (folder))
config::Help help(const TensorboardOptions&) {
  return {{"folder",
           "logdir: a folder for each run goes below it; empty: the run's own, "
           "tracking/tensorboard"}};
}

// What is remembered of a run or a child.
struct EventFile {
  std::string name;                               // of the file
  std::uint64_t length = 0;                       // 0: it is not there yet
  std::int64_t second = 0;                        // in the file's name, which readers sort by
  std::map<std::string, std::string> parameters;  // that wait for the first value
};
BOOST_DESCRIBE_STRUCT(EventFile, (), (name, length, second, parameters))

std::string host_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) return "localhost";
  return name.data();
}

class Tensorboard : public Tracker {
 public:
  explicit Tensorboard(TensorboardOptions options) : options_(std::move(options)) {}

  std::string destination(const TrackedRunFacts& run) const override {
    return (options_.folder.empty() ? run.folder / "tensorboard" : options_.folder / run.name)
        .string();
  }

  void take(const TrackedRunFacts& run, const std::vector<Record>& records, json::object& memory,
            const std::atomic<bool>&) override {
    std::map<std::string, std::string> events;
    std::map<std::string, EventFile> files;
    for (const Record& record : records) {
      auto known = files.find(record.run);
      if (known == files.end()) {
        known = files.emplace(record.run, EventFile{}).first;
        if (const json::value* stored = memory.if_contains(record.run)) {
          known->second = json::value_to<EventFile>(*stored);
        }
      }
      add(record, run, known->second, events[record.run]);
    }
    for (auto& [path, file] : files) {
      if (!events[path].empty()) write(run, path, file, events[path]);
      memory[path] = json::value_from(file);
    }
  }

 private:
  static void add(const Record& record, const TrackedRunFacts& run, EventFile& file,
                  std::string& events) {
    const bool shows = record.kind == RecordKind::scalars || record.kind == RecordKind::text ||
                       record.kind == RecordKind::image || record.kind == RecordKind::finish;
    if (shows && !file.parameters.empty()) {
      events += hparams_event(record.time, {file.parameters.begin(), file.parameters.end()});
      file.parameters.clear();
    }
    switch (record.kind) {
      case RecordKind::parameter:
        file.parameters.emplace(record.key, record.text);
        break;
      case RecordKind::scalars:
        events += scalars_event(record.time, record.step, record.values);
        break;
      case RecordKind::text:
        events += text_event(record.time, record.step, record.key, record.text);
        break;
      case RecordKind::image:
        try {
          events += image_event(record.time, record.step, record.key,
                                read_file(run.folder / record.text));
        } catch (const DataError& error) {
          spdlog::warn("TensorBoard does not get an image of {}: {}", run.name, error.what());
        }
        break;
      case RecordKind::finish:
        // The first end that is written counts for good, and what failed may be taken up again.
        if (record.text == "finished") events += hparams_end_event(record.time);
        break;
      case RecordKind::start:
      case RecordKind::resume:
      case RecordKind::setting:
      case RecordKind::tag:
      case RecordKind::artifact:
        break;
    }
  }

  // A process goes on in a file of its own, which sorts behind those before: readers leave a file
  // once there is a newer one.
  void write(const TrackedRunFacts& run, const std::string& path, EventFile& file,
             std::string events) {
    const fs::path folder = fs::path(destination(run)) / path;
    std::string& own = opened_[folder.string()];
    if (own.empty()) {
      if (fs::exists(folder / file.name) && file.length > 0) {
        write_at(folder / file.name, file.length, {});
      }
      file.second = std::max(static_cast<std::int64_t>(seconds_now()), file.second + 1);
      own = fmt::format("events.out.tfevents.{:010}.{}.{}.0", file.second, host_name(), ::getpid());
    }
    if (file.name != own) {
      file.name = own;
      file.length = 0;
    }
    if (file.length == 0) events = version_event(seconds_now()) + events;
    file.length = write_at(folder / file.name, file.length, events);
  }

  TensorboardOptions options_;
  std::map<std::string, std::string> opened_;  // names of this object's files, by folder
};

const bool registered = trackers().add<Tensorboard, TensorboardOptions>(
    "tensorboard", "event files that TensorBoard shows");

}  // namespace
}  // namespace winnow
