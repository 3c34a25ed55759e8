#include "trackers/mlflow_client.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <filesystem>

#include "core/base64.h"
#include "core/files.h"
#include "core/printable.h"
#include "trackers/tracker.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr const char* kJson = "Content-Type: application/json";

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::string authorization() {
  const std::string token = variable("MLFLOW_TRACKING_TOKEN");
  if (!token.empty()) return "Authorization: Bearer " + token;
  const std::string user = variable("MLFLOW_TRACKING_USERNAME");
  if (user.empty()) return "";
  return "Authorization: Basic " + base64(user + ":" + variable("MLFLOW_TRACKING_PASSWORD"));
}

std::string text_in(const json::object& object, const char* key) {
  const json::value* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->as_string()) : "";
}

json::object object_in(const std::string& body) {
  boost::system::error_code error;
  const json::value value = json::parse(body, error);
  return !error && value.is_object() ? value.as_object() : json::object();
}

// Of any server that is busy or broken for the moment.
bool may_pass(int status) {
  return status == 0 || status == 408 || status == 425 || status == 429 || status >= 500;
}

[[noreturn]] void fail(const HttpResult& result) {
  if (result.status == 0) throw TrackerError(result.failure, true);
  const json::object answer = object_in(result.body);
  std::string words = text_in(answer, "message");
  if (words.empty()) words = result.body;
  std::string message =
      fmt::format("it answers {}: {}", result.status, shortened(printable(words), 200));
  if (result.status == 401 || result.status == 403) {
    message +=
        " (MLFLOW_TRACKING_TOKEN, or MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, say "
        "who asks)";
  }
  throw TrackerError(message, may_pass(result.status), result.retry_after_seconds);
}

// Where a server that passes files on keeps them; empty for another scheme.
std::string proxied_path(const std::string& artifact_uri) {
  constexpr std::string_view scheme = "mlflow-artifacts:";
  if (!artifact_uri.starts_with(scheme)) return "";
  std::string path = artifact_uri.substr(scheme.size());
  if (path.starts_with("//")) {
    const std::size_t slash = path.find('/', 2);
    path = slash == std::string::npos ? "" : path.substr(slash);
  }
  return path.substr(std::min(path.find_first_not_of('/'), path.size()));
}

// A folder on the server's machine; empty for anything else.
fs::path local_folder(const std::string& artifact_uri) {
  if (artifact_uri.starts_with("/")) return artifact_uri;
  constexpr std::string_view scheme = "file://";
  return artifact_uri.starts_with(scheme) ? fs::path(artifact_uri.substr(scheme.size()))
                                          : fs::path();
}

}  // namespace

MlflowClient::MlflowClient(std::string uri)
    : uri_(std::move(uri)), authorization_(authorization()), http_({5.0, 60.0}) {
  while (uri_.ends_with('/')) uri_.pop_back();
}

json::object MlflowClient::call(const std::string& path, const std::string& body,
                                const std::atomic<bool>& stop) const {
  return *call_unless({}, path, body, stop);
}

std::optional<json::object> MlflowClient::call_unless(const std::vector<std::string>& codes,
                                                      const std::string& path,
                                                      const std::string& body,
                                                      const std::atomic<bool>& stop) const {
  std::vector<std::string> headers = {kJson};
  if (!authorization_.empty()) headers.push_back(authorization_);
  const HttpResult result = http_.send(body.empty() ? "GET" : "POST",
                                       uri_ + "/api/2.0/mlflow/" + path, headers, body, stop);
  if (result.status == 200) return object_in(result.body);
  const std::string code = text_in(object_in(result.body), "error_code");
  if (!code.empty() && std::find(codes.begin(), codes.end(), code) != codes.end()) {
    return std::nullopt;
  }
  fail(result);
}

bool MlflowClient::put_artifact(const std::string& artifact_uri, const std::string& name,
                                const std::string& content, const std::atomic<bool>& stop) const {
  const std::string path = proxied_path(artifact_uri);
  if (!path.empty()) {
    std::vector<std::string> headers = {"Content-Type: application/octet-stream", "Expect:"};
    if (!authorization_.empty()) headers.push_back(authorization_);
    const HttpResult result = http_.send(
        "PUT",
        fmt::format("{}/api/2.0/mlflow-artifacts/artifacts/{}", uri_, url_path(path + "/" + name)),
        headers, content, stop);
    if (result.status != 200) fail(result);
    return true;
  }
  const fs::path folder = local_folder(artifact_uri);
  if (folder.empty() || !is_loopback(uri_)) return false;
  write_file(folder / name, content);
  return true;
}

std::string mlflow_name(std::string_view name) {
  std::string result(name.substr(0, 250));
  for (char& c : result) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80 && !std::isalnum(byte) &&
        std::string_view("_/-. :").find(c) == std::string_view::npos) {
      c = '_';
    }
  }
  // A path has to be its own normal form.
  const fs::path path(result);
  const bool is_normal = !result.empty() && path.lexically_normal().string() == result &&
                         path.has_filename() && path.is_relative() && result != "." &&
                         !result.starts_with("..");
  if (!is_normal) {
    std::replace(result.begin(), result.end(), '/', '_');
    if (result.empty() || result == "." || result == "..") result = "_";
  }
  return result;
}

std::string url_path(std::string_view path) {
  std::string result;
  for (const char c : path) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = byte < 0x80 && (std::isalnum(byte) ||
                                       std::string_view("-._~/").find(c) != std::string_view::npos);
    result += plain ? std::string(1, c) : fmt::format("%{:02X}", byte);
  }
  return result;
}

}  // namespace winnow
