#pragma once
// An HTTP server of this process on a free port of 127.0.0.1: a handler says what becomes of each
// request. One connection for each request.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <boost/json.hpp>
#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace winnow::test {

struct Request {
  std::string target, head, body;  // head: request line and headers
  boost::json::object json() const { return boost::json::parse(body).as_object(); }
  // All text parts of the user's message.
  std::string user_text() const {
    const boost::json::object whole = json();
    const boost::json::value& content = whole.at("messages").as_array().back().at("content");
    if (content.is_string()) return std::string(content.as_string());
    std::string text;
    for (const auto& part : content.as_array()) {
      if (part.at("type").as_string() == "text") text += part.at("text").as_string().c_str();
    }
    return text;
  }
};

struct Reply {
  enum class Kind { answer, stall, drop };  // stall: until the server ends
  int status = 200;
  std::string body;
  std::vector<std::string> headers = {};
  Kind kind = Kind::answer;
};

inline Reply stall() { return {0, "", {}, Reply::Kind::stall}; }
inline Reply drop() { return {0, "", {}, Reply::Kind::drop}; }

// What an endpoint says when all is well.
inline Reply says(const std::string& text, std::int64_t prompt_tokens = 100,
                  std::int64_t completion_tokens = 10, const std::string& finish = "stop") {
  return {200,
          boost::json::serialize(boost::json::object{
              {"object", "chat.completion"},
              {"choices", boost::json::array{boost::json::object{
                              {"index", 0},
                              {"message", {{"role", "assistant"}, {"content", text}}},
                              {"finish_reason", finish}}}},
              {"usage",
               {{"prompt_tokens", prompt_tokens}, {"completion_tokens", completion_tokens}}}})};
}

class LocalServer {
 public:
  using Handler = std::function<Reply(const Request&)>;

  // The port is there at once; requests wait until start().
  LocalServer() {
    socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (socket_ < 0 || ::bind(socket_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
        ::listen(socket_, 128) != 0 ||
        ::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
      throw std::runtime_error("no server on 127.0.0.1");
    }
    port_ = ntohs(address.sin_port);
  }
  explicit LocalServer(Handler handler) : LocalServer() { start(std::move(handler)); }
  ~LocalServer() {
    stopped_ = true;
    ::shutdown(socket_, SHUT_RDWR);
    if (acceptor_.joinable()) acceptor_.join();
    for (std::thread& thread : connections_) thread.join();
    ::close(socket_);
  }

  void start(Handler handler) {
    handler_ = std::move(handler);
    acceptor_ = std::thread([this] { accept_all(); });
  }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/v1"; }
  int count() const { return count_; }
  int most_at_once() const { return most_at_once_; }
  std::vector<Request> requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }

 private:
  void accept_all() {
    while (!stopped_) {
      const int connection = ::accept4(socket_, nullptr, nullptr, SOCK_CLOEXEC);
      if (connection < 0) return;
      connections_.emplace_back([this, connection] {
        serve(connection);
        ::close(connection);
      });
    }
  }

  static bool read_request(int connection, Request& request) {
    std::string bytes;
    char buffer[65536];
    std::size_t head_end = std::string::npos, length = 0;
    while (head_end == std::string::npos || bytes.size() < head_end + 4 + length) {
      const ssize_t count = ::recv(connection, buffer, sizeof buffer, 0);
      if (count <= 0) return false;
      bytes.append(buffer, static_cast<std::size_t>(count));
      if (head_end != std::string::npos) continue;
      head_end = bytes.find("\r\n\r\n");
      const std::size_t at = bytes.find("Content-Length: ");
      if (head_end != std::string::npos && at < head_end)
        length = std::stoul(bytes.substr(at + 16));
    }
    request.head = bytes.substr(0, head_end);
    request.body = bytes.substr(head_end + 4);
    const std::size_t space = request.head.find(' ');
    request.target = request.head.substr(space + 1, request.head.find(' ', space + 1) - space - 1);
    return true;
  }

  void serve(int connection) {
    Request request;
    if (!read_request(connection, request)) return;
    const int now = ++at_once_;
    for (int most = most_at_once_; now > most && !most_at_once_.compare_exchange_weak(most, now);) {
    }
    {
      const std::lock_guard lock(mutex_);
      requests_.push_back(request);
    }
    ++count_;
    const Reply reply = handler_(request);
    --at_once_;
    if (reply.kind == Reply::Kind::drop) return;
    while (reply.kind == Reply::Kind::stall && !stopped_) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    std::string text = "HTTP/1.1 " + std::to_string(reply.status) +
                       " Said\r\nContent-Type: application/json\r\nConnection: close\r\n"
                       "Content-Length: " +
                       std::to_string(reply.body.size()) + "\r\n";
    for (const std::string& header : reply.headers) text += header + "\r\n";
    text += "\r\n" + reply.body;
    (void)!::send(connection, text.data(), text.size(), MSG_NOSIGNAL);
  }

  int socket_ = -1, port_ = 0;
  Handler handler_;
  std::thread acceptor_;
  std::vector<std::thread> connections_;
  std::atomic<bool> stopped_{false};
  std::atomic<int> count_{0}, at_once_{0}, most_at_once_{0};
  mutable std::mutex mutex_;
  std::vector<Request> requests_;
};

}  // namespace winnow::test
