// Reads back by the trackers' own programs what winnow wrote: every number, text, image and
// parameter. They lie in build/clients, which scripts/clients makes.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <cmath>
#include <limits>
#include <opencv2/imgcodecs.hpp>

#include "config/read.h"
#include "core/files.h"
#include "core/logging.h"
#include "endpoints/http_client.h"
#include "temporary_folder.h"
#include "trackers/tracking.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;
using testing_support::temporary_folder;

const fs::path kEnvironment = fs::path(WINNOW_SOURCE_DIR) / "build/clients";
constexpr int kSteps = 2500;
constexpr double kTime = 1.7e9;

double loss_at(int step) {
  if (step == 10) return std::numeric_limits<double>::quiet_NaN();
  return 1.0 / step + 1e-3 * std::sin(step);
}

class Clients : public testing::Test {
 protected:
  void SetUp() override {
    if (!fs::exists(kEnvironment / "complete")) {
      GTEST_SKIP() << "the trackers' own clients are not there; scripts/clients installs them";
    }
    spdlog::set_level(spdlog::level::warn);
  }
  void TearDown() override { spdlog::set_level(spdlog::level::info); }

  // What read_back.py says of it.
  json::object read_back(const std::string& arguments) const {
    const fs::path out = temporary_folder() / "out.json", err = temporary_folder() / "err";
    const std::string line =
        fmt::format("'{}' '{}/tests/trackers/clients/read_back.py' {} >'{}' 2>'{}'",
                    (kEnvironment / "bin/python").string(), WINNOW_SOURCE_DIR, arguments,
                    out.string(), err.string());
    EXPECT_EQ(std::system(line.c_str()), 0) << read_file(err);
    return json::parse(read_file(out)).as_object();
  }

  // A run with a child that is killed and continued, told to one tracker.
  void track(const std::string& tracker, double patience = 60.0) const {
    const config::Value table = config::parse_toml(tracker, "test");
    const TrackingPlan plan{temporary_folder() / "mine", "mine", "", "identity"};
    fs::create_directories(temporary_folder());
    const fs::path png = temporary_folder() / "figure.png";
    cv::imwrite(png.string(), cv::Mat(20, 30, CV_8UC3, cv::Scalar(1, 2, 3)));
    const pid_t child = ::fork();
    if (child == 0) {
      Tracking tracking(plan, &table);
      say(tracking.run(), png, 1500);
      ::usleep(4000000);
      ::raise(SIGKILL);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    ASSERT_TRUE(WIFSIGNALED(status));
    Tracking tracking(plan, &table);
    say(tracking.run(), png, kSteps);
    tracking.finish(RunStatus::finished);
    for (const SyncResult& result : sync_tracking(plan.folder, nullptr, patience)) {
      EXPECT_EQ(result.left, 0U) << result.tracker << ": " << result.problem;
    }
  }

  static void say(const TrackedRun& run, const fs::path& png, int last) {
    run.setting("trainer.learning_rate", "0.0005");
    run.tag("commit", "0123abc");
    run.text("tables", 0, "| a | b |\n|---|---|\n| 1 | ünï |\n");
    const TrackedRun child = run.child("temp_plus-seed-7", "identity");
    child.parameter("seed", "7");
    child.parameter("method", "temp_plus");
    for (int step = 1; step <= last; ++step) {
      child.scalars(step, {{"train/loss", loss_at(step)}, {"train/rate", 2.0 * step}},
                    kTime + 0.5 * step);
    }
    child.image("figures/curve", 3, png);
    run.artifact("figure.png", png);
  }

  // `rounded`: numbers are single precision.
  static void expect_curves(const json::object& run, bool rounded) {
    const json::object& scalars = run.at("scalars").as_object();
    for (const std::string key : {"train/loss", "train/rate"}) {
      ASSERT_TRUE(scalars.contains(key)) << json::serialize(run);
      const json::array& points = scalars.at(key).as_array();
      ASSERT_EQ(points.size(), static_cast<std::size_t>(kSteps)) << key;
      for (int step = 1; step <= kSteps; ++step) {
        const json::array& point = points[static_cast<std::size_t>(step - 1)].as_array();
        ASSERT_EQ(point.at(0).to_number<int>(), step);
        EXPECT_NEAR(point.at(2).to_number<double>(), kTime + 0.5 * step, 1e-3);
        const double value = key == "train/loss" ? loss_at(step) : 2.0 * step;
        if (std::isnan(value)) {
          EXPECT_EQ(point.at(1).as_string(), "nan");
        } else if (rounded) {
          EXPECT_EQ(static_cast<float>(point.at(1).to_number<double>()), static_cast<float>(value));
        } else {
          EXPECT_DOUBLE_EQ(point.at(1).to_number<double>(), value);
        }
      }
    }
  }
};

TEST_F(Clients, TensorBoardReadsEventFiles) {
  const fs::path logdir = temporary_folder() / "logdir";
  track(fmt::format("tb = {{type = 'tensorboard', folder = '{}'}}", logdir.string()));
  const json::object runs = read_back("tensorboard '" + logdir.string() + "'");
  ASSERT_TRUE(runs.contains("mine/temp_plus-seed-7")) << json::serialize(runs);
  const json::object& child = runs.at("mine/temp_plus-seed-7").as_object();
  expect_curves(child, /*rounded=*/true);
  EXPECT_EQ(child.at("words").at("seed").to_number<int>(), 7);
  EXPECT_EQ(child.at("words").at("method").as_string(), "temp_plus");
  EXPECT_EQ(child.at("images").at("figures/curve"), json::value({30, 20}));
  EXPECT_EQ(child.at("status").as_string(), "1");
  EXPECT_THAT(std::string(runs.at("mine").at("texts").at("tables").as_string()),
              testing::HasSubstr("ünï"));
}

TEST_F(Clients, WandbReadsItsLog) {
  track("wandb = {type = 'wandb'}");
  const fs::path folder = temporary_folder() / "mine/tracking/wandb";
  const json::object runs = read_back("wandb '" + folder.string() + "'");
  ASSERT_TRUE(runs.contains("mine/temp_plus-seed-7")) << json::serialize(runs);
  const json::object& child = runs.at("mine/temp_plus-seed-7").as_object();
  expect_curves(child, /*rounded=*/false);
  EXPECT_EQ(child.at("words").at("seed").as_string(), "7");
  EXPECT_EQ(child.at("parent").as_string(), "mine");
  EXPECT_EQ(child.at("status").as_string(), "0");
  EXPECT_TRUE(child.at("files").as_object().contains("images/figures/curve-3.png"));
  const json::object& whole = runs.at("mine").as_object();
  EXPECT_EQ(whole.at("words").at("trainer.learning_rate").as_string(), "0.0005");
  EXPECT_EQ(whole.at("words").at("made_by/commit").as_string(), "0123abc");
  EXPECT_TRUE(whole.at("files").as_object().contains("texts/tables-0.md"));
  EXPECT_TRUE(whole.at("files").as_object().contains("figure.png"));
}

// MLflow's own server on a data base of its own.
class MlflowProcess {
 public:
  explicit MlflowProcess(const fs::path& folder) : folder_(folder) {
    fs::create_directories(folder_);
    port_ = 20000 + ::getpid() % 20000;
    start();
  }
  ~MlflowProcess() { stop(); }
  std::string uri() const { return fmt::format("http://127.0.0.1:{}", port_); }

  void start() {
    const std::string line = fmt::format(
        "cd '{0}' && exec '{1}/bin/python' -m mlflow server --host 127.0.0.1 --port {2} --workers "
        "1 "
        "--backend-store-uri sqlite:///'{0}'/mlflow.db --artifacts-destination '{0}/artifacts' "
        ">>'{0}/log' 2>&1",
        folder_.string(), kEnvironment.string(), port_);
    process_ = ::fork();
    if (process_ == 0) {
      ::setpgid(0, 0);
      ::execl("/bin/sh", "sh", "-c", line.c_str(), nullptr);
      ::_exit(127);
    }
    ::setpgid(process_, process_);
    const HttpClient http({1.0, 5.0});
    const std::atomic<bool> go_on{false};
    for (int i = 0; i < 900; ++i) {
      if (http.send("GET", uri() + "/health", {}, "", go_on).status == 200) return;
      ::usleep(100000);
    }
    ADD_FAILURE() << "MLflow's server does not start: " << read_file(folder_ / "log");
  }
  void stop() {
    if (process_ == 0) return;
    ::kill(-process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
    process_ = 0;
  }

 private:
  fs::path folder_;
  int port_ = 0;
  pid_t process_ = 0;
};

TEST_F(Clients, MlflowServerThatDiesInTheMiddleHasEverythingInTheEnd) {
  MlflowProcess server(temporary_folder() / "server");
  const std::string options = fmt::format(
      "mine = {{type = 'mlflow', uri = '{}', experiment = 'an experiment', patience = 0.0}}",
      server.uri());
  const config::Value table = config::parse_toml(options, "test");
  const TrackingPlan plan{temporary_folder() / "mine", "mine", "a sweep", "identity"};
  fs::create_directories(temporary_folder());
  const fs::path png = temporary_folder() / "figure.png";
  cv::imwrite(png.string(), cv::Mat(20, 30, CV_8UC3, cv::Scalar(1, 2, 3)));
  spdlog::set_level(spdlog::level::off);
  {
    Tracking tracking(plan, &table);
    say(tracking.run(), png, 1000);
    ::usleep(4000000);
    server.stop();
    say(tracking.run(), png, kSteps);
    tracking.finish(RunStatus::finished);
  }
  EXPECT_GT(sync_tracking(plan.folder, nullptr, 1.0).at(0).left, 0U);
  server.start();
  const auto results = sync_tracking(plan.folder, nullptr, 60.0);
  ASSERT_EQ(results.at(0).left, 0U) << results.at(0).problem;

  const json::object runs = read_back("mlflow " + server.uri() + " 'an experiment'");
  ASSERT_EQ(runs.size(), 3U) << json::serialize(runs);
  const json::object& child = runs.at("mine/temp_plus-seed-7").as_object();
  expect_curves(child, /*rounded=*/false);
  EXPECT_EQ(child.at("status").as_string(), "FINISHED");
  EXPECT_EQ(child.at("parent").as_string(), "mine");
  EXPECT_EQ(child.at("words").at("seed").as_string(), "7");
  EXPECT_EQ(child.at("files").at("images/figures/curve-3.png").to_number<std::uintmax_t>(),
            fs::file_size(png));
  const json::object& whole = runs.at("mine").as_object();
  EXPECT_EQ(whole.at("parent").as_string(), "a sweep");
  EXPECT_EQ(whole.at("words").at("trainer.learning_rate").as_string(), "0.0005");
  EXPECT_EQ(whole.at("words").at("tag:mlflow.source.git.commit").as_string(), "0123abc");
  EXPECT_TRUE(whole.at("files").as_object().contains("texts/tables-0.md"));
  EXPECT_TRUE(whole.at("files").as_object().contains("figure.png"));
}

}  // namespace
}  // namespace winnow
