#pragma once
// The program `winnow`: its command line, and how an error becomes one line and an exit status.

#include <string>
#include <vector>

namespace winnow {

// Runs one command and returns the exit status of the process: 0, 2 for a mistake in the config or
// on the command line, 1 for everything else.
int run_program(int argc, char** argv);

// The folder of results/ for a run: the experiment and the overrides that make it another one,
// "table1", "table1,scale=smoke". What only says how to run (run.*) is left out.
std::string run_name(const std::vector<std::string>& overrides);

}  // namespace winnow
