#include "experiments/program/command.h"

namespace winnow {

std::map<std::string, CommandEntry>& commands() {
  static std::map<std::string, CommandEntry> all;
  return all;
}

}  // namespace winnow
