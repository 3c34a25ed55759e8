// `winnow config`: the composed config, with the file and line of each value.

#include <ostream>

#include "config/print.h"
#include "experiments/program/command.h"
#include "experiments/program/config_arguments.h"
#include "experiments/stages/recipe.h"

namespace winnow {
namespace {

class ConfigCommand : public Command {
 public:
  void declare(Arguments& arguments) override { configs_.declare(arguments, "as for run"); }

  int run(std::ostream& out) override {
    const config::Value composed = configs_.compose("winnow", configs_.overrides());
    if (composed.child("recipe") != nullptr) checked_recipe(composed);
    out << config::print_config(composed);
    return 0;
  }

 private:
  ConfigArguments configs_;
};

const bool registered =
    add_command<ConfigCommand>("config", "print the composed config with its sources");

}  // namespace
}  // namespace winnow
