// `winnow runs rm` and `winnow runs gc`: what takes up space and nobody needs.

#include <fmt/format.h>

#include <ostream>

#include "core/printable.h"
#include "experiments/program/command.h"
#include "experiments/program/config_arguments.h"
#include "experiments/runs/run_removal.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;

// What went, or would go; at the end its size.
void print_plan(const RemovalPlan& plan, const fs::path& results, bool done, std::ostream& out) {
  const auto line = [&](const fs::path& place) {
    out << "  " << printable(place.lexically_relative(results).generic_string()) << "\n";
  };
  for (const fs::path& run : plan.runs) line(run);
  for (const fs::path& stage : plan.stages) line(stage);
  const auto counted = [](std::size_t count, const char* what) {
    return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
  };
  out << (done ? "Removed: " : "Would be removed: ")
      << (plan.runs.empty() ? "" : counted(plan.runs.size(), "run") + " and ")
      << counted(plan.stages.size(), "stage output") << ", " << size_text(plan.bytes) << "\n";
}

int carry_out_and_print(const RemovalPlan& plan, const fs::path& results, std::ostream& out) {
  const std::vector<fs::path> kept = carry_out(plan);
  print_plan(plan, results, true, out);
  for (const fs::path& stage : kept) {
    out << fmt::format("But {} stays: another process works on it.\n",
                       printable(stage.lexically_relative(results).generic_string()));
  }
  return 0;
}

class RunsRemoveCommand : public Command {
 public:
  void declare(Arguments& arguments) override {
    arguments.word("run", run_, "a run in the folder of results");
    arguments.flag("--dry-run", dry_run_, "only say what would go");
    arguments.flag("--keep-stages", keep_stages_, "take the run's folder away alone");
    results_.declare(arguments);
  }
  int run(std::ostream& out) override {
    const fs::path results = results_.folder();
    const RemovalPlan plan = plan_removal(results, run_, keep_stages_);
    if (!dry_run_) return carry_out_and_print(plan, results, out);
    print_plan(plan, results, false, out);
    return 0;
  }

 private:
  std::string run_;
  bool dry_run_ = false, keep_stages_ = false;
  ResultsArgument results_;
};

class RunsCollectCommand : public Command {
 public:
  void declare(Arguments& arguments) override {
    arguments.flag("--remove", remove_, "take them away; without it they are only listed");
    results_.declare(arguments);
  }
  int run(std::ostream& out) override {
    const fs::path results = results_.folder();
    const RemovalPlan plan = plan_collection(results);
    if (remove_) return carry_out_and_print(plan, results, out);
    print_plan(plan, results, false, out);
    if (!plan.stages.empty()) out << "winnow runs gc --remove takes them away.\n";
    return 0;
  }

 private:
  bool remove_ = false;
  ResultsArgument results_;
};

const bool remove_registered =
    add_command<RunsRemoveCommand>("runs rm", "remove a run and the stages that it alone uses");
const bool collect_registered =
    add_command<RunsCollectCommand>("runs gc", "find stages that no run uses; --remove them");

}  // namespace
}  // namespace winnow
