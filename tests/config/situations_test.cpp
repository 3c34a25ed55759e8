// Walks tests/config/data: every folder is one situation, told by its case.toml:
//   overrides = [...]        the command line
//   environment = {...}      variables set for this case; value "" unsets
//   bind = "trainer"         also binds that table to TrainerOptions below
//   known = [...]            also checks the top-level keys
//   root = "other"           the root config, by default "winnow"
// and what must come of it: `expected` (the whole composed config), `runs` (of a sweep) or
// `error` (a list of parts that the message holds). Config files are in configs/, a user's own in
// own/.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "config/component.h"
#include "config/compose.h"
#include "config/read.h"

namespace winnow::config {
namespace {

namespace fs = std::filesystem;

enum class Schedule { cosine, constant };
BOOST_DESCRIBE_ENUM(Schedule, cosine, constant)

struct Optimizer {
  double beta = 0.9;
};
BOOST_DESCRIBE_STRUCT(Optimizer, (), (beta))
Help help(const Optimizer&) { return {{"beta", "first moment's decay", between(0, 1)}}; }

struct TrainerOptions {
  double learning_rate = 1e-4;
  std::int64_t steps = 100;
  Schedule schedule = Schedule::cosine;
  std::vector<std::int64_t> milestones;
  std::map<std::string, double> floors;
  std::optional<std::string> note;
  Optimizer optimizer;
};
BOOST_DESCRIBE_STRUCT(TrainerOptions, (),
                      (learning_rate, steps, schedule, milestones, floors, note, optimizer))
Help help(const TrainerOptions&) {
  return {{"learning_rate", "peak learning rate", above(0)},
          {"steps", "steps", at_least(1)},
          {"schedule", "schedule"},
          {"milestones", "steps to save at", at_least(1)},
          {"floors", "floors by source", between(0, 1)},
          {"note", "a note"},
          {"optimizer", "the optimizer"}};
}

struct RunOptions {
  std::int64_t workers = 1;
};
BOOST_DESCRIBE_STRUCT(RunOptions, (), (workers))
Help help(const RunOptions&) { return {{"workers", "threads", at_least(1)}}; }

struct Trainer {
  virtual ~Trainer() = default;
};
struct SupervisedTrainer : Trainer {
  explicit SupervisedTrainer(const TrainerOptions&) {}
};

ComponentKind<Trainer>& trainers() {
  static ComponentKind<Trainer> kind("situation trainer");
  return kind;
}
const auto registered = trainers().add<SupervisedTrainer, TrainerOptions>("sft", "fine-tuning");
const auto declared = add_table<RunOptions>("situation_run", "how runs go");
const auto declared_many = add_table<RunOptions>("situations.*", "how each goes");

struct TopOptions {
  std::int64_t situation_seed = 1;
};
BOOST_DESCRIBE_STRUCT(TopOptions, (), (situation_seed))
Help help(const TopOptions&) { return {{"situation_seed", "a seed"}}; }
const auto declared_top = add_table<TopOptions>("", "the top level");

std::vector<std::string> texts(const Value& list) {
  std::vector<std::string> result;
  for (const Value& element : list.array()) result.push_back(element.string());
  return result;
}

class Environment {
 public:
  explicit Environment(const Value* variables) {
    if (variables == nullptr) return;
    for (const auto& [name, value] : variables->table()) {
      names_.push_back(name);
      if (value.string().empty()) {
        ::unsetenv(name.c_str());
      } else {
        ::setenv(name.c_str(), value.string().c_str(), 1);
      }
    }
  }
  ~Environment() {
    for (const std::string& name : names_) ::unsetenv(name.c_str());
  }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

 private:
  std::vector<std::string> names_;
};

class Situation : public testing::TestWithParam<fs::path> {};

TEST_P(Situation, ComesOutAsTold) {
  const fs::path folder = GetParam();
  const Value told = read_toml(folder / "case.toml");
  check_known_keys(
      told, {"overrides", "environment", "bind", "known", "root", "expected", "runs", "error"});
  const int outcomes = (told.child("expected") != nullptr) + (told.child("runs") != nullptr) +
                       (told.child("error") != nullptr);
  ASSERT_EQ(outcomes, 1) << "case.toml tells one of expected, runs, error";
  const Environment environment(told.child("environment"));
  ComposeRequest request;
  if (fs::exists(folder / "own")) request.directories.push_back(folder / "own");
  request.directories.push_back(folder / "configs");
  if (const Value* root = told.child("root")) request.root = root->string();
  if (const Value* overrides = told.child("overrides")) request.overrides = texts(*overrides);

  std::string message = "no error";
  std::string composed;
  std::vector<std::vector<std::string>> runs;
  try {
    if (told.child("runs") != nullptr) {
      runs = expand_sweep(request.overrides);
    } else {
      const Value config = compose(request);
      composed = config.to_json();
      if (const Value* known = told.child("known")) check_known_keys(config, texts(*known));
      if (const Value* path = told.child("bind")) {
        trainers().create(config.at(path->string()), path->string());
      }
      // What is printed can be read again.
      EXPECT_EQ(parse_toml(config.to_toml(true), "printed").to_json(), composed);
    }
  } catch (const Error& error) {
    message = error.what();
  }
  if (const Value* error = told.child("error")) {
    for (const std::string& part : texts(*error)) EXPECT_THAT(message, testing::HasSubstr(part));
    EXPECT_THAT(message, testing::Not(testing::HasSubstr("\n"))) << "a message is one line";
    return;
  }
  EXPECT_EQ(message, "no error");
  if (const Value* expected = told.child("expected")) {
    EXPECT_EQ(composed, expected->to_json());
  } else {
    std::vector<std::vector<std::string>> wanted;
    for (const Value& run : told.at("runs").array()) wanted.push_back(texts(run));
    EXPECT_EQ(runs, wanted);
  }
}

std::vector<fs::path> situations() {
  std::vector<fs::path> folders;
  for (const auto& entry :
       fs::directory_iterator(fs::path(WINNOW_SOURCE_DIR) / "tests/config/data")) {
    if (entry.is_directory()) folders.push_back(entry.path());
  }
  std::sort(folders.begin(), folders.end());
  return folders;
}

INSTANTIATE_TEST_SUITE_P(Config, Situation, testing::ValuesIn(situations()),
                         [](const auto& situation) { return situation.param.filename().string(); });

}  // namespace
}  // namespace winnow::config
