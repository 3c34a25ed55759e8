// The judge against a server of this process that answers, stalls, errs, and hangs up.

#include <gmock/gmock.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <chrono>
#include <cstdlib>
#include <sstream>

#include "core/errors.h"
#include "core/files.h"
#include "support.h"

namespace winnow {
namespace {

using test::drop;
using test::LocalServer;
using test::make_sample;
using test::Reply;
using test::Request;
using test::says;
using test::stall;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

using Clock = std::chrono::steady_clock;
double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

class LlmJudge : public test::JudgeTest {
 protected:
  // The one verdict on one sample.
  UnjudgedRow failure_of(const config::Value& table) const {
    const JudgePassResult result = run(table, {make_sample("a", "q", "3")});
    EXPECT_EQ(result.failures.size(), 1U);
    EXPECT_FALSE(result.table.column("judge").valid(0));
    EXPECT_EQ(result.table.column("judge").states(0), static_cast<int>(CellState::failed));
    return result.failures.empty() ? UnjudgedRow{} : result.failures.front();
  }
};

TEST_F(LlmJudge, GivesEverySampleTheScoreOfItsAnswer) {
  LocalServer server(obedient);
  const auto samples = numbered(12);
  const JudgePassResult result = run(options(server.url()), samples);
  EXPECT_TRUE(result.failures.empty());
  for (std::size_t i = 0; i < samples.size(); ++i) {
    EXPECT_EQ(result.table.column("judge").values(i), 1.0 + static_cast<double>(i % 5));
    EXPECT_EQ(result.table.rows().id(i), samples[i].id);
  }
  ASSERT_EQ(server.count(), 12);
  const Request request = server.requests().front();
  EXPECT_EQ(request.target, "/v1/chat/completions");
  EXPECT_THAT(request.head, Not(HasSubstr("Authorization")));
  EXPECT_EQ(request.json().at("model").as_string(), "grader");
  EXPECT_EQ(request.json().at("temperature").to_number<double>(), 0.0);
  EXPECT_EQ(request.json().at("max_tokens").to_number<int>(), 256);
}

TEST_F(LlmJudge, SendsPicturesAndFramesAsDataUrls) {
  LocalServer server([](const Request&) { return says("{\"score\": 2}"); });
  const Sample sample = make_sample("a", "Which?", "both",
                                    {grey("image", {200}), grey("video", {10, 20, 30, 40, 50})});
  auto table = options(server.url(), {{"prompt.user", text("Look: {media}{question}")},
                                      {"pictures.sampling.frames", integer(3)}});
  EXPECT_TRUE(run(table, {sample}).failures.empty());
  const auto body = server.requests().front().json();
  const auto& parts = body.at("messages").as_array().back().at("content").as_array();
  std::vector<std::string> seen;
  for (const auto& part : parts) {
    if (part.at("type").as_string() == "text") {
      seen.emplace_back(part.at("text").as_string());
    } else {
      const std::string url(part.at("image_url").at("url").as_string());
      seen.push_back(url.substr(0, 27));
    }
  }
  // A JPEG file begins with the bytes FF D8 FF.
  const std::string picture = "data:image/jpeg;base64,/9j/";
  EXPECT_EQ(seen, (std::vector<std::string>{"Look: ", "[image 1]", picture,
                                            "[video 1, 3 frames in order]", picture, picture,
                                            picture, "[image 1][video 1]Which?"}));
}

TEST_F(LlmJudge, AsksAgainWhenTheServerErrsHangsUpOrSaysNothing) {
  std::atomic<int> turn{0};
  LocalServer server([&](const Request& request) -> Reply {
    switch (turn++) {
      case 0:
        return {500, "{\"error\": \"out of memory\"}"};
      case 1:
        return drop();
      case 2:
        return stall();
      case 3:
        return {429, "slow down"};
      default:
        return obedient(request);
    }
  });
  const auto result =
      run(options(server.url(), {{"timeout_seconds", number(0.3)}}), {make_sample("a", "q", "3")});
  EXPECT_TRUE(result.failures.empty());
  EXPECT_EQ(result.table.column("judge").values(0), 3.0);
  EXPECT_EQ(server.count(), 5);
  EXPECT_EQ(result.costs.at("judge").requests, 5);
  EXPECT_EQ(result.costs.at("judge").answers, 1);
}

TEST_F(LlmJudge, WaitsAsLongAsRetryAfterSays) {
  std::atomic<int> turn{0};
  LocalServer server([&](const Request& request) -> Reply {
    if (turn++ == 0) return {429, "", {"Retry-After: 1"}};
    return obedient(request);
  });
  const auto start = Clock::now();
  EXPECT_TRUE(run(options(server.url()), {make_sample("a", "q", "3")}).failures.empty());
  EXPECT_GE(seconds_since(start), 1.0);
  EXPECT_EQ(server.count(), 2);
}

TEST_F(LlmJudge, DoesNotWaitLongerThanAllowed) {
  LocalServer server([](const Request&) -> Reply { return {429, "", {"Retry-After: 3600"}}; });
  const auto start = Clock::now();
  EXPECT_THAT(failure_of(options(server.url())).reason, HasSubstr("longest_wait_seconds"));
  EXPECT_LT(seconds_since(start), 5.0);
  EXPECT_EQ(server.count(), 1);
}

TEST_F(LlmJudge, GivesASampleUpAfterItsAttemptsAndAsksTheNextRunAgain) {
  std::atomic<bool> broken{true};
  LocalServer server([&](const Request& request) {
    return broken ? Reply{503, "busy"} : obedient(request);
  });
  const auto table = options(server.url(), {{"attempts", integer(3)}});
  EXPECT_EQ(failure_of(table).reason, "no answer in 3 attempts, the last: HTTP 503");
  EXPECT_EQ(server.count(), 3);
  broken = false;
  EXPECT_EQ(run(table, {make_sample("a", "q", "3")}).table.column("judge").values(0), 3.0);
}

TEST_F(LlmJudge, SaysWhyAnAnswerIsNoScore) {
  const std::vector<std::pair<Reply, std::string>> cases = {
      {says("I like it."), "the judge's answer has no score"},
      {says("{\"score\": 11}"), "the judge's score is out of the prompt's range"},
      {says("{\"sco", 1, 1, "length"), "the judge's answer was cut off at maximum_tokens"},
      {says("", 1, 1, "content_filter"), "the judge refused"},
      {{200, R"({"choices": [{"message": {"content": null, "refusal": "I cannot."}}]})"},
       "the judge refused"},
      {{200, "<html>hello</html>"}, "not one of chat completions"},
      {{200, "{\"choices\": []}"}, "not one of chat completions"},
      {{400, R"({"error": {"message": "no pictures\nplease"}})"},
       "refuses the request, HTTP 400: no pictures please"}};
  for (std::size_t i = 0; i < cases.size(); ++i) {
    LocalServer server([&](const Request&) { return cases[i].first; });
    EXPECT_THAT(failure_of(options(server.url())).reason, HasSubstr(cases[i].second));
    EXPECT_EQ(server.count(), 1) << cases[i].second;
  }
}

TEST_F(LlmJudge, MasksASampleWhoseMediaAreGone) {
  LocalServer server(obedient);
  auto samples = numbered(3);
  samples[1].media = {grey("gone", {5})};
  std::filesystem::remove(samples[1].media[0].paths[0]);
  const auto result = run(options(server.url()), samples);
  ASSERT_EQ(result.failures.size(), 1U);
  EXPECT_EQ(result.failures[0].id, "s1");
  EXPECT_THAT(result.failures[0].reason, HasSubstr("gone0.png"));
  EXPECT_EQ(server.count(), 2);
}

TEST_F(LlmJudge, TheKeyIsSentAndStandsNowhereElse) {
  const std::string key = "sk-very\"secret-0123456789";
  ::setenv("WINNOW_TEST_KEY", key.c_str(), 1);
  std::ostringstream log;
  const auto before = spdlog::default_logger();
  spdlog::set_default_logger(std::make_shared<spdlog::logger>(
      "test", std::make_shared<spdlog::sinks::ostream_sink_mt>(log)));
  spdlog::set_level(spdlog::level::trace);
  std::atomic<int> turn{0};
  LocalServer server([&](const Request& request) -> Reply {
    // A server that repeats what it was sent, once with its quote escaped.
    const std::size_t at = request.head.find("Authorization: Bearer ") + 22;
    const std::string sent = request.head.substr(at, request.head.find("\r\n", at) - at);
    const std::string body = boost::json::serialize(
        boost::json::object{{"error", {{"message", "wrong key " + sent + " given"}}}});
    switch (turn++) {
      case 0:
        return {503, "wrong key " + sent};
      case 1:
        return {503, body};
      case 2:
        return says("I got " + std::string(sent == key ? "the key" : "no key"));
      case 3:
        return {400, body};
      default:
        return {401, body};
    }
  });
  const auto table = options(
      server.url(), {{"api_key_variable", text("WINNOW_TEST_KEY")}, {"concurrency", integer(1)}});
  std::string message;
  JudgePassResult result = run(table, {make_sample("a", "q", "3")});
  result.failures.push_back(run(table, {make_sample("b", "q2", "3")}).failures.at(0));
  try {
    run(table, {make_sample("c", "q3", "3")});
    ADD_FAILURE() << "went on without a right";
  } catch (const ConfigError& error) {
    message = error.what();
  }
  spdlog::set_default_logger(before);
  ::unsetenv("WINNOW_TEST_KEY");
  EXPECT_EQ(server.count(), 5) << "a refused key is refused once";
  EXPECT_THAT(message, AllOf(HasSubstr("HTTP 401"), HasSubstr("refuses the key in WINNOW_TEST_KEY"),
                             HasSubstr("wrong key [key] given")));
  EXPECT_THAT(result.failures.at(1).reason, HasSubstr("wrong key [key] given"));
  EXPECT_THAT(log.str(), AllOf(HasSubstr("[key]"), HasSubstr("I got the key")));
  EXPECT_THAT(log.str() + message + result.failures[0].reason + result.failures[1].reason,
              Not(HasSubstr("secret")));
  int files = 0;
  for (const auto& file : std::filesystem::recursive_directory_iterator(folder_)) {
    if (!file.is_regular_file()) continue;
    ++files;
    EXPECT_THAT(read_file(file.path()), Not(HasSubstr("secret"))) << file.path();
  }
  EXPECT_GE(files, 1);
}

TEST_F(LlmJudge, NeedsAVariableThatIsSetAndNeverAKey) {
  const auto message = [&](const std::string& variable) -> std::string {
    try {
      run(options("http://127.0.0.1:1/v1", {{"api_key_variable", text(variable)}}), {});
    } catch (const ConfigError& error) {
      return error.what();
    }
    return "accepted";
  };
  EXPECT_THAT(message("WINNOW_NO_SUCH_KEY"), HasSubstr("WINNOW_NO_SUCH_KEY"));
  EXPECT_THAT(message("sk-abc123"), AllOf(HasSubstr("never the key"), Not(HasSubstr("abc123"))));
  ::setenv("WINNOW_TEST_KEY", "two words", 1);
  EXPECT_THAT(message("WINNOW_TEST_KEY"), AllOf(HasSubstr("white space"), Not(HasSubstr("words"))));
  ::unsetenv("WINNOW_TEST_KEY");
}

TEST_F(LlmJudge, RefusesAnEndpointThatCannotBe) {
  const auto make = [&](const std::string& url, const std::string& model) {
    return JudgePass::from_config(options(url, {{"model", text(model)}}), "judge");
  };
  EXPECT_THROW(make("localhost:8000", "m"), ConfigError);
  EXPECT_THROW(make("file:///etc/passwd", "m"), ConfigError);
  EXPECT_THROW(make("https://user:password@host/v1", "m"), ConfigError);
  EXPECT_THROW(make("https://host/v1?key=1", "m"), ConfigError);
  EXPECT_THROW(make("https://host/v1", ""), ConfigError);
  EXPECT_NO_THROW(make("https://host/v1/", "m"));
}

}  // namespace
}  // namespace winnow
