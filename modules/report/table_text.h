#pragma once
// What all text formats share: cells as words, which of them are best, and notes with marks.

#include <cstddef>
#include <string>
#include <vector>

#include "report/table.h"

namespace winnow::detail {

struct TextCell {
  std::string text;
  bool bold = false;
  bool number = false;  // aligned right
};

struct TextTable {
  std::vector<std::vector<TextCell>> rows;
  std::vector<std::string> notes;  // of the table, then "(a) reason" of missing cells
};

// A dash stands for a missing cell, `dash` in the format's own spelling. Throws std::logic_error.
TextTable to_text(const Table& table, const std::string& dash);

// Code points of a UTF-8 text; wide and combining characters count one, which is right for what
// tables of numbers hold.
std::size_t width_of(const std::string& text);

std::string format_number(double value, const NumberFormat& format);

// Neighbouring columns of one group: heading, first column, number of columns.
struct ColumnGroup {
  std::string title;
  std::size_t first = 0, count = 0;
};
std::vector<ColumnGroup> column_groups(const Table& table);
bool has_groups(const Table& table);

}  // namespace winnow::detail
