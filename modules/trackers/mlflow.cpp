// MLflow by its REST interface: a run with its children nested below it, and below one run more for
// a sweep. Numbers go in batches, with the times at which they were measured.

#include <fmt/format.h>
#include <pwd.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>

#include "core/files.h"
#include "core/printable.h"
#include "trackers/mlflow_client.h"
#include "trackers/tracker.h"

namespace winnow {
namespace {

namespace json = boost::json;

struct MlflowOptions {
  std::string uri, experiment;
  double patience = 10.0;
};
BOOST_DESCRIBE_STRUCT(MlflowOptions, (), (uri, experiment, patience))
config::Help help(const MlflowOptions&) {
  return {{"uri", "of the server, http or https; empty: MLFLOW_TRACKING_URI of the environment"},
          {"experiment", "MLflow's; empty: MLFLOW_EXPERIMENT_NAME of the environment, else winnow"},
          {"patience", "seconds that the end of a run waits for the server", config::at_least(0)}};
}

// What a batch may hold, all together and of parameters or tags.
constexpr std::size_t kMetricsAtOnce = 800, kWordsAtOnce = 100;
constexpr std::size_t kLongestParameter = 6000, kLongestTag = 5000;

std::int64_t milliseconds(double time) { return std::llround(time * 1000.0); }

std::string user_name() {
  const passwd* entry = ::getpwuid(::getuid());
  return entry == nullptr ? "" : entry->pw_name;
}

struct RemoteRun {
  std::string id, artifacts;
};
BOOST_DESCRIBE_STRUCT(RemoteRun, (), (id, artifacts))

// What is known of the server; also what is remembered.
struct Known {
  std::string experiment;                 // its id
  std::map<std::string, RemoteRun> runs;  // by path
  bool no_artifacts = false;              // which is said once
};
BOOST_DESCRIBE_STRUCT(Known, (), (experiment, runs, no_artifacts))

// What goes to one run at once.
struct Batch {
  std::vector<std::string> metrics;  // JSON objects
  std::map<std::string, std::string> parameters, tags;
  bool is_full() const {
    return metrics.size() >= kMetricsAtOnce || parameters.size() >= kWordsAtOnce ||
           tags.size() >= kWordsAtOnce;
  }
};

std::string joined(const std::vector<std::string>& items) {
  return fmt::format("[{}]", fmt::join(items, ","));
}

std::string joined(const std::map<std::string, std::string>& words) {
  std::vector<std::string> items;
  for (const auto& [key, value] : words) {
    items.push_back(fmt::format("{{\"key\":{},\"value\":{}}}", json_text(key), json_text(value)));
  }
  return joined(items);
}

std::string tag_name(const std::string& key) {
  if (key == "commit") return "mlflow.source.git.commit";
  return mlflow_name(key);
}

// One call of take(): the client, what is known, and what waits to be sent.
class Sending {
 public:
  Sending(const MlflowClient& client, const std::string& experiment, const TrackedRunFacts& run,
          Known& known, const std::atomic<bool>& stop)
      : client_(client), run_(run), known_(known), stop_(stop) {
    find_experiment(experiment);
  }

  void add(const Record& record) {
    const RemoteRun& remote = find_run(record);
    Batch& batch = batches_[record.run];
    switch (record.kind) {
      case RecordKind::start:
        break;
      case RecordKind::scalars:
        for (const auto& [key, value] : record.values) {
          batch.metrics.push_back(
              fmt::format("{{\"key\":{},\"value\":{},\"timestamp\":{},\"step\":{}}}",
                          json_text(mlflow_name(key)), json_number(value),
                          milliseconds(record.time), record.step));
        }
        break;
      case RecordKind::parameter:
      case RecordKind::setting:
        batch.parameters.emplace(mlflow_name(record.key),
                                 shortened(record.text, kLongestParameter - 8));
        break;
      case RecordKind::tag:
        batch.tags[tag_name(record.key)] = shortened(record.text, kLongestTag - 8);
        break;
      case RecordKind::text:
        put(remote, fmt::format("texts/{}-{}.md", record.key, record.step), record.text);
        break;
      case RecordKind::image:
        put(remote, fmt::format("images/{}-{}.png", record.key, record.step),
            read_file(run_.folder / record.text));
        break;
      case RecordKind::artifact:
        put(remote, record.key, read_file(run_.folder / record.text));
        break;
      case RecordKind::resume:
        update(remote.id, "RUNNING", {});
        break;
      case RecordKind::finish:
        send(record.run);
        finish(remote, record);
        break;
    }
    if (batch.is_full()) send(record.run);
  }

  void send_all() {
    for (const auto& [path, batch] : batches_) send(path);
  }

 private:
  void find_experiment(const std::string& name) {
    if (!known_.experiment.empty()) return;
    const std::string query = "experiments/get-by-name?experiment_name=" + url_path(name);
    auto found = client_.call_unless({"RESOURCE_DOES_NOT_EXIST"}, query, "", stop_);
    if (!found) {
      const auto made = client_.call_unless({"RESOURCE_ALREADY_EXISTS"}, "experiments/create",
                                            fmt::format("{{\"name\":{}}}", json_text(name)), stop_);
      if (made) {
        known_.experiment = made->at("experiment_id").as_string();
        return;
      }
      found = client_.call(query, "", stop_);  // another process was faster
    }
    const json::value& experiment = found->at("experiment");
    const std::string id(experiment.at("experiment_id").as_string());
    if (experiment.at("lifecycle_stage").as_string() == "deleted") {
      client_.call("experiments/restore", fmt::format("{{\"experiment_id\":{}}}", json_text(id)),
                   stop_);
    }
    known_.experiment = id;
  }

  // The run of a record: known, there already, or made.
  const RemoteRun& find_run(const Record& record) {
    const auto known = known_.runs.find(record.run);
    if (known != known_.runs.end()) return known->second;
    std::string parent;
    if (!record.run.empty()) {
      parent = runs_of_parents(record.run);
    } else if (!run_.group.empty()) {
      parent = find_or_make("group " + run_.group, run_.group, "", record.time).id;
    }
    return known_.runs[record.run] =
               find_or_make(run_.id + "/" + record.run,
                            record.run.empty() ? run_.name : child_path(run_.name, record.run),
                            parent, record.time);
  }

  // A child is told of after its parent.
  std::string runs_of_parents(const std::string& run) {
    return find_run({.kind = RecordKind::start, .run = parent_path(run), .time = seconds_now()}).id;
  }

  // `mark`: a tag that no other run has. A process may have been killed between making a run and
  // remembering it.
  RemoteRun find_or_make(const std::string& mark, const std::string& name,
                         const std::string& parent, double time) {
    std::string quoted = mark;
    std::replace(quoted.begin(), quoted.end(), '\'', '_');
    const std::string filter = fmt::format("tags.`winnow.run` = '{}'", quoted);
    const json::object found =
        client_.call("runs/search",
                     fmt::format("{{\"experiment_ids\":[{}],\"filter\":{},\"max_results\":1}}",
                                 json_text(known_.experiment), json_text(filter)),
                     stop_);
    const json::value* runs = found.if_contains("runs");
    if (runs != nullptr && !runs->as_array().empty()) return remote_of(runs->as_array().front());
    std::map<std::string, std::string> tags = {{"winnow.run", quoted},
                                               {"mlflow.user", user_name()},
                                               {"mlflow.source.name", "winnow"},
                                               {"mlflow.source.type", "LOCAL"}};
    if (!parent.empty()) tags["mlflow.parentRunId"] = parent;
    const json::object made = client_.call(
        "runs/create",
        fmt::format("{{\"experiment_id\":{},\"run_name\":{},\"start_time\":{},\"user_id\":{},"
                    "\"tags\":{}}}",
                    json_text(known_.experiment), json_text(name), milliseconds(time),
                    json_text(user_name()), joined(tags)),
        stop_);
    return remote_of(made.at("run"));
  }

  static RemoteRun remote_of(const json::value& run) {
    const json::value& info = run.at("info");
    return {std::string(info.at("run_id").as_string()),
            std::string(info.at("artifact_uri").as_string())};
  }

  void put(const RemoteRun& remote, const std::string& name, const std::string& content) {
    if (client_.put_artifact(remote.artifacts, name, content, stop_)) return;
    if (known_.no_artifacts) return;
    known_.no_artifacts = true;
    spdlog::warn(
        "{}: files are not sent, since its artifacts lie in {}, which only a client of that "
        "storage can write; a server that is started with --serve-artifacts passes them on",
        client_.uri(), shortened(printable(remote.artifacts), 200));
  }

  void send(const std::string& path) {
    Batch batch = std::move(batches_[path]);
    batches_[path] = {};
    const std::string& id = known_.runs.at(path).id;
    while (!batch.metrics.empty() || !batch.parameters.empty() || !batch.tags.empty()) {
      // A record has several numbers, so a batch may be a little over what is sent at once.
      const std::size_t count = std::min(batch.metrics.size(), kMetricsAtOnce);
      const std::vector<std::string> metrics(
          batch.metrics.begin(), batch.metrics.begin() + static_cast<std::ptrdiff_t>(count));
      client_.call(
          "runs/log-batch",
          fmt::format("{{\"run_id\":{},\"metrics\":{},\"params\":{},\"tags\":{}}}", json_text(id),
                      joined(metrics), joined(batch.parameters), joined(batch.tags)),
          stop_);
      batch.metrics.erase(batch.metrics.begin(),
                          batch.metrics.begin() + static_cast<std::ptrdiff_t>(count));
      batch.parameters.clear();
      batch.tags.clear();
    }
  }

  void update(const std::string& id, const std::string& status, std::optional<double> end) {
    client_.call("runs/update",
                 fmt::format("{{\"run_id\":{},\"status\":\"{}\"{}}}", json_text(id), status,
                             end ? fmt::format(",\"end_time\":{}", milliseconds(*end)) : ""),
                 stop_);
  }

  void finish(const RemoteRun& remote, const Record& record) {
    const std::string status = record.text == "finished" ? "FINISHED"
                               : record.text == "killed" ? "KILLED"
                                                         : "FAILED";
    update(remote.id, status, record.time);
    if (!record.run.empty() || run_.group.empty()) return;
    // A sweep ends with its last run.
    update(find_or_make("group " + run_.group, run_.group, "", record.time).id, status,
           record.time);
  }

  const MlflowClient& client_;
  const TrackedRunFacts& run_;
  Known& known_;
  const std::atomic<bool>& stop_;
  std::map<std::string, Batch> batches_;
};

class Mlflow : public Tracker {
 public:
  explicit Mlflow(MlflowOptions options)
      : options_(std::move(options)),
        client_(uri_of(options_)),
        experiment_(experiment_of(options_)) {}

  std::string destination(const TrackedRunFacts&) const override {
    return fmt::format("{}, experiment {}", client_.uri(), experiment_);
  }
  double patience() const override { return options_.patience; }

  void take(const TrackedRunFacts& run, const std::vector<Record>& records, json::object& memory,
            const std::atomic<bool>& stop) override {
    // After a failure this object knows more than is remembered.
    if (known_.experiment.empty() && !memory.empty())
      known_ = json::value_to<Known>(json::value(memory));
    Sending sending(client_, experiment_, run, known_, stop);
    for (const Record& record : records) sending.add(record);
    sending.send_all();
    memory = json::value_from(known_).as_object();
  }

 private:
  static std::string uri_of(const MlflowOptions& options) {
    const char* variable = std::getenv("MLFLOW_TRACKING_URI");
    const std::string uri = !options.uri.empty()  ? options.uri
                            : variable == nullptr ? ""
                                                  : variable;
    if (uri.starts_with("http://") || uri.starts_with("https://")) {
      if (uri.find('@') == std::string::npos) return uri;
      throw ConfigError(
          "tracker mlflow: the address holds a name or a password; leave them out of it and set "
          "MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD");
    }
    throw ConfigError(fmt::format(
        "tracker mlflow: {}; set the option uri or the environment variable MLFLOW_TRACKING_URI to "
        "the http(s) address of a server (`mlflow server` starts one)",
        uri.empty() ? "no server is named" : "'" + uri + "' is not the address of a server"));
  }
  static std::string experiment_of(const MlflowOptions& options) {
    const char* variable = std::getenv("MLFLOW_EXPERIMENT_NAME");
    if (!options.experiment.empty()) return options.experiment;
    return variable == nullptr || *variable == '\0' ? "winnow" : variable;
  }

  MlflowOptions options_;
  MlflowClient client_;
  std::string experiment_;
  Known known_;  // of the one run that it is told of
};

const bool registered =
    trackers().add<Mlflow, MlflowOptions>("mlflow", "a server of MLflow, by REST");

}  // namespace
}  // namespace winnow
