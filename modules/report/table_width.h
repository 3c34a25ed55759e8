#pragma once
// Tables that fit a terminal.

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "report/table.h"

namespace winnow {

// Columns of the terminal that standard output is, by the variable COLUMNS or the terminal itself;
// nothing where it is a file or a pipe.
std::optional<std::size_t> terminal_width();

// The table in at most `width` columns, as to_terminal prints it: the widest texts and titles
// are cut, down to 12 characters, then columns are left out from the right, which a note says. The
// first column stays.
Table fitted(Table table, std::size_t width);

// to_terminal of the tables in the terminal's width, where there is one.
std::string to_this_terminal(std::vector<Table> tables);

}  // namespace winnow
