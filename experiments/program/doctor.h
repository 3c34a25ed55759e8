#pragma once
// `winnow doctor`: what this machine offers winnow, what is slow, and what is missing.

#include <filesystem>
#include <iosfwd>

namespace winnow {

// Measures and prints one line per fact, then one line of advice for everything slow or missing.
// `results` is the folder that runs will write to; it need not exist. Returns the exit status: 0,
// or 1 when something an experiment needs does not work at all. Writes and removes files in the
// system's temporary folder.
int run_doctor(std::ostream& out, const std::filesystem::path& results);

}  // namespace winnow
