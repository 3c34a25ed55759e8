#pragma once
// Tables of typed cells, written to the terminal, Markdown, LaTeX, CSV and JSON from one source.

#include <string>
#include <variant>
#include <vector>

#include "report/statistics.h"

namespace winnow {

// How a number is printed. CSV and JSON get the full number instead.
struct NumberFormat {
  int decimals = 1;
  bool sign = false;   // "+1.2": for differences
  std::string suffix;  // "x", " s"
};

struct TableCell {
  struct Text {
    std::string text;
  };
  struct Number {
    double value = 0.0;
    NumberFormat format = {};
  };
  struct Measured {  // printed as "1.2 [0.3, 2.1]"
    Interval interval;
    NumberFormat format = {};
  };
  struct Missing {  // printed as a dash with a mark; the reason becomes a note
    std::string reason;
  };
  std::variant<Missing, Text, Number, Measured> content;

  TableCell() : content(Missing{}) {}
  template <class T>
  TableCell(T value) : content(std::move(value)) {}
  TableCell(const char* text) : content(Text{text}) {}
  TableCell(std::string text) : content(Text{std::move(text)}) {}
  // The number of a Number or Measured, null for others.
  const double* value() const;
};

enum class Best { none, highest, lowest };

struct TableColumn {
  std::string title;
  std::string group = {};  // a heading over neighbouring columns of the same group
  Best best = Best::none;  // which value is printed bold
};

struct TableRow {
  std::vector<TableCell> cells;  // one per column
  bool takes_part = true;        // in the search for the best value
  bool rule_before = false;      // a line that sets this row apart from those above
};

struct Table {
  std::string title;
  std::vector<TableColumn> columns;
  std::vector<TableRow> rows;
  std::vector<std::string> notes;
};

// Each renders tables one below the other, every one with its title and notes. They throw
// std::logic_error when a row has more or fewer cells than there are columns. On the terminal all
// text is printable (core/printable.h).
std::string to_terminal(const std::vector<Table>& tables, bool styled);  // styled: bold by ANSI
std::string to_markdown(const std::vector<Table>& tables);
std::string to_latex(const std::vector<Table>& tables);  // needs \usepackage{booktabs}
// RFC 4180; a column that has intervals becomes three (value, low, high); missing cells are empty.
std::string to_csv(const std::vector<Table>& tables);
// {"tables": [{title, columns, rows, notes}]}; missing cells are {"missing": reason}.
std::string to_json(const std::vector<Table>& tables);

// Whether standard output is a terminal that shows bold.
bool standard_output_is_styled();

}  // namespace winnow
