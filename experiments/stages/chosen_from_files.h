#pragma once
// What is kept beside a selection that a selector made of files (Selector::reads_files), so that it
// can be asked again why it took a sample, and how its names of samples lead back to a pool.
//
//   chosen_from.toml   the selector's table, the seed, and where the files are: seen from its own
//                      folder where they lie in the same folder of results
//   names.jsonl        beside files that a run wrote: each sample's name in them

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "config/value.h"
#include "selectors/selector.h"

namespace winnow {

// What became of a sample of the pool: its name in the files, or why it is not in them.
struct SampleInFiles {
  std::string name, left_out;
};
struct NamedSample {
  std::string id;
  SampleInFiles in_files;
};
// Lines of <folder>/names.jsonl, in the pool's order. Throws IoError, DataError.
std::filesystem::path names_file(const std::filesystem::path& folder);
void write_sample_names(const std::filesystem::path& folder, const std::vector<NamedSample>& names);
std::vector<NamedSample> read_sample_names(const std::filesystem::path& file);

struct ChosenFromFiles {
  config::Value selector;  // its table
  std::uint64_t seed = 0;
  std::map<std::string, std::filesystem::path> files;  // as SelectionInput has them
  std::filesystem::path names;                         // names.jsonl; empty: names are ids
};

// Writes chosen_from.toml to `folder`, whose final place is `place`. Paths are kept relative to it
// where `relative` says so, so that both may be moved together.
void write_chosen_from(const std::filesystem::path& folder, const std::filesystem::path& place,
                       const ChosenFromFiles& chosen, bool relative);

// The manifest that a selector of files wrote, by the samples' ids: its lines with both names, and
// the rows taken, their scores, stages and terms as part of `selection`. Throws DataError for a
// name that is not of the pool.
std::string manifest_by_ids(const std::filesystem::path& manifest,
                            const std::vector<NamedSample>& names, const RowTable& rows,
                            Selection& selection);

// Why the selection in a folder took a sample, or did not: by its selector where that reads files,
// else from the files of the selection (selectors/explanation.h). Throws IoError, and DataError for
// an unknown sample.
std::string explain_sample(const std::filesystem::path& folder, const std::string& sample);

}  // namespace winnow
