#pragma once
// What a selector chooses from, and where it may leave files.

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

#include "pool/sample_table.h"
#include "selectors/selection.h"
#include "selectors/shared_work.h"

namespace winnow {

struct SelectionInput {
  const SampleTable& table;  // without rows for one that reads files
  std::uint64_t seed = 0;
  // Rows of the table that must not be taken, beside those with a failed cell in one of its
  // columns.
  std::map<std::size_t, UnusableRow> unusable = {};
  // The pool's hidden labels; empty without any.
  std::filesystem::path labels = {};
  // For a selector that reads files: the pool's, by the name that its source has for each; a run
  // adds those of its measurements.
  std::map<std::string, std::filesystem::path> files = {};
  // For one that leaves files of its own: where they go. It exists.
  std::filesystem::path folder = {};
  // For selections that are made together; null for one alone.
  SharedWork* shared = nullptr;
  // Where the selector's table stands in the user's config, and the method that takes its rows by
  // it where that is not to be seen there: for messages.
  std::string place = "selector";
  std::string method = {};

  // An option of the selector by the user's key: "methods.temp.selector.budget".
  std::string key(const std::string& option) const;
};

}  // namespace winnow
