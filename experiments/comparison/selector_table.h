#pragma once
// A selector's table may hold what a goal says to several selectors (configs/README.md).

#include <string>

#include "config/value.h"

namespace winnow {

// Whether a selector is one of pool files (selectors/pool_selector.h).
bool names_pool_selector(const config::Value& selector);

// Throws ConfigError when the table's `type` names no selector, neither of tables nor of pool
// files.
void check_selector_type(const config::Value& selector, const std::string& path);

// Which options of other selectors a table may hold.
enum class ForeignOptions {
  any,                // but not from the command line
  of_the_same_files,  // only where a file says something to this selector, too: a goal's
};

// The table for the selector that it names, on pool files: that selector's own sub-table below what
// is set directly, without the options of others that are allowed. What is left must be an option.
config::Value selector_table(const config::Value& given, ForeignOptions foreign);

}  // namespace winnow
