#pragma once
// The files of a selection. Both are JSON lines, both are named after the digest of their bytes,
// and neither depends on threads, folders, times or the order of the pool's rows:
//
//   selection-<digest>.jsonl    a head line, then one line for each sample taken, best first: id,
//                               score, stage, stratum, rank in it, each term's part of the score,
//                               and its weight where rows differ in it
//   candidates-<digest>.jsonl   a head line, then one line for every sample of the pool, by id:
//                               what `winnow explain` needs to say why it was taken or not

#include <filesystem>
#include <functional>
#include <iosfwd>
#include <string>
#include <vector>

#include "config/value.h"
#include "selectors/selector.h"

namespace winnow {

// A sample that no selector saw, e.g. one that an evaluation set contains.
struct LeftOutSample {
  std::string id;
  std::string reason;  // the same for all of a kind; they are counted by it
  std::string detail;  // about this one; may be empty
};

// What a selection was made from, beside the table.
struct SelectionOrigin {
  config::Value selector;  // its config
  std::uint64_t seed = 0;
  std::vector<std::string> columns;  // that the selector reads; their digests stand in the head
  std::vector<LeftOutSample> left_out;
};

// Writes both files into `folder` and returns the manifest's name. Throws IoError.
std::string write_selection(const std::filesystem::path& folder, const SampleTable& table,
                            const Selection& selection, const SelectionOrigin& origin);

// For selectors that make their lines themselves, one after the other: `write` puts them out, and
// the file selection-<digest>.jsonl has them. Returns its name. Throws IoError.
std::string write_manifest(const std::filesystem::path& folder,
                           const std::function<void(std::ostream&)>& write);

// Path of the manifest in a folder that holds one. Throws DataError when there is none or several.
std::filesystem::path find_selection(const std::filesystem::path& folder);

struct SelectedSample {
  std::string id;
  double weight = 1.0;  // as SelectedRow::weight
};

// The samples taken, best first. Throws IoError, DataError.
std::vector<SelectedSample> read_selected(const std::filesystem::path& manifest);

// Their ids alone.
std::vector<std::string> read_selected_ids(const std::filesystem::path& manifest);

}  // namespace winnow
