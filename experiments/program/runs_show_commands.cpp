// `winnow runs show` and `winnow runs diff`: one run, or two.

#include <ctime>
#include <ostream>

#include "experiments/program/command.h"
#include "experiments/program/config_arguments.h"
#include "experiments/program/table_format.h"
#include "experiments/runs/run_difference.h"
#include "experiments/runs/run_table.h"

namespace winnow {
namespace {

class RunsShowCommand : public Command {
 public:
  void declare(Arguments& arguments) override {
    arguments.word("run", run_, "a run in the folder of results, or a path");
    format_.declare(arguments);
    results_.declare(arguments);
  }
  int run(std::ostream& out) override {
    format_.check();
    const std::int64_t now = std::time(nullptr);
    format_.print(run_tables(find_run(results_.folder(), run_), now), out);
    return 0;
  }

 private:
  std::string run_;
  TableFormat format_;
  ResultsArgument results_;
};

class RunsDiffCommand : public Command {
 public:
  void declare(Arguments& arguments) override {
    arguments.word("a", a_, "a run in the folder of results, or a path");
    arguments.word("b", b_, "another one");
    format_.declare(arguments);
    results_.declare(arguments);
  }
  int run(std::ostream& out) override {
    format_.check();
    const auto results = results_.folder();
    format_.print(run_difference(find_run(results, a_), find_run(results, b_)), out);
    return 0;
  }

 private:
  std::string a_, b_;
  TableFormat format_;
  ResultsArgument results_;
};

const bool show_registered =
    add_command<RunsShowCommand>("runs show", "what a run was made of, and its numbers");
const bool diff_registered = add_command<RunsDiffCommand>(
    "runs diff", "how two runs differ: config with origin, code, inputs by digest");

}  // namespace
}  // namespace winnow
