#pragma once
// Requests over HTTP by libcurl, with limits on time and size. Knows nothing of what is sent.

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace winnow {

struct HttpLimits {
  double connect_seconds = 10.0;
  double total_seconds = 120.0;  // from the start to the last byte of the answer
  std::size_t response_bytes = std::size_t{16} << 20;
};

struct HttpResult {
  int status = 0;       // 0: there was no whole answer, and `failure` says why
  std::string failure;  // libcurl's words, without the address
  std::string body;
  std::optional<double> retry_after_seconds = {};  // the header of this name, either form
};

// Thread-safe: a call takes a connection of its own, which later calls use again. Redirections are
// not followed. A proxy named by the environment is used, but for this machine itself.
class HttpClient {
 public:
  explicit HttpClient(HttpLimits limits);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // `headers` are whole lines ("Name: value"). Ends early when `stop` becomes true.
  HttpResult post(const std::string& url, const std::vector<std::string>& headers,
                  const std::string& body, const std::atomic<bool>& stop) const {
    return send("POST", url, headers, body, stop);
  }
  // The same by another method: "GET", whose body is empty, or "PUT".
  HttpResult send(const std::string& method, const std::string& url,
                  const std::vector<std::string>& headers, const std::string& body,
                  const std::atomic<bool>& stop) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Whether the host of an http(s) address is this machine: localhost, 127.x.x.x or [::1].
bool is_loopback(const std::string& url);

}  // namespace winnow
