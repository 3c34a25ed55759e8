// A pool judged by a server of this process: what is kept, counted, and stops a run.

#include <gmock/gmock.h>
#include <signal.h>
#include <sys/wait.h>

#include <chrono>
#include <cstdlib>

#include "config/compose.h"
#include "core/errors.h"
#include "core/files.h"
#include "support.h"

namespace winnow {
namespace {

using test::LocalServer;
using test::make_sample;
using test::Reply;
using test::Request;
using test::says;
using test::stall;
using testing::AllOf;
using testing::HasSubstr;

using Clock = std::chrono::steady_clock;
double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

class Judging : public test::JudgeTest {};

TEST_F(Judging, WhatWasAnsweredIsNotAskedAgain) {
  LocalServer server(obedient);
  const auto samples = numbered(6);
  const auto first = run(options(server.url()), samples);
  EXPECT_EQ(server.count(), 6);
  const auto second = run(options(server.url()), samples);
  EXPECT_EQ(server.count(), 6);
  EXPECT_EQ(first.table.column("judge").values.view(), second.table.column("judge").values.view());
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

TEST_F(Judging, KnowsMediaByTheirBytes) {
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

TEST_F(Judging, ADamagedAnswerIsAskedForAgain) {
  LocalServer server(obedient);
  const auto samples = numbered(1);
  run(options(server.url()), samples);
  for (const auto& file : std::filesystem::recursive_directory_iterator(folder_)) {
    if (file.path().extension() == ".json") write_file(file.path(), "{\"text\": 3}");
  }
  EXPECT_EQ(run(options(server.url()), samples).table.column("judge").values(0), 1.0);
  EXPECT_EQ(server.count(), 2);
}

TEST_F(Judging, EqualSamplesAreAskedOnce) {
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

TEST_F(Judging, ThreadsChangeNothingButTheTime) {
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
    EXPECT_EQ(other->table.column("judge").states.view(), one.table.column("judge").states.view());
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

TEST_F(Judging, KeepsToTheRate) {
  LocalServer server(obedient);
  const auto start = Clock::now();
  run(options(server.url(), {{"requests_per_minute", number(600)}}), numbered(6));
  EXPECT_GE(seconds_since(start), 0.5);  // the first leaves at once, then one every 0.1 s
  EXPECT_EQ(server.count(), 6);
}

TEST_F(Judging, StopsWhenTooManyHaveNoScore) {
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

TEST_F(Judging, StopsWhenTheEndpointIsGone) {
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
TEST_F(Judging, AFatalErrorEndsTheOthersAtOnce) {
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

TEST_F(Judging, CountsTokensAndMoney) {
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

TEST_F(Judging, StopsAtItsBudgetAndGoesOnFromThere) {
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

TEST_F(Judging, AKilledRunGoesOnWithoutALoss) {
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
  EXPECT_EQ(whole.table.column("judge").values.view(), result.table.column("judge").values.view());
}

TEST_F(Judging, SeveralJudgesAreSeveralColumns) {
  LocalServer server(obedient);
  config::Value table;
  table.set("quality", options(server.url()));
  table.set("complexity", options(server.url(), {{"prompt.user", text("How hard? {answer}")}}));
  const JudgePass pass = JudgePass::from_config(table, "judge");
  EXPECT_EQ(pass.columns(), (std::vector<std::string>{"complexity", "quality"}));
  const auto result = pass.run(Pool(numbered(3)), folder_ / "answers", 7);
  EXPECT_EQ(server.count(), 6);
  EXPECT_EQ(result.table.column("complexity").values(2), 3.0);
  EXPECT_EQ(result.costs.size(), 2U);
}

TEST_F(Judging, ItsIdentityIsWhatAScoreDependsOn) {
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
