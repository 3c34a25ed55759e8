#pragma once
// Which of its tables a recipe prints.

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "report/table.h"

namespace winnow {

// On a terminal of `width` columns the table `main`, cut to it, and a line that names the others;
// with `all` these, too, behind it. Without a width, in a file or a pipe, all of them as they are.
std::string shown_tables(const std::vector<Table>& tables, std::size_t main, bool all,
                         std::optional<std::size_t> width, bool styled);

// Prints them for the standard output that there is.
void show_tables(const std::vector<Table>& tables, std::size_t main, bool all);

}  // namespace winnow
