#include "experiments/stages/shown_tables.h"

#include <iostream>

#include "core/printable.h"
#include "report/table_width.h"

namespace winnow {

std::string shown_tables(const std::vector<Table>& tables, std::size_t main, bool all,
                         std::optional<std::size_t> width, bool styled) {
  if (!width) return to_terminal(tables, styled);
  std::vector<Table> shown = {fitted(tables.at(main), *width)};
  std::string others;
  for (std::size_t i = 0; i < tables.size(); ++i) {
    if (i == main) continue;
    if (all) shown.push_back(fitted(tables[i], *width));
    others += (others.empty() ? "" : "; ") + printable(tables[i].title);
  }
  std::string text = to_terminal(shown, styled);
  if (!all && !others.empty()) text += "\nOther tables, by --tables all: " + others + ".\n";
  return text;
}

void show_tables(const std::vector<Table>& tables, std::size_t main, bool all) {
  std::cout << shown_tables(tables, main, all, terminal_width(), standard_output_is_styled())
            << std::flush;
}

}  // namespace winnow
