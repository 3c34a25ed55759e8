#include "endpoints/endpoint.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <cstdlib>

#include "core/base64.h"
#include "core/random.h"
#include "endpoints/http_client.h"
#include "endpoints/pace.h"

namespace winnow {
namespace json = boost::json;
namespace {

json::value user_content(const ChatRequest& request) {
  const bool only_text =
      std::all_of(request.user.begin(), request.user.end(),
                  [](const ChatPart& part) { return part.kind == ChatPart::Kind::text; });
  std::string text;
  json::array parts;
  for (const ChatPart& part : request.user) {
    if (part.kind == ChatPart::Kind::text) {
      text += part.content;
      parts.push_back({{"type", "text"}, {"text", part.content}});
    } else {
      const std::string url = "data:image/jpeg;base64," + base64(part.content);
      parts.push_back({{"type", "image_url"}, {"image_url", {{"url", url}}}});
    }
  }
  // Servers without pictures often take text as a string alone.
  if (only_text) return json::value(text);
  return parts;
}

std::string body_of(const ChatRequest& request, const EndpointOptions& options) {
  json::array messages;
  if (!request.system.empty()) {
    messages.push_back({{"role", "system"}, {"content", request.system}});
  }
  messages.push_back({{"role", "user"}, {"content", user_content(request)}});
  return json::serialize(json::object{{"model", options.model},
                                      {"messages", std::move(messages)},
                                      {"temperature", options.temperature},
                                      {"max_tokens", options.maximum_tokens}});
}

std::optional<std::int64_t> count_in(const json::object& usage, const char* key) {
  const json::value* value = usage.if_contains(key);
  if (value == nullptr || !value->is_number()) return std::nullopt;
  const double count = value->to_number<double>();
  if (!(count >= 0 && count < 1e15)) return std::nullopt;
  return std::llround(count);
}

std::string text_in(const json::object& object, const char* key) {
  const json::value* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->as_string()) : "";
}

// Nothing when it is not an answer of the protocol.
std::optional<ChatAnswer> parse_answer(const std::string& body) {
  boost::system::error_code error;
  const json::value value = json::parse(body, error);
  if (error || !value.is_object()) return std::nullopt;
  const json::value* choices = value.as_object().if_contains("choices");
  if (choices == nullptr || !choices->is_array() || choices->as_array().empty()) {
    return std::nullopt;
  }
  const json::value& first = choices->as_array().front();
  const json::value* message =
      first.is_object() ? first.as_object().if_contains("message") : nullptr;
  if (message == nullptr || !message->is_object()) return std::nullopt;
  ChatAnswer answer;
  answer.text = text_in(message->as_object(), "content");
  answer.refusal = text_in(message->as_object(), "refusal");
  const std::string finish = text_in(first.as_object(), "finish_reason");
  answer.cut_off = finish == "length";
  answer.filtered = finish == "content_filter";
  const json::value* usage = value.as_object().if_contains("usage");
  if (usage != nullptr && usage->is_object()) {
    answer.prompt_tokens = count_in(usage->as_object(), "prompt_tokens");
    answer.completion_tokens = count_in(usage->as_object(), "completion_tokens");
  }
  return answer;
}

// What a server says of an error.
std::string message_in(const std::string& body) {
  boost::system::error_code error;
  const json::value value = json::parse(body, error);
  std::string text;
  if (!error && value.is_object()) {
    const json::value* inner = value.as_object().if_contains("error");
    text = inner != nullptr && inner->is_object()   ? text_in(inner->as_object(), "message")
           : inner != nullptr && inner->is_string() ? std::string(inner->as_string())
                                                    : text_in(value.as_object(), "message");
  }
  return text.empty() ? body : text;
}

// On one line and not too long.
std::string shortened(std::string text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < ' ') c = ' ';
  }
  constexpr std::size_t shown = 200;
  return text.size() > shown ? text.substr(0, shown) + "..." : text;
}

// Of any server that is busy or broken for the moment.
bool may_pass(int status) {
  return status == 0 || status == 408 || status == 409 || status == 425 || status == 429 ||
         status >= 500;
}

std::string read_key(const EndpointOptions& options) {
  const std::string& name = options.api_key_variable;
  if (name.empty()) return "";
  const bool is_name = std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return std::isupper(c) || std::isdigit(c) || c == '_';
  });
  if (!is_name || std::isdigit(static_cast<unsigned char>(name.front()))) {
    // Not printed: someone may have put the key itself there.
    throw ConfigError(
        "judge: api_key_variable must be the name of an environment variable in capitals "
        "(OPENAI_API_KEY), never the key itself");
  }
  const char* value = std::getenv(name.c_str());
  if (value == nullptr || *value == '\0') {
    throw ConfigError("judge: the environment variable " + name +
                      ", which api_key_variable names, is not set");
  }
  const std::string key = value;
  if (std::any_of(key.begin(), key.end(), [](unsigned char c) { return c <= ' ' || c == 127; })) {
    throw ConfigError("judge: the environment variable " + name +
                      " holds white space or control characters; a key has none");
  }
  return key;
}

}  // namespace

void check_endpoint(const EndpointOptions& options) {
  const std::string& url = options.base_url;
  const bool http = url.rfind("http://", 0) == 0, https = url.rfind("https://", 0) == 0;
  if (!http && !https) {
    throw ConfigError("judge: base_url must begin with http:// or https:// and is '" + url + "'");
  }
  if (url.find_first_of("@?#") != std::string::npos) {
    throw ConfigError(
        "judge: base_url must not hold a user, a password or a query; the key goes by "
        "api_key_variable");
  }
  if (options.model.empty()) {
    throw ConfigError("judge: `model` is empty; name a model of the endpoint");
  }
  read_key(options);
}

config::Help help(const EndpointOptions&) {
  return {
      {"base_url", "address up to and with the version, e.g. https://api.openai.com/v1"},
      {"model", "the model's name at the endpoint"},
      {"api_key_variable", "environment variable that holds the key; empty: no key is sent"},
      {"temperature", "of the model's answers", config::at_least(0)},
      {"maximum_tokens", "longest answer", config::at_least(1)},
      {"requests_per_minute", "of all threads together; 0: no limit", config::at_least(0)},
      {"attempts", "how often a request is sent before its sample fails", config::at_least(1)},
      {"first_wait_seconds", "before the second attempt; doubles with each", config::at_least(0)},
      {"longest_wait_seconds", "between attempts; a longer Retry-After ends them",
       config::at_least(0)},
      {"connect_timeout_seconds", "to reach the endpoint", config::above(0)},
      {"timeout_seconds", "for one attempt as a whole", config::above(0)}};
}

struct EndpointModel::State {
  EndpointOptions options;
  std::uint64_t seed;
  std::string key, url;
  std::vector<std::string> headers;
  HttpClient client;
  Pace pace;
  std::atomic<bool> stopped{false};
  std::atomic<std::int64_t> requests{0};

  State(EndpointOptions own_options, std::uint64_t own_seed)
      : options(std::move(own_options)),
        seed(own_seed),
        client({options.connect_timeout_seconds, options.timeout_seconds}),
        pace(options.requests_per_minute) {}

  // A server may repeat the key in what it says.
  std::string without_key(std::string text) const {
    if (key.empty()) return text;
    for (std::size_t at = text.find(key); at != std::string::npos; at = text.find(key, at)) {
      text.replace(at, key.size(), "[key]");
    }
    return text;
  }

  double wait_before(const std::string& request, std::int64_t attempt) const {
    const double full =
        std::min(options.longest_wait_seconds,
                 options.first_wait_seconds * std::pow(2.0, static_cast<double>(attempt - 1)));
    RandomStream stream(seed, fmt::format("judge/wait/{}/{}", request, attempt));
    return full * stream.uniform(0.5, 1.0);
  }
};

EndpointModel::EndpointModel(EndpointOptions options, std::uint64_t seed) {
  check_endpoint(options);
  while (options.base_url.back() == '/') options.base_url.pop_back();
  state_ = std::make_unique<State>(std::move(options), seed);
  state_->key = read_key(state_->options);
  state_->url = state_->options.base_url + "/chat/completions";
  // Without "Expect" libcurl does not ask before it sends a large body.
  state_->headers = {"Content-Type: application/json", "Accept: application/json", "Expect:"};
  if (state_->key.empty()) return;
  state_->headers.push_back("Authorization: Bearer " + state_->key);
  if (state_->url.rfind("http://", 0) == 0 && !is_loopback(state_->url)) {
    spdlog::warn("the judge's key goes to {} without encryption", state_->options.base_url);
  }
}

EndpointModel::~EndpointModel() = default;

ChatAnswer EndpointModel::answer(const ChatRequest& request) {
  State& state = *state_;
  const EndpointOptions& options = state.options;
  const std::string body = body_of(request, options);
  std::string last;  // what went wrong
  for (std::int64_t attempt = 1;; ++attempt) {
    if (!state.pace.wait_for_turn()) throw UnavailableError("stopped");
    ++state.requests;
    const HttpResult result = state.client.post(state.url, state.headers, body, state.stopped);
    if (state.stopped) throw UnavailableError("stopped");
    const std::string said = shortened(state.without_key(message_in(result.body)));
    if (result.status == 200) {
      if (std::optional<ChatAnswer> answer = parse_answer(result.body)) return *answer;
      throw DataError("the endpoint's answer is not one of chat completions");
    }
    if (!may_pass(result.status)) {
      const std::string what = fmt::format("HTTP {}: {}", result.status, said);
      if (result.status == 400 || result.status == 413 || result.status == 422) {
        throw DataError("the endpoint refuses the request, " + what);
      }
      const std::string why =
          result.status == 401 || result.status == 403
              ? options.api_key_variable.empty()
                    ? "it wants a key; name its environment variable in api_key_variable"
                    : "it refuses the key in " + options.api_key_variable
          : result.status == 404 ? "it knows no such address or no model '" + options.model + "'"
                                 : "more requests will not change that";
      throw ConfigError(fmt::format("judge: {} answers {}; {}", state.url, what, why));
    }
    last = result.status == 0 ? result.failure : fmt::format("HTTP {}", result.status);
    spdlog::debug("judge: attempt {} of {}: {} {}", attempt, options.attempts, last, said);
    if (attempt >= options.attempts) break;
    double wait = state.wait_before(request.name, attempt);
    if (result.retry_after_seconds) {
      if (*result.retry_after_seconds > options.longest_wait_seconds) {
        throw UnavailableError(
            fmt::format("{}, and the endpoint wants longer waits than longest_wait_seconds = {}",
                        last, options.longest_wait_seconds));
      }
      state.pace.hold(*result.retry_after_seconds);
      wait = std::max(wait, *result.retry_after_seconds);
    }
    if (!state.pace.sleep(wait)) throw UnavailableError("stopped");
  }
  throw UnavailableError(
      fmt::format("no answer in {} attempts, the last: {}", options.attempts, last));
}

void EndpointModel::stop() {
  state_->stopped = true;
  state_->pace.stop();
}

std::int64_t EndpointModel::requests() const { return state_->requests; }

}  // namespace winnow
