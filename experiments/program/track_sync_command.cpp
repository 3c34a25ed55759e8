// `winnow track sync RUN`: sends what trackers of a run have not taken yet, or all of it to another
// tracker.

#include <fmt/format.h>

#include <ostream>

#include "config/overrides.h"
#include "core/errors.h"
#include "core/printable.h"
#include "experiments/program/command.h"
#include "experiments/program/config_arguments.h"
#include "trackers/tracking.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;

class TrackSyncCommand : public Command {
 public:
  void declare(Arguments& arguments) override {
    arguments.word("run", run_, "a run in the folder of results, or a path");
    configs_.declare(arguments,
                     "other trackers, or other options: tracker@trackers.NAME=KIND, "
                     "trackers.NAME.KEY=VALUE");
    arguments.option("--patience", patience_, "seconds that each tracker may take",
                     config::at_least(0));
    results_.declare(arguments);
  }

  int run(std::ostream& out) override {
    fs::path folder = results_.folder() / run_;
    std::error_code error;
    if (!fs::is_directory(folder, error)) folder = fs::absolute(run_).lexically_normal();
    if (!fs::is_directory(folder, error)) {
      throw ConfigError(
          fmt::format("there is no run '{}' in {}", run_, results_.folder().string()));
    }
    const config::Value config = configs_.compose("track_sync", configs_.overrides());
    apply_run_options(config);
    config::check_known_keys(config, {"run", "trackers"});
    std::size_t incomplete = 0;
    for (const SyncResult& result : sync_tracking(folder, config.child("trackers"), patience_)) {
      out << fmt::format("{}: {} ({}): {}\n", printable(result.run), result.tracker,
                         printable(result.destination),
                         result.left == 0 ? "all is sent" : "not all is sent: " + result.problem);
      incomplete += result.left == 0 ? 0 : 1;
    }
    return incomplete == 0 ? 0 : 1;
  }

 private:
  std::string run_;
  ConfigArguments configs_;
  ResultsArgument results_;
  double patience_ = 600.0;
};

const bool registered =
    add_command<TrackSyncCommand>("track sync", "send what a run's trackers have not taken yet");

}  // namespace
}  // namespace winnow
