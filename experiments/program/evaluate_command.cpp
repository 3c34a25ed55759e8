// `winnow evaluate`: a checkpoint's answers to benchmarks.

#include <fmt/format.h>

#include <boost/json.hpp>
#include <iostream>
#include <ostream>

#include "core/errors.h"
#include "core/files.h"
#include "experiments/program/command.h"
#include "experiments/program/config_arguments.h"
#include "experiments/program/output_folder.h"
#include "experiments/stages/evaluation_stage.h"
#include "report/statistics.h"
#include "report/table.h"

namespace winnow {

// The top of configs/evaluate.toml.
struct EvaluateOptions {
  std::string output;
  std::int64_t seed = 0;
  double confidence = 0.95;
};
BOOST_DESCRIBE_STRUCT(EvaluateOptions, (), (output, seed, confidence))
inline config::Help help(const EvaluateOptions&) {
  return {
      {"output", "the folder that is made: outcomes/<benchmark>.jsonl, table.{txt,md,csv,json}"},
      {"seed", "of generated benchmarks", config::at_least(0)},
      {"confidence", "level of the intervals", config::between(0.5, 0.999)}};
}

namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

const std::vector<std::string> kTables = {"benchmarks", "held_out", "pool", "sampling", "features",
                                          "model",      "base",     "run",  "world"};

TableRow row_of(const BenchmarkTask& task, const std::vector<Question>& questions,
                const std::vector<Outcome>& outcomes, double confidence) {
  const NumberFormat points{1, false, ""}, count{0, false, ""};
  const auto parts = averaged_parts(questions, task.options().average);
  Scores scores(1);
  BootstrapOptions bootstrap;
  bootstrap.confidence = confidence;
  for (const auto& part : parts) {
    auto& own = scores.front().emplace_back();
    for (const std::size_t i : part) own.push_back(outcomes[i].score);
  }
  Interval interval = bootstrap_accuracy(scores, bootstrap).interval;
  interval = {100 * interval.value, 100 * interval.low, 100 * interval.high};
  std::int64_t unasked = 0, unparsed = 0, tokens = 0;
  double seconds = 0.0;
  for (const Outcome& outcome : outcomes) {
    unasked += was_asked(outcome) ? 0 : 1;
    unparsed += outcome.failure.starts_with(kNotParsed) ? 1 : 0;
    tokens += outcome.tokens;
    seconds += outcome.seconds;
  }
  const auto number = [](double value, const NumberFormat& format) {
    return TableCell(TableCell::Number{value, format});
  };
  return {{task.name(), number(static_cast<double>(questions.size()), count),
           TableCell::Measured{interval, points}, number(static_cast<double>(unasked), count),
           number(static_cast<double>(unparsed), count), number(static_cast<double>(tokens), count),
           number(seconds, points)}};
}

class EvaluateCommand : public Command {
 public:
  void declare(Arguments& arguments) override {
    configs_.declare(arguments);
    results_.declare(arguments);
    arguments.flag("--fresh", fresh_, "ask again");
    arguments.footer([] {
      return overview_of_command({{"model", models().names()},
                                  {"benchmark", benchmarks().names()},
                                  {"evaluator", evaluators().names()}},
                                 config::describe<EvaluateOptions>());
    });
  }

  int run(std::ostream& out) override {
    const config::Value config = configs_.compose("evaluate", configs_.overrides());
    const auto options = config::bind<EvaluateOptions>(config, "", kTables);
    SettingOptions setting_options = SettingOptions::from(config);
    if (!setting_options.model) {
      throw ConfigError("there is no model; name one, as in model=qwen3_vl model.path=FOLDER");
    }
    const auto pretrained = setting_options.model->make()->pretrained();
    if (!pretrained) {
      throw ConfigError("model.path is empty: name the folder of a checkpoint");
    }
    if (setting_options.benchmarks->empty()) {
      throw ConfigError(
          "there is no benchmark; name one, as in benchmark@benchmarks.mine=multiple_choice "
          "benchmarks.mine.file=FILE");
    }
    setting_options.pool.reset();
    check_files(setting_options);
    apply_run_options(config);
    std::optional<OutputFolder> output;
    if (!options.output.empty()) output.emplace(options.output);
    StageCache stages(results_.folder() / "stages", fresh_);
    Setting setting(setting_options, static_cast<std::uint64_t>(options.seed), stages);
    const Weights weights{*pretrained, digest_of_checkpoint(*pretrained), 0};

    Table table;
    table.title = "Answers of " + pretrained->string();
    table.columns = {{"Benchmark"},
                     {"Questions"},
                     {"Score"},
                     {"not asked", "Failures"},
                     {"not parsed", "Failures"},
                     {"Tokens"},
                     {"Seconds"}};
    for (std::size_t b = 0; b < setting_options.benchmarks->size(); ++b) {
      const BenchmarkTask& task = (*setting_options.benchmarks)[b];
      const StageOutput stage =
          EvaluationStage{setting, b, weights, "evaluation of " + task.name()}.run(stages);
      const std::vector<Question>& questions = setting.questions(b).asked;
      const std::vector<Outcome> outcomes = read_outcomes(stage, setting, b);
      table.rows.push_back(row_of(task, questions, outcomes, options.confidence));
      if (output) {
        write_outcomes(output->path() / "outcomes" / (task.name() + ".jsonl"), questions, outcomes);
      }
    }
    table.notes.push_back(
        fmt::format("Score: 100 is right; {:g} % intervals by bootstrap over questions.",
                    100 * options.confidence));
    if (output) {
      write_file(output->path() / "table.txt", to_terminal({table}, false));
      write_file(output->path() / "table.md", to_markdown({table}));
      write_file(output->path() / "table.csv", to_csv({table}));
      write_file(output->path() / "table.json", to_json({table}));
      write_file(output->path() / "config.toml", config.to_toml());
      output->sign(output->path());
      output->commit();
    }
    out << to_terminal({table}, standard_output_is_styled()) << std::flush;
    return 0;
  }

 private:
  ConfigArguments configs_;
  ResultsArgument results_;
  bool fresh_ = false;
};

const bool registered = add_command<EvaluateCommand>(
    "evaluate",
    "a checkpoint's answers: winnow evaluate model=... model.path=FOLDER benchmark@...");

}  // namespace
}  // namespace winnow
