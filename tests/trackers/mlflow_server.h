#pragma once
// A server that keeps what MLflow's would, as far as a tracker asks for it, and refuses what that
// one refuses. What becomes of a request can be changed to try how a tracker bears it.

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <tuple>

#include "endpoints/local_server.h"

namespace winnow::test {

struct StoredRun {
  std::string name, status = "RUNNING", parent, mark;
  std::int64_t start = 0, end = 0;
  // (key, step, value as JSON, milliseconds): an exact repetition is one, as in SQL stores.
  std::set<std::tuple<std::string, std::int64_t, std::string, std::int64_t>> metrics;
  std::map<std::string, std::string> parameters, tags, artifacts;
};

class MlflowServer {
 public:
  // Says what becomes of a request instead of its answer; nothing: it is answered.
  using Trouble = std::function<std::optional<Reply>(const Request&)>;

  explicit MlflowServer(Trouble trouble = {})
      : trouble_(std::move(trouble)), server_([this](const Request& request) {
          const std::lock_guard lock(mutex_);
          if (trouble_) {
            if (const auto reply = trouble_(request)) return *reply;
          }
          return answer(request);
        }) {}

  std::string uri() const {
    const std::string url = server_.url();  // which ends with the version of another interface
    return url.substr(0, url.rfind('/'));
  }
  void set_trouble(Trouble trouble) {
    const std::lock_guard lock(mutex_);
    trouble_ = std::move(trouble);
  }
  std::map<std::string, StoredRun> runs() const {  // by name
    const std::lock_guard lock(mutex_);
    std::map<std::string, StoredRun> result;
    for (const StoredRun& run : runs_) result[run.name] = run;
    return result;
  }
  std::size_t count() const {
    const std::lock_guard lock(mutex_);
    return runs_.size();
  }
  std::vector<std::string> complaints() const {
    const std::lock_guard lock(mutex_);
    return complaints_;
  }
  int requests() const { return server_.count(); }

 private:
  static Reply ok(const boost::json::object& body) { return {200, boost::json::serialize(body)}; }
  static Reply error(int status, const std::string& code, const std::string& message) {
    return {status, boost::json::serialize(
                        boost::json::object{{"error_code", code}, {"message", message}})};
  }
  static std::string text(const boost::json::value& value) {
    return std::string(value.as_string());
  }
  boost::json::object info_of(std::size_t index) const {
    const std::string id = fmt::format("{:032}", index);
    return {
        {"info", {{"run_id", id}, {"artifact_uri", "mlflow-artifacts:/1/" + id + "/artifacts"}}}};
  }

  Reply answer(const Request& request) {
    const std::string& target = request.target;
    const std::string artifacts = "/api/2.0/mlflow-artifacts/artifacts/1/";
    if (target.starts_with(artifacts)) {
      const std::size_t index = std::stoul(target.substr(artifacts.size(), 32));
      const std::string folder = artifacts + target.substr(artifacts.size(), 32) + "/artifacts/";
      runs_.at(index).artifacts[target.substr(folder.size())] = request.body;
      return ok({});
    }
    const std::string path = target.substr(std::string("/api/2.0/mlflow/").size());
    if (path.starts_with("experiments/get-by-name")) {
      if (!experiment_) return error(404, "RESOURCE_DOES_NOT_EXIST", "no experiment");
      return ok({{"experiment", {{"experiment_id", "1"}, {"lifecycle_stage", "active"}}}});
    }
    if (path == "experiments/create") {
      experiment_ = true;
      return ok({{"experiment_id", "1"}});
    }
    const boost::json::object body = request.json();
    if (path == "runs/search") {
      const std::string filter = text(body.at("filter"));
      boost::json::array found;
      for (std::size_t i = 0; i < runs_.size(); ++i) {
        if (filter == "tags.`winnow.run` = '" + runs_[i].mark + "'") found.push_back(info_of(i));
      }
      return ok({{"runs", found}});
    }
    if (path == "runs/create") {
      if (text(body.at("experiment_id")) != "1") complaints_.push_back("experiment");
      StoredRun run;
      run.name = text(body.at("run_name"));
      run.start = body.at("start_time").as_int64();
      for (const auto& tag : body.at("tags").as_array()) {
        run.tags[text(tag.at("key"))] = text(tag.at("value"));
      }
      run.mark = run.tags.at("winnow.run");
      run.parent = run.tags["mlflow.parentRunId"];
      runs_.push_back(run);
      return ok({{"run", info_of(runs_.size() - 1)}});
    }
    StoredRun& run = runs_.at(std::stoul(text(body.at("run_id"))));
    if (path == "runs/update") {
      run.status = text(body.at("status"));
      if (const auto* end = body.if_contains("end_time")) run.end = end->as_int64();
      return ok({});
    }
    if (path == "runs/log-batch") return log_batch(body, run);
    return {404, "<html>"};
  }

  Reply log_batch(const boost::json::object& body, StoredRun& run) {
    const boost::json::array& metrics = body.at("metrics").as_array();
    const boost::json::array& parameters = body.at("params").as_array();
    const boost::json::array& tags = body.at("tags").as_array();
    if (metrics.size() > 1000 || parameters.size() > 100 || tags.size() > 100 ||
        metrics.size() + parameters.size() + tags.size() > 1000) {
      complaints_.push_back("the batch is too large");
      return error(400, "INVALID_PARAMETER_VALUE", "too many");
    }
    for (const auto& metric : metrics) {
      run.metrics.emplace(text(metric.at("key")), metric.at("step").as_int64(),
                          boost::json::serialize(metric.at("value")),
                          metric.at("timestamp").as_int64());
    }
    for (const auto& parameter : parameters) {
      const auto [known, is_new] =
          run.parameters.emplace(text(parameter.at("key")), text(parameter.at("value")));
      if (!is_new && known->second != text(parameter.at("value"))) {
        complaints_.push_back("a parameter is changed");
        return error(400, "INVALID_PARAMETER_VALUE", "changed");
      }
    }
    for (const auto& tag : tags) run.tags[text(tag.at("key"))] = text(tag.at("value"));
    return ok({});
  }

  mutable std::mutex mutex_;
  Trouble trouble_;
  bool experiment_ = false;
  std::vector<StoredRun> runs_;
  std::vector<std::string> complaints_;
  LocalServer server_;
};

}  // namespace winnow::test
