// `winnow list`: every component with its options, and the groups of configs.

#include <ostream>

#include "config/print.h"
#include "experiments/program/arguments.h"
#include "experiments/program/command.h"

namespace winnow {
namespace {

class ListCommand : public Command {
 public:
  void declare(CLI::App& app) override {
    app.add_option("kind", kind_, "a kind of component: selector, descriptor, ...");
    app.add_option("name", name_, "a component: prints its options");
    configs_.declare_folders(app);
  }

  int run(std::ostream& out) override {
    out << config::print_component_list(kind_, name_);
    if (kind_.empty()) {
      out << "\nGroups (folders of configs/) and their options:\n"
          << config::print_groups(configs_.folders());
    }
    return 0;
  }

 private:
  ConfigArguments configs_;
  std::string kind_, name_;
};

const bool registered = add_command<ListCommand>("list", "list components and their options");

}  // namespace
}  // namespace winnow
