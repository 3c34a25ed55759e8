#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "core/printable.h"
#include "report/table.h"
#include "report/table_text.h"

namespace winnow {
namespace {

std::string without_specials(const std::string& text) {
  std::string result;
  for (const char c : text) {
    switch (c) {
      case '\\':
        result += "\\textbackslash{}";
        break;
      case '~':
        result += "\\textasciitilde{}";
        break;
      case '^':
        result += "\\textasciicircum{}";
        break;
      case '<':
        result += "\\textless{}";
        break;
      case '>':
        result += "\\textgreater{}";
        break;
      default:
        if (std::string_view("&%$#_{}").find(c) != std::string_view::npos) result += '\\';
        result += c;
    }
  }
  return result;
}

std::string escaped(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  text = printable(text);
  // Behind the end of a row these two would be its options.
  if (!text.empty() && (text.front() == '[' || text.front() == '*')) {
    return "{" + text.substr(0, 1) + "}" + without_specials(text.substr(1));
  }
  return without_specials(text);
}

// A minus sign instead of a hyphen in numbers.
std::string number(const std::string& text) {
  std::string result;
  for (const char c : without_specials(text)) {
    if (c == '-') {
      result += "$-$";
    } else {
      result += c;
    }
  }
  return result;
}

std::string render(const Table& table) {
  // The dash is added after escaping numbers, as its hyphens are no minus signs.
  const std::string dash = "\x01";
  const auto text = detail::to_text(table, dash);
  std::string layout, groups, rules, header;
  for (std::size_t c = 0; c < table.columns.size(); ++c) {
    bool right = false;
    for (const auto& row : text.rows) right = right || row[c].number;
    layout += right ? 'r' : 'l';
    header += (c == 0 ? "" : " & ") + escaped(table.columns[c].title);
  }
  for (const auto& group : detail::column_groups(table)) {
    if (group.first > 0) groups += " & ";
    if (group.title.empty()) continue;
    groups += fmt::format("\\multicolumn{{{}}}{{c}}{{{}}}", group.count, escaped(group.title));
    rules += fmt::format("\\cmidrule(lr){{{}-{}}}", group.first + 1, group.first + group.count);
  }
  std::string body;
  for (std::size_t r = 0; r < text.rows.size(); ++r) {
    if (table.rows[r].rule_before && r > 0) body += "\\midrule\n";
    for (std::size_t c = 0; c < text.rows[r].size(); ++c) {
      const auto& cell = text.rows[r][c];
      std::string words = cell.number ? number(cell.text) : escaped(cell.text);
      if (const auto at = words.find(dash); at != std::string::npos) words.replace(at, 1, "--");
      body += (c == 0 ? "" : " & ") + (cell.bold ? "\\textbf{" + words + "}" : words);
    }
    body += " \\\\\n";
  }
  std::string result = "\\begin{table}[t]\n\\centering\n";
  if (!table.title.empty()) result += "\\caption{" + escaped(table.title) + "}\n";
  result += "\\begin{tabular}{" + layout + "}\n\\toprule\n";
  if (detail::has_groups(table)) result += groups + " \\\\\n" + rules + "\n";
  result += header + " \\\\\n\\midrule\n" + body + "\\bottomrule\n\\end{tabular}\n";
  for (const auto& note : text.notes)
    result += "\n\\smallskip\\footnotesize " + escaped(note) + "\n";
  return result + "\\end{table}\n";
}

}  // namespace

std::string to_latex(const std::vector<Table>& tables) {
  std::string result;
  for (const auto& table : tables) result += (result.empty() ? "" : "\n") + render(table);
  return result;
}

}  // namespace winnow
