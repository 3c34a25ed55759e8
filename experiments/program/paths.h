#pragma once
// Where the program finds what belongs to it.

#include <filesystem>

namespace winnow {

// The folder that holds configs/: the nearest above the program's own file, so that a copy of a
// checkout uses what it holds itself, else the one that it was built from.
std::filesystem::path home_folder();

// Where runs go unless the user names a folder.
std::filesystem::path default_results_folder();

}  // namespace winnow
