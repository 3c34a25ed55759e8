#include "endpoints/http_client.h"

#include <curl/curl.h>

#include <cmath>
#include <mutex>
#include <new>
#include <stdexcept>

namespace winnow {
namespace {

void initialise_once() {
  static const CURLcode code = ::curl_global_init(CURL_GLOBAL_DEFAULT);
  if (code != CURLE_OK) throw std::runtime_error(::curl_easy_strerror(code));
}

struct FreeHeaders {
  void operator()(curl_slist* list) const { ::curl_slist_free_all(list); }
};
using Headers = std::unique_ptr<curl_slist, FreeHeaders>;

Headers header_list(const std::vector<std::string>& lines) {
  Headers list;
  for (const std::string& line : lines) {
    curl_slist* longer = ::curl_slist_append(list.get(), line.c_str());
    if (longer == nullptr) throw std::bad_alloc();
    (void)list.release();
    list.reset(longer);
  }
  return list;
}

struct Receiver {
  std::string body;
  std::size_t maximum;
  bool too_large = false;
};

// Called by libcurl, through which no exception may pass.
std::size_t receive(char* bytes, std::size_t size, std::size_t count, void* target) noexcept {
  auto& receiver = *static_cast<Receiver*>(target);
  if (receiver.body.size() + size * count > receiver.maximum) {
    receiver.too_large = true;
    return 0;
  }
  receiver.body.append(bytes, size * count);
  return size * count;
}

int should_stop(void* flag, curl_off_t, curl_off_t, curl_off_t, curl_off_t) noexcept {
  return static_cast<const std::atomic<bool>*>(flag)->load() ? 1 : 0;
}

long milliseconds(double seconds) { return std::lround(seconds * 1000.0); }

}  // namespace

bool is_loopback(const std::string& url) {
  const std::size_t scheme = url.find("://");
  if (scheme == std::string::npos) return false;
  std::string host = url.substr(scheme + 3);
  host = host.substr(0, host.find_first_of("/?#"));
  if (host.rfind("[::1]", 0) == 0) return true;
  host = host.substr(0, host.find(':'));
  const bool is_number = host.find_first_not_of("0123456789.") == std::string::npos;
  return host == "localhost" || (is_number && host.rfind("127.", 0) == 0);
}

struct HttpClient::State {
  HttpLimits limits;
  std::mutex mutex;
  std::vector<CURL*> idle;

  CURL* take() {
    {
      const std::lock_guard lock(mutex);
      if (!idle.empty()) {
        CURL* handle = idle.back();
        idle.pop_back();
        return handle;
      }
    }
    CURL* handle = ::curl_easy_init();
    if (handle == nullptr) throw std::bad_alloc();
    return handle;
  }
  void give_back(CURL* handle) {
    ::curl_easy_reset(handle);  // keeps its connections
    const std::lock_guard lock(mutex);
    idle.push_back(handle);
  }
};

HttpClient::HttpClient(HttpLimits limits) : state_(std::make_unique<State>()) {
  initialise_once();
  state_->limits = limits;
}

HttpClient::~HttpClient() {
  for (CURL* handle : state_->idle) ::curl_easy_cleanup(handle);
}

HttpResult HttpClient::send(const std::string& method, const std::string& url,
                            const std::vector<std::string>& headers, const std::string& body,
                            const std::atomic<bool>& stop) const {
  const HttpLimits& limits = state_->limits;
  Receiver receiver{{}, limits.response_bytes};
  const Headers list = header_list(headers);
  CURL* handle = state_->take();
  ::curl_easy_setopt(handle, CURLOPT_URL, url.c_str());
  ::curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
  ::curl_easy_setopt(handle, CURLOPT_USERAGENT, "winnow");
  ::curl_easy_setopt(handle, CURLOPT_HTTPHEADER, list.get());
  ::curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, method.c_str());
  if (method != "GET") {
    ::curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
    ::curl_easy_setopt(handle, CURLOPT_POSTFIELDS, body.data());
  }
  ::curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, receive);
  ::curl_easy_setopt(handle, CURLOPT_WRITEDATA, &receiver);
  ::curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
  ::curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, milliseconds(limits.connect_seconds));
  ::curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, milliseconds(limits.total_seconds));
  ::curl_easy_setopt(handle, CURLOPT_NOPROGRESS, 0L);
  ::curl_easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, should_stop);
  ::curl_easy_setopt(handle, CURLOPT_XFERINFODATA, &stop);
  if (is_loopback(url)) ::curl_easy_setopt(handle, CURLOPT_NOPROXY, "*");

  HttpResult result;
  const CURLcode code = ::curl_easy_perform(handle);
  if (code == CURLE_OK) {
    long status = 0;
    ::curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
    result.status = static_cast<int>(status);
    curl_off_t seconds = 0;
    ::curl_easy_getinfo(handle, CURLINFO_RETRY_AFTER, &seconds);
    if (seconds > 0) result.retry_after_seconds = static_cast<double>(seconds);
    result.body = std::move(receiver.body);
  } else {
    result.failure = receiver.too_large ? "the answer is too large" : ::curl_easy_strerror(code);
  }
  state_->give_back(handle);
  return result;
}

}  // namespace winnow
