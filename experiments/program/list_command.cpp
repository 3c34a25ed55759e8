// `winnow list`: every component with its options, and the groups of configs.

#include <ostream>

#include "config/print.h"
#include "experiments/program/command.h"
#include "experiments/program/config_arguments.h"

namespace winnow {
namespace {

class ListCommand : public Command {
 public:
  void declare(Arguments& arguments) override {
    arguments.optional_word("kind", kind_, "a kind of component: selector, descriptor, ...");
    arguments.optional_word("name", name_, "a component: prints its options");
    arguments.flag("--markdown", markdown_, "tables for a README: name and what it is");
    configs_.declare_folders(arguments);
  }

  int run(std::ostream& out) override {
    if (markdown_) {
      out << config::print_component_tables(kind_);
      return 0;
    }
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
  bool markdown_ = false;
};

const bool registered = add_command<ListCommand>("list", "list components and their options");

}  // namespace
}  // namespace winnow
