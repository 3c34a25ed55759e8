// The judge against a server of this process that answers, stalls, errs, and hangs up.

#include <gmock/gmock.h>
#include <signal.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>
#include <sys/wait.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "config/compose.h"
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
    EXPECT_EQ(result.table.rows()[i].id, samples[i].id);
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

TEST_F(LlmJudge, WhatWasAnsweredIsNotAskedAgain) {
  LocalServer server(obedient);
  const auto samples = numbered(6);
  const auto first = run(options(server.url()), samples);
  EXPECT_EQ(server.count(), 6);
  const auto second = run(options(server.url()), samples);
  EXPECT_EQ(server.count(), 6);
  EXPECT_EQ(first.table.column("judge").values, second.table.column("judge").values);
  EXPECT_EQ(second.costs.at("judge").requests, 0);
  EXPECT_EQ(second.costs.at("judge").kept_answers, 6);
  EXPECT_EQ(second.costs.at("judge").prompt_tokens, first.costs.at("judge").prompt_tokens);
  // Read otherwise, but asked the same.
  run(options(server.url(), {{"prompt.highest", number(9)}, {"concurrency", integer(2)}}), samples);
  EXPECT_EQ(server.count(), 6);
  run(options(server.url(), {{"prompt.user", text("Rate {question} {answer}")}}), samples);
  EXPECT_EQ(server.count(), 12);
  run(options(server.url(), {{"model", text("another")}}), samples);
  EXPECT_EQ(server.count(), 18);
}

TEST_F(LlmJudge, KnowsMediaByTheirBytes) {
  LocalServer server([](const Request&) { return says("{\"score\": 2}"); });
  const auto sample = [&](const std::string& name, int brightness) {
    return make_sample(name, "q", "a", {grey(name, {brightness})});
  };
  run(options(server.url()), {sample("a", 10)});
  run(options(server.url()), {sample("moved", 10)});
  EXPECT_EQ(server.count(), 1);
  run(options(server.url()), {sample("a", 11)});
  EXPECT_EQ(server.count(), 2);
}

TEST_F(LlmJudge, ADamagedAnswerIsAskedForAgain) {
  LocalServer server(obedient);
  const auto samples = numbered(1);
  run(options(server.url()), samples);
  for (const auto& file : std::filesystem::recursive_directory_iterator(folder_)) {
    if (file.path().extension() == ".json") write_file(file.path(), "{\"text\": 3}");
  }
  EXPECT_EQ(run(options(server.url()), samples).table.column("judge").values(0), 1.0);
  EXPECT_EQ(server.count(), 2);
}

TEST_F(LlmJudge, EqualSamplesAreAskedOnce) {
  LocalServer server([](const Request& request) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    return obedient(request);
  });
  std::vector<Sample> samples(8, make_sample("", "q", "4"));
  for (std::size_t i = 0; i < samples.size(); ++i) samples[i].id = "s" + std::to_string(i);
  const auto result = run(options(server.url()), samples);
  EXPECT_EQ(server.count(), 1);
  EXPECT_EQ(result.costs.at("judge").answers, 1);
  for (std::size_t i = 0; i < 8; ++i) EXPECT_EQ(result.table.column("judge").values(i), 4.0);
}

TEST_F(LlmJudge, ThreadsChangeNothingButTheTime) {
  const auto samples = numbered(40);
  const auto judged = [&](std::int64_t threads, int& most) {
    // Answers come in another order than questions, and some make no sense.
    LocalServer server([](const Request& request) {
      const std::size_t hash = std::hash<std::string>{}(request.body);
      std::this_thread::sleep_for(std::chrono::milliseconds(hash % 30));
      return hash % 5 == 0 ? says("hm") : obedient(request);
    });
    auto result = run(options(server.url(), {{"concurrency", integer(threads)}}), samples);
    most = server.most_at_once();
    return result;
  };
  int one_at_once = 0, two_at_once = 0, many_at_once = 0;
  const auto one = judged(1, one_at_once);
  const auto two = judged(2, two_at_once);
  const auto many = judged(16, many_at_once);
  EXPECT_EQ(one_at_once, 1);
  EXPECT_EQ(two_at_once, 2);
  EXPECT_GT(many_at_once, 4);
  EXPECT_LE(many_at_once, 16);
  for (const auto* other : {&two, &many}) {
    EXPECT_EQ(other->table.column("judge").states, one.table.column("judge").states);
    for (std::size_t i = 0; i < samples.size(); ++i) {
      if (!one.table.column("judge").valid(i)) continue;
      EXPECT_EQ(other->table.column("judge").values(i), one.table.column("judge").values(i));
    }
    ASSERT_EQ(other->failures.size(), one.failures.size());
    for (std::size_t i = 0; i < one.failures.size(); ++i) {
      EXPECT_EQ(other->failures[i].id, one.failures[i].id);
      EXPECT_EQ(other->failures[i].reason, one.failures[i].reason);
    }
    EXPECT_EQ(other->costs.at("judge").money, one.costs.at("judge").money);
    EXPECT_EQ(other->costs.at("judge").prompt_tokens, one.costs.at("judge").prompt_tokens);
  }
  EXPECT_FALSE(one.failures.empty());
}

TEST_F(LlmJudge, KeepsToTheRate) {
  LocalServer server(obedient);
  const auto start = Clock::now();
  run(options(server.url(), {{"requests_per_minute", number(600)}}), numbered(6));
  EXPECT_GE(seconds_since(start), 0.5);  // the first leaves at once, then one every 0.1 s
  EXPECT_EQ(server.count(), 6);
}

TEST_F(LlmJudge, StopsWhenTooManyHaveNoScore) {
  LocalServer server([](const Request&) { return says("no idea"); });
  const auto table =
      options(server.url(), {{"maximum_failed_share", number(0.1)}, {"concurrency", integer(1)}});
  try {
    run(table, numbered(30));
    FAIL() << "went on";
  } catch (const DataError& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("4 of 30"), HasSubstr("maximum_failed_share = 0.1"),
                                    HasSubstr("4 x the judge's answer has no score")));
  }
  EXPECT_EQ(server.count(), 4);
}

TEST_F(LlmJudge, StopsWhenTheEndpointIsGone) {
  std::string nowhere;
  {
    const LocalServer server;
    nowhere = server.url();
  }
  const auto table = options(nowhere, {{"attempts", integer(2)},
                                       {"maximum_unavailable_in_a_row", integer(3)},
                                       {"concurrency", integer(1)}});
  try {
    run(table, numbered(30));
    FAIL() << "went on";
  } catch (const IoError& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("3 samples in a row"), HasSubstr("0 of 30"),
                                    HasSubstr("when the judge is back")));
  }
}

// Whoever waits for a stalled server or for a turn is not waited for.
TEST_F(LlmJudge, AFatalErrorEndsTheOthersAtOnce) {
  std::atomic<int> turn{0};
  LocalServer server([&](const Request&) {
    return turn++ == 3 ? Reply{404, "{\"error\": \"no model\"}"} : stall();
  });
  const auto start = Clock::now();
  const auto table = options(server.url(), {{"timeout_seconds", number(60)}});
  try {
    run(table, numbered(8));
    FAIL() << "went on";
  } catch (const ConfigError& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("HTTP 404: no model"), HasSubstr("'grader'")));
  }
  EXPECT_LT(seconds_since(start), 20.0);
}

TEST_F(LlmJudge, CountsTokensAndMoney) {
  LocalServer server([](const Request& request) {
    const bool first = request.user_text().find("question 0 ") != std::string::npos;
    return first ? Reply{200, R"({"choices": [{"message": {"content": "{\"score\": 1}"}}]})"}
                 : says("{\"score\": 2}", 1000, 20);
  });
  const std::map<std::string, config::Value> prices = {
      {"price.per_million_prompt_tokens", number(2.0)},
      {"price.per_million_completion_tokens", number(10.0)},
      {"price.currency", text("EUR")}};
  const JudgeCost cost = run(options(server.url(), prices), numbered(5)).costs.at("judge");
  EXPECT_EQ(cost.answers, 5);
  EXPECT_EQ(cost.uncounted, 1);
  EXPECT_EQ(cost.prompt_tokens, 4000);
  EXPECT_EQ(cost.completion_tokens, 80);
  EXPECT_DOUBLE_EQ(cost.money, 0.0088);
  EXPECT_DOUBLE_EQ(cost.money_this_run, 0.0088);
  EXPECT_EQ(cost.currency, "EUR");
  const JudgeCost again = run(options(server.url(), prices), numbered(5)).costs.at("judge");
  EXPECT_DOUBLE_EQ(again.money, 0.0088);
  EXPECT_EQ(again.money_this_run, 0.0);
}

TEST_F(LlmJudge, StopsAtItsBudgetAndGoesOnFromThere) {
  LocalServer server(obedient);
  const auto table = options(server.url(), {{"price.per_million_prompt_tokens", number(10000)},
                                            {"price.maximum", number(4)},
                                            {"concurrency", integer(1)}});
  EXPECT_THROW(run(table, numbered(10)), ConstraintError);  // 100 tokens of 0.01 each
  EXPECT_EQ(server.count(), 4);
  EXPECT_THROW(run(table, numbered(10)), ConstraintError);
  EXPECT_EQ(server.count(), 8);
  EXPECT_EQ(run(table, numbered(10)).costs.at("judge").money, 10.0);
  EXPECT_EQ(server.count(), 10);
}

TEST_F(LlmJudge, AKilledRunGoesOnWithoutALoss) {
  constexpr int samples = 40;
  LocalServer server;  // not serving yet: a process with threads is hard to fork
  const auto table = options(server.url(), {{"concurrency", integer(2)}});
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    try {
      run(table, numbered(samples));
    } catch (...) {
    }
    ::_exit(0);
  }
  std::atomic<int> sent{0};
  server.start([&](const Request& request) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    ++sent;
    return obedient(request);
  });
  while (sent < 15) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  ASSERT_EQ(::kill(child, SIGKILL), 0);
  int status = 0;
  ::waitpid(child, &status, 0);
  ASSERT_TRUE(WIFSIGNALED(status)) << "it was through before it could be killed";
  std::this_thread::sleep_for(std::chrono::milliseconds(100));  // what was under way at the server
  const int before = server.count();
  ASSERT_LT(before, samples);
  const auto result = run(table, numbered(samples));
  EXPECT_TRUE(result.failures.empty());
  // At most one answer for each thread was on its way.
  EXPECT_LE(server.count(), samples + 2);
  EXPECT_GE(result.costs.at("judge").kept_answers, before - 2);
  const auto whole = run(table, numbered(samples));
  EXPECT_EQ(whole.table.column("judge").values, result.table.column("judge").values);
}

TEST_F(LlmJudge, SeveralJudgesAreSeveralColumns) {
  LocalServer server(obedient);
  config::Value table;
  table.set("quality", options(server.url()));
  table.set("complexity", options(server.url(), {{"prompt.user", text("How hard? {answer}")}}));
  const JudgePass pass = JudgePass::from_config(table, "judge");
  EXPECT_EQ(pass.columns(), (std::vector<std::string>{"complexity", "quality"}));
  const auto result = pass.run(numbered(3), folder_ / "answers", 7);
  EXPECT_EQ(server.count(), 6);
  EXPECT_EQ(result.table.column("complexity").values(2), 3.0);
  EXPECT_EQ(result.costs.size(), 2U);
}

TEST_F(LlmJudge, ItsIdentityIsWhatAScoreDependsOn) {
  const auto identity = [&](const std::map<std::string, config::Value>& more) {
    return JudgePass::from_config(options("http://host/v1", more), "judge").identity();
  };
  const std::string own = identity({});
  EXPECT_EQ(identity({{"concurrency", integer(3)}}), own);
  EXPECT_EQ(identity({{"attempts", integer(2)}}), own);
  ::setenv("WINNOW_TEST_KEY", "secret", 1);
  EXPECT_EQ(identity({{"api_key_variable", text("WINNOW_TEST_KEY")}}), own);
  ::unsetenv("WINNOW_TEST_KEY");
  EXPECT_NE(identity({{"prompt.highest", number(7)}}), own);
  EXPECT_NE(identity({{"temperature", number(0.5)}}), own);
  EXPECT_NE(identity({{"pictures.sampling.frames", integer(2)}}), own);
  EXPECT_NE(identity({{"base_url", text("http://other/v1")}}), own);
}

TEST(Judges, HaveConfigFilesThatMakeThem) {
  const auto configs = std::filesystem::path(WINNOW_SOURCE_DIR) / "configs";
  const auto folder = testing_support::temporary_folder();
  for (const std::string& name : judges().names()) {
    for (const char* prompt : {"quality", "complexity"}) {
      write_file(folder / "root.toml", "defaults = [{judge = \"" + name +
                                           "\"}, {\"judge/prompt\" = \"" + prompt +
                                           "\"}, \"_self_\"]\n"
                                           "[judge]\nmodel = \"some\"\n");
      const config::Value composed = config::compose({{folder, configs}, "root", {}});
      EXPECT_EQ(composed.at("judge.type").string(), name);
      EXPECT_EQ(JudgePass::from_config(composed.at("judge"), "judge").columns(),
                std::vector<std::string>{"judge"});
      EXPECT_THAT(composed.at("judge.prompt.user").string(), HasSubstr("{question}"));
      EXPECT_EQ(composed.at("judge.prompt.user").string().find("{answer}") == std::string::npos,
                prompt == std::string("complexity"));
    }
  }
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace winnow
