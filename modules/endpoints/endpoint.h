#pragma once
// A chat model behind an OpenAI-compatible endpoint (POST <base_url>/chat/completions): hosted
// services, vLLM, llama.cpp's server, Ollama and others speak this.

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "config/options.h"
#include "endpoints/chat.h"

namespace winnow {

struct EndpointOptions {
  std::string base_url = "http://localhost:8000/v1";
  std::string model;
  std::string api_key_variable;
  double temperature = 0.0;
  std::int64_t maximum_tokens = 256;
  double requests_per_minute = 0.0;
  std::int64_t attempts = 6;
  double first_wait_seconds = 1.0;
  double longest_wait_seconds = 60.0;
  double connect_timeout_seconds = 10.0;
  double timeout_seconds = 120.0;
};
BOOST_DESCRIBE_STRUCT(EndpointOptions, (),
                      (base_url, model, api_key_variable, temperature, maximum_tokens,
                       requests_per_minute, attempts, first_wait_seconds, longest_wait_seconds,
                       connect_timeout_seconds, timeout_seconds))
config::Help help(const EndpointOptions&);

// Throws ConfigError for options that cannot be: an address without http(s) or with a password in
// it, no model's name, a variable that is not set.
void check_endpoint(const EndpointOptions& options);

// Sends a request again when the server is busy, fails or does not answer, after a wait that
// doubles with each attempt (with jitter) and is at least what Retry-After says. The key is sent in
// the header `Authorization` and nowhere else: not in messages, logs or digests.
class EndpointModel : public ChatModel {
 public:
  // Throws what check_endpoint throws. The waits' jitter is drawn from `seed`.
  EndpointModel(EndpointOptions options, std::uint64_t seed);
  ~EndpointModel() override;

  // DataError for HTTP 400, 413 and 422 (with the server's reason) and an answer that is not of the
  // protocol; UnavailableError when all attempts failed; ConfigError when the endpoint refuses the
  // key or does not know the model, and for other answers that more requests will not change.
  ChatAnswer answer(const ChatRequest& request) override;

  // Ends all calls, for good: they throw UnavailableError.
  void stop();
  std::int64_t requests() const;  // sent, each attempt counted

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace winnow
