#pragma once
// A selector's table may hold what a goal says to several selectors (configs/README.md).

#include <string>

#include "config/value.h"

namespace winnow {

// Which options of other selectors a table may hold.
enum class ForeignOptions {
  any,                // but not from the command line
  of_the_same_files,  // only where a file says something to this selector, too: a goal's
};

// The table for the selector that it names: that selector's own sub-table below what is set
// directly, without the options of others that are allowed. What is left must be an option.
config::Value selector_table(const config::Value& given, ForeignOptions foreign);

// Throws ConfigError about a column that a selector reads, by the key that names it. `path`: of the
// table; `method`: whose it is, where the path does not tell.
[[noreturn]] void fail_column(const config::Value& selector, const std::string& path,
                              const std::string& column, const std::string& method,
                              const std::string& problem);

}  // namespace winnow
