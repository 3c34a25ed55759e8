#pragma once
// The program `winnow`: its command line, and how an error becomes one line and an exit status.

namespace winnow {

// Runs one command and returns the exit status of the process: 0, 2 for a mistake in the config or
// on the command line, 1 for everything else.
int run_program(int argc, char** argv);

}  // namespace winnow
