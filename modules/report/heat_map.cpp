#include "report/heat_map.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

namespace winnow {
namespace {

// Ends of the scale that readers with any colour vision can tell apart, and the middle.
constexpr double kLow[] = {0x21, 0x66, 0xac}, kMiddle[] = {0xf7, 0xf7, 0xf7},
                 kHigh[] = {0xb2, 0x18, 0x2b};
constexpr double kLightText = 0.75;  // tones from here on take white letters

std::uint32_t colour_of(double tone) {
  const double* end = tone < 0 ? kLow : kHigh;
  std::uint32_t rgb = 0;
  for (int i = 0; i < 3; ++i) {
    const double channel = kMiddle[i] + std::abs(tone) * (end[i] - kMiddle[i]);
    rgb = rgb << 8 | static_cast<std::uint32_t>(std::lround(channel));
  }
  return rgb;
}

// "column row value colour text colour-of-text", one line for each cell that has a value.
std::string data_of(const HeatMap& map) {
  std::string data = "# column row value colour text colour_of_text\n";
  for (std::size_t r = 0; r < map.rows.size(); ++r) {
    for (std::size_t c = 0; c < map.columns.size(); ++c) {
      const std::optional<double>& value = map.rows[r].values[c];
      if (!value) continue;
      const double tone = tone_of(map, *value);
      data += fmt::format("{} {} {} {} {:.{}f} {}\n", c, r, *value, colour_of(tone), *value,
                          map.decimals, std::abs(tone) > kLightText ? 0xffffff : 0x222222);
    }
  }
  return data;
}

std::string ticks(const std::vector<std::string>& labels) {
  std::string text;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    text += fmt::format("{}{} {}", i == 0 ? "" : ", ", quoted(labels[i]), i);
  }
  return text;
}

std::string script_of(const HeatMap& map, const std::string& data_name) {
  std::vector<std::string> rows;
  std::size_t longest_row = 0, longest_column = 0;
  for (const HeatMap::Row& row : map.rows) {
    rows.push_back(row.label);
    longest_row = std::max(longest_row, row.label.size());
  }
  for (const std::string& column : map.columns) {
    longest_column = std::max(longest_column, column.size());
  }
  // Inches: cells, and room for the labels and the note.
  const double left = 0.3 + 0.075 * static_cast<double>(longest_row);
  const double slanted = 0.06 * static_cast<double>(longest_column);  // of the columns' labels
  const double top = 0.5 + slanted;
  const double width =
      std::max(left + 0.52 * static_cast<double>(map.columns.size()) + 0.1 + slanted,
               0.3 + 0.07 * static_cast<double>(std::max(map.title.size(), map.note.size())));
  const double height = top + 0.26 * static_cast<double>(map.rows.size()) + 0.45;
  return script_head("a heat map", width, height) + fmt::format("data = {}\n", quoted(data_name)) +
         "set encoding utf8\nunset key\n" +
         fmt::format("set lmargin at screen {:.4f}\nset rmargin at screen {:.4f}\n", left / width,
                     (left + 0.52 * static_cast<double>(map.columns.size())) / width) +
         fmt::format("set tmargin at screen {:.4f}\nset bmargin at screen {:.4f}\n",
                     1.0 - top / height, 0.45 / height) +
         "unset border\nset tics scale 0 nomirror tc rgb '#222222'\n" +
         fmt::format("set label 1 {} at screen 0.02,{:.4f} left tc rgb '#222222'\n",
                     quoted(map.title), 1.0 - 0.18 / height) +
         fmt::format("set label 2 {} at screen 0.02,{:.4f} left tc rgb '#555555'\n",
                     quoted(map.note), 0.2 / height) +
         "unset xtics\n" +
         fmt::format("set x2tics ({}) rotate by 40 left offset -0.4,-0.3\n", ticks(map.columns)) +
         fmt::format("set ytics ({})\n", ticks(rows)) +
         fmt::format("set xrange [-0.5:{0}]\nset x2range [-0.5:{0}]\nset yrange [{1}:-0.5]\n",
                     static_cast<double>(map.columns.size()) - 0.5,
                     static_cast<double>(map.rows.size()) - 0.5) +
         "plot data using 1:2:(0.48):(0.47):4 with boxxyerror fs solid noborder lc rgb variable, "
         "\\\n"
         "  data using 1:2:(stringcolumn(5)):6 with labels tc rgb variable\n";
}

}  // namespace

double tone_of(const HeatMap& map, double value) {
  const double tone = map.scale == HeatMap::Scale::linear
                          ? (value - map.middle) / map.reach
                          : std::log(value / map.middle) / std::log(map.reach);
  return std::clamp(tone, -1.0, 1.0);
}

FigureFiles draw(const HeatMap& map, const std::filesystem::path& stem) {
  bool has_cells = false;
  for (const HeatMap::Row& row : map.rows) {
    if (row.values.size() != map.columns.size()) {
      throw std::logic_error("row '" + row.label + "' of a heat map does not fit its columns");
    }
    has_cells = has_cells || std::any_of(row.values.begin(), row.values.end(),
                                         [](const auto& value) { return value.has_value(); });
  }
  if (!has_cells) throw std::logic_error("the heat map '" + map.title + "' has no cells");
  return draw_by_gnuplot(stem, data_of(map),
                         [&](const std::string& data_name) { return script_of(map, data_name); });
}

}  // namespace winnow
