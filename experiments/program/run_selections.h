#pragma once
// The selections of a run, by its provenance.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace winnow {

struct RunSelection {
  std::string method;
  std::int64_t seed = 0;
  std::filesystem::path manifest;  // selectors/manifest.h
};

// Whether a folder is that of a run.
bool is_run_folder(const std::filesystem::path& folder);

// The manifest that `selection` means: a file, a folder with one, or the selection of a method and
// seed of a run. `method`, `seed`: where it is a run. Throws IoError, DataError, and ConfigError
// naming what a run has.
std::filesystem::path selection_manifest(const std::filesystem::path& selection,
                                         const std::string& method, std::int64_t seed);

// In the order in which the run names them. Throws IoError, and DataError for what is no run's
// provenance.
std::vector<RunSelection> selections_of(const std::filesystem::path& run);

}  // namespace winnow
