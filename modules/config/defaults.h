#pragma once
// Resolves `defaults` lists into an ordered list of files to merge: see README.md for the rules.

#include <string>
#include <vector>

#include "config/overrides.h"
#include "config/search_path.h"
#include "config/value.h"

namespace winnow::config {

// One file's own content and where it goes in the config ("" is the root level).
struct Layer {
  Value content;
  std::string place;
};

// The files of `root` and everything it names, in merging order (later wins). `choices` are the
// command line's group choices; they must name existing groups. Throws ConfigError for a missing
// file, group or option, a malformed or circular `defaults`, and a choice that replaces nothing.
std::vector<Layer> resolve_defaults(SearchPath& files, const std::string& root,
                                    const std::vector<Override>& choices);

}  // namespace winnow::config
