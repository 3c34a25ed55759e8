#pragma once
// A selection of a run that a selector of files made: the stage's folder beside its manifest.
//
// In filed.toml the tables `measured_pool` and `selector`, the run's seed, and where the files are,
// seen from this folder; in selected/ what the selector wrote.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "experiments/comparison/measured_pool.h"
#include "selectors/pool_selector.h"

namespace winnow {

// Everything that a selection from files needs.
struct SelectionFromFiles {
  config::Value measured_pool, selector;  // the config's tables
  std::uint64_t seed = 0;
  std::filesystem::path files;  // the folder that the writer filled

  std::unique_ptr<MeasuredPoolWriter> writer() const;
  // The selector, told where the files are and the seed. `path`: its table's place in the config.
  std::unique_ptr<PoolSelector> make_selector(const std::string& path) const;
  config::Value pool_table() const { return writer()->pool_table(files); }
};

// A sample of the pool, in or out of the files.
struct NamedSample {
  std::string id;
  SampleInFiles in_files;
};
// Lines of <files>/names.jsonl, in the pool's order. Throws IoError, DataError.
void write_sample_names(const std::filesystem::path& files, const std::vector<NamedSample>& names);
std::vector<NamedSample> read_sample_names(const std::filesystem::path& files);

// Writes filed.toml to `folder`, whose final place is `place`.
void write_selection_from_files(const std::filesystem::path& folder,
                                const std::filesystem::path& place,
                                const SelectionFromFiles& selection);

// Whether a folder holds one, and why it took a sample, or did not: by the selector, from the files
// read again. Throws DataError for a sample that is not of the pool.
bool is_selection_from_files(const std::filesystem::path& folder);
std::string explain_selection_from_files(const std::filesystem::path& folder,
                                         const std::string& sample);

}  // namespace winnow
