// `winnow train`: the recipe of a comparison on the rows of one selection, or on a whole pool.

#include <fmt/format.h>

#include <boost/json.hpp>
#include <ostream>

#include "core/errors.h"
#include "core/files.h"
#include "core/hash.h"
#include "experiments/program/command.h"
#include "experiments/program/config_arguments.h"
#include "experiments/program/opened_pool.h"
#include "experiments/program/output_folder.h"
#include "experiments/program/run_selections.h"
#include "experiments/stages/selection_stage.h"
#include "experiments/stages/training_stage.h"

namespace winnow {

// The top of configs/train.toml.
struct TrainOptions {
  std::string output;
  std::filesystem::path selection;
  std::string method;
  std::int64_t seed = 0;
};
BOOST_DESCRIBE_STRUCT(TrainOptions, (), (output, selection, method, seed))
inline config::Help help(const TrainOptions&) {
  return {{"output", "the folder that is made: a checkpoint-N for each checkpoint, metrics.jsonl"},
          {"selection",
           "folder of a selection, or of a run: its rows with their weights; empty: all rows"},
          {"method", "whose selection, where `selection` is a run"},
          {"seed", "of the order of rows, and of the method's selection in a run",
           config::at_least(0)}};
}

namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

const std::vector<std::string> kTables = {"pool",  "sampling", "features",   "screening",
                                          "model", "base",     "trainer",    "batch_source",
                                          "run",   "world",    "benchmarks", "held_out"};

class TrainCommand : public Command {
 public:
  void declare(Arguments& arguments) override {
    configs_.declare(arguments);
    results_.declare(arguments);
    arguments.flag("--fresh", fresh_, "train again");
    arguments.footer([] {
      return overview_of_command({{"pool", pools().names()},
                                  {"model", models().names()},
                                  {"trainer", trainers().names()},
                                  {"batch_source", batch_sources().names()}},
                                 config::describe<TrainOptions>());
    });
  }

  int run(std::ostream& out) override {
    const config::Value config = configs_.compose("train", configs_.overrides());
    const auto options = config::bind<TrainOptions>(config, "", kTables);
    if (options.output.empty()) {
      config::fail_value(config.at("output"), "output", "expected a folder, as in output=FOLDER");
    }
    SettingOptions setting_options = SettingOptions::from(config);
    const TrainingOptions training = TrainingOptions::from(config);
    if (!setting_options.model) {
      throw ConfigError("there is no model; name one, as in model=qwen3_vl model.path=FOLDER");
    }
    // The pool of benchmarks that it may bring is not asked here.
    setting_options.benchmarks = std::make_shared<const std::vector<BenchmarkTask>>();
    if (!options.selection.empty()) {
      setting_options.rows_of = selection_manifest(options.selection, options.method, options.seed);
    }
    check_files(setting_options);
    apply_run_options(config);
    OutputFolder output(options.output);
    if (!setting_options.rows_of.empty()) {
      output.check_input("the selection", setting_options.rows_of);
    }
    StageCache stages(results_.folder() / "stages", fresh_);
    const auto seed = static_cast<std::uint64_t>(options.seed);
    Setting setting(setting_options, seed, stages);
    setting.prepare();
    const StageOutput trained =
        TrainingStage{setting, training, selection_of(setting, setting_options, seed), seed,
                      "training"}
            .run(stages);
    winnow::copy_folder(trained.folder, output.path() / "trained");
    for (const fs::directory_entry& entry : fs::directory_iterator(output.path() / "trained")) {
      if (entry.path().filename() == "manifest.json") continue;
      fs::rename(entry.path(), output.path() / entry.path().filename());
    }
    fs::remove_all(output.path() / "trained");
    json::object report = account_of(setting.pool());
    report["training"] = trained.facts;
    report["left_out"] = setting.left_out().size();
    write_file(output.path() / "report.json", json::serialize(report) + "\n");
    write_file(output.path() / "config.toml", config.to_toml());
    output.sign(output.path());
    output.commit();
    out << fmt::format("{}: {} rows trained, loss {:.3f} at the end\n", output.place().string(),
                       trained.facts.at("rows").to_number<std::int64_t>(),
                       trained.facts.at("final_loss").to_number<double>());
    for (const Weights& weights : checkpoints_of(trained)) {
      out << fmt::format("  {}  after {} samples\n",
                         (output.place() / weights.folder.filename()).string(), weights.samples);
    }
    return 0;
  }

 private:
  // Those of a selection keep their weights.
  static StageOutput selection_of(Setting& setting, const SettingOptions& options,
                                  std::uint64_t seed) {
    if (!options.rows_of.empty()) {
      StageOutput selection;
      selection.folder = options.rows_of.parent_path();
      selection.digest = digest_of_file(options.rows_of);
      return selection;
    }
    config::Value table;
    table.set("type", value_of("uniform"));
    table.set("budget", config::Value(std::int64_t{0}, {}));
    table.set("share", config::Value(1.0, {}));
    const Bound<Selector> all(selectors, table, "selector");
    return SelectionStage{setting, all, {}, seed, "all rows"}.run(setting.stages());
  }

  ConfigArguments configs_;
  ResultsArgument results_;
  bool fresh_ = false;
};

const bool registered = add_command<TrainCommand>(
    "train",
    "a model on a selection: winnow train pool.files=[A.jsonl] selection=FOLDER model=...");

}  // namespace
}  // namespace winnow
