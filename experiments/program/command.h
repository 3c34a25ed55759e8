#pragma once
// A subcommand of `winnow`. Each lies in a source file of its own, which registers it:
//
//   const bool registered = add_command<DoctorCommand>("doctor", "what this machine offers");
//
// A name of two words ("pool check") is a subcommand of a subcommand.

#include <functional>
#include <iosfwd>
#include <map>
#include <memory>
#include <string>

#include "experiments/program/arguments.h"

namespace winnow {

class Command {
 public:
  virtual ~Command() = default;
  // Says what it takes; what the arguments are written to lives as long as the command.
  virtual void declare(Arguments& arguments) = 0;
  // Does it, prints to `out`, and returns the exit status. Throws winnow::Error.
  virtual int run(std::ostream& out) = 0;
};

struct CommandEntry {
  std::string help;  // one line
  std::function<std::unique_ptr<Command>()> make;
};

// By name.
std::map<std::string, CommandEntry>& commands();

template <class C>
bool add_command(const std::string& name, const std::string& help) {
  return commands().emplace(name, CommandEntry{help, [] { return std::make_unique<C>(); }}).second;
}

}  // namespace winnow
