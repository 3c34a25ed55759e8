#include "experiments/program/program.h"

#include <c10/util/Exception.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <new>

#include "core/errors.h"
#include "core/logging.h"
#include "core/printable.h"
#include "experiments/program/command.h"
#include "experiments/program/config_arguments.h"
#include "experiments/program/runtime.h"
#include "experiments/stages/provenance.h"

namespace winnow {
namespace {

// The app of each command; names of two words lie in an app of their first word, which may be a
// command itself.
class CommandTree {
 public:
  explicit CommandTree(CLI::App& root) : root_(root) {}

  CLI::App& add(const std::string& name, const std::string& help) {
    const std::size_t space = name.find(' ');
    if (space == std::string::npos) {
      // Commands come by name: "runs" before "runs show".
      return *(groups_[name] = root_.add_subcommand(name, help));
    }
    CLI::App*& group = groups_[name.substr(0, space)];
    if (group == nullptr) {
      group = root_.add_subcommand(name.substr(0, space), "");
      group->require_subcommand(1);
    }
    const std::string own = name.substr(space + 1);
    const std::string known = group->get_description();
    // A command that stands by itself says what it does; what follows it is in its own help.
    if (group->get_require_subcommand_min() > 0) {
      group->description((known.empty() ? "" : known + ", ") + own);
    }
    return *group->add_subcommand(own, help);
  }

 private:
  CLI::App& root_;
  std::map<std::string, CLI::App*> groups_;
};

int dispatch(int argc, char** argv) {
  CLI::App app("winnow chooses training data for vision-language models.", "winnow");
  app.require_subcommand(1);
  app.footer([] { return overview_of_configs(ConfigArguments().folders()); });
  CommandTree tree(app);
  std::vector<std::pair<CLI::App*, std::unique_ptr<Command>>> all;
  for (const auto& [name, entry] : commands()) {
    CLI::App& own = tree.add(name, entry.help);
    all.emplace_back(&own, entry.make());
    Arguments arguments(own);
    all.back().second->declare(arguments);
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  int status = 0;
  for (const auto& [own, command] : all) {
    if (own->parsed() && own->get_subcommands().empty()) status = command->run(std::cout);
  }
  std::cout.flush();
  if (!std::cout) throw IoError("standard output cannot be written");
  return status;
}

int fail(const std::string& message, int status) {
  std::fflush(stdout);
  std::fprintf(stderr, "error: %s\n", printable_lines(message).c_str());
  return status;
}

}  // namespace

int run_program(int argc, char** argv) {
  try {
    set_up_process();
    set_up_logging("info");  // until a config says otherwise; what pools hold is shown safely
    set_command_line(argc, argv);
    return dispatch(argc, argv);
  } catch (const Error& error) {
    return fail(error.what(), error.exit_status());
  } catch (const std::bad_alloc&) {
    return fail("there is not enough memory; fewer workers (run.workers=1) need less", 1);
  } catch (const c10::Error& error) {
    return fail("LibTorch: " + std::string(error.what_without_backtrace()), 1);
  } catch (const std::filesystem::filesystem_error& error) {
    return fail(error.what(), 1);
  } catch (const std::exception& error) {
    return fail(std::string("this is a fault of winnow: ") + error.what(), 1);
  }
}

}  // namespace winnow
