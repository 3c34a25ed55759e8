#pragma once
// MLflow's REST interface, as far as a tracker needs it. Credentials come from the environment
// alone: MLFLOW_TRACKING_TOKEN, or MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD; no
// message shows them.

#include <atomic>
#include <boost/json.hpp>
#include <string>
#include <string_view>

#include "endpoints/http_client.h"

namespace winnow {

class MlflowClient {
 public:
  // `uri`: http or https, with a path or without.
  explicit MlflowClient(std::string uri);

  // Calls <uri>/api/2.0/mlflow/<path> with a JSON body, or with GET where the body is empty; gives
  // the answer. Throws TrackerError with the server's words.
  boost::json::object call(const std::string& path, const std::string& body,
                           const std::atomic<bool>& stop) const;
  // The same, but nothing where the server answers one of these error codes.
  std::optional<boost::json::object> call_unless(const std::vector<std::string>& codes,
                                                 const std::string& path, const std::string& body,
                                                 const std::atomic<bool>& stop) const;
  // Puts a file where the artifacts of a run lie (`artifact_uri` of its info). Returns false where
  // only a client of that storage could: the server does not pass files on.
  bool put_artifact(const std::string& artifact_uri, const std::string& name,
                    const std::string& content, const std::atomic<bool>& stop) const;

  const std::string& uri() const { return uri_; }

 private:
  std::string uri_, authorization_;
  HttpClient http_;
};

// A name as MLflow takes it: letters, digits and "_/-. :", 250 bytes, a path without empty parts;
// anything else becomes "_".
std::string mlflow_name(std::string_view name);

// Percent-encoded, slashes stay.
std::string url_path(std::string_view path);

}  // namespace winnow
