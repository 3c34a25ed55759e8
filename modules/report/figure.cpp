#include "report/figure.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

namespace winnow {
namespace {

// Colours that readers with any colour vision can tell apart (Okabe and Ito), and point types.
constexpr const char* kColours[] = {"#0072B2", "#D55E00", "#009E73", "#CC79A7",
                                    "#E69F00", "#56B4E9", "#000000"};
constexpr int kPointTypes[] = {7, 5, 9, 13, 11, 6, 4};
constexpr const char* kLineColours[] = {"#555555", "#999999", "#777777"};
constexpr std::size_t kColumns = 3;

std::vector<std::string> labels_of(const Figure& figure) {
  std::vector<std::string> labels;
  for (const auto& panel : figure.panels) {
    for (const auto& curve : panel.curves) {
      if (std::find(labels.begin(), labels.end(), curve.label) == labels.end()) {
        labels.push_back(curve.label);
      }
    }
  }
  return labels;
}

std::vector<std::string> line_labels_of(const Figure& figure) {
  std::vector<std::string> labels;
  for (const auto& panel : figure.panels) {
    for (const auto& line : panel.lines) {
      if (std::find(labels.begin(), labels.end(), line.label) == labels.end()) {
        labels.push_back(line.label);
      }
    }
  }
  return labels;
}

std::size_t index_in(const std::vector<std::string>& labels, const std::string& label) {
  return static_cast<std::size_t>(std::find(labels.begin(), labels.end(), label) - labels.begin());
}

// Blocks of "samples accuracy low high", one for each curve with points, in order.
std::string data_of(const Figure& figure) {
  std::string data = "# samples accuracy low high\n";
  for (const auto& panel : figure.panels) {
    for (const auto& curve : panel.curves) {
      data += fmt::format("\n\n# {}: {}\n", panel.title, curve.label);
      for (const auto& point : curve.points) {
        if (point.samples <= 0) continue;
        data += fmt::format("{} {} {} {}\n", point.samples, point.accuracy.value,
                            point.accuracy.low, point.accuracy.high);
      }
    }
  }
  return data;
}

bool has_points(const Curve& curve) {
  return std::any_of(curve.points.begin(), curve.points.end(),
                     [](const auto& point) { return point.samples > 0; });
}

std::string style_of(std::size_t label, bool emphasis) {
  return fmt::format("lc rgb '{}' pt {} ps 0.55 lw {}", kColours[label % std::size(kColours)],
                     kPointTypes[label % std::size(kPointTypes)], emphasis ? 2.6 : 1.6);
}

std::string line_style_of(std::size_t label) {
  return fmt::format("lc rgb '{}' dt {} lw 1.4", kLineColours[label % std::size(kLineColours)],
                     label % 2 == 0 ? "(10,5)" : "(2,4)");
}

struct Extent {
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();
  void include(double value) {
    low = std::min(low, value);
    high = std::max(high, value);
  }
};

// Ticks at 1, 2 and 5 times powers of ten that fall into the range, as "200", "1k", "20k"; at its
// ends when the range is too narrow for two of those.
std::string sample_ticks(const Extent& samples) {
  std::vector<double> places;
  for (double power = 1; power <= samples.high; power *= 10) {
    for (const double step : {1.0, 2.0, 5.0}) {
      const double at = power * step;
      if (at > samples.low / 1.15 && at < samples.high * 1.15) places.push_back(at);
    }
  }
  if (places.size() < 2) places = {samples.low, samples.high};
  std::string ticks;
  for (const double at : places) {
    const std::string label = at >= 1e6   ? fmt::format("{:g}M", at / 1e6)
                              : at >= 1e3 ? fmt::format("{:g}k", at / 1e3)
                                          : fmt::format("{:g}", at);
    ticks += fmt::format("{}'{}' {}", ticks.empty() ? "" : ", ", label, at);
  }
  return ticks;
}

std::string script_of(const Figure& figure, const std::string& data_name) {
  const auto labels = labels_of(figure), line_labels = line_labels_of(figure);
  const std::size_t columns = std::min(kColumns, figure.panels.size());
  const std::size_t rows = (figure.panels.size() + columns - 1) / columns;
  Extent samples;
  for (const auto& panel : figure.panels) {
    for (const auto& curve : panel.curves) {
      for (const auto& point : curve.points) {
        if (point.samples > 0) samples.include(point.samples);
      }
    }
  }
  // Sizes in inches: panels, and a strip for the legend below.
  const bool single = figure.panels.size() == 1;
  const double panel_width = single ? 4.8 : 3.0, panel_height = single ? 3.0 : 2.35;
  const double width = panel_width * static_cast<double>(columns);
  const std::size_t entries = labels.size() + line_labels.size();
  const auto legend_columns =
      std::max<std::size_t>(1, std::min(entries, static_cast<std::size_t>(width / 1.2)));
  const std::size_t legend_rows = (entries + legend_columns - 1) / legend_columns;
  const double legend_height = 0.12 + 0.2 * static_cast<double>(legend_rows);
  const double height = panel_height * static_cast<double>(rows) + legend_height;

  std::string script =
      script_head("a convergence figure", width, height) +
      fmt::format("data = {}\n", quoted(data_name)) +
      "set encoding utf8\nset datafile missing 'nan'\n"
      "set border 3 lc rgb '#444444' lw 0.8\nset tics nomirror out scale 0.5 tc rgb '#222222'\n"
      "set grid ytics lc rgb '#e3e3e3' lt 1 lw 0.6\nunset mxtics\nset logscale x\n" +
      fmt::format("set xtics ({})\n", sample_ticks(samples)) +
      fmt::format("set xrange [{}:{}]\n", samples.low / 1.15, samples.high * 1.15) +
      "set style fill transparent solid 0.13 noborder\nset multiplot\n";

  const double legend_share = legend_height / height;
  const double cell_width = 1.0 / static_cast<double>(columns);
  const double cell_height = (1.0 - legend_share) / static_cast<double>(rows);
  std::size_t block = 0;
  for (std::size_t p = 0; p < figure.panels.size(); ++p) {
    const Panel& panel = figure.panels[p];
    const auto column = static_cast<double>(p % columns);
    const auto row = static_cast<double>(p / columns);
    script +=
        fmt::format("\nset origin {:.4f},{:.4f}\nset size {:.4f},{:.4f}\n", column * cell_width,
                    1.0 - (row + 1.0) * cell_height, cell_width, cell_height);
    // Fixed margins, so that the axes of a row and of a column line up.
    script +=
        fmt::format("unset key\nset lmargin {}\nset rmargin 1.5\nset tmargin 2\nset bmargin 3.2\n",
                    p % columns == 0 ? 7 : 5);
    script += fmt::format("set title {} offset 0,-0.6\n", quoted(panel.title));
    script += fmt::format("set xlabel {} offset 0,0.4\n", quoted(figure.x_label));
    script += fmt::format("set ylabel {} offset 1.2,0\n",
                          quoted(p % columns == 0 ? figure.y_label : std::string()));
    Extent accuracy;
    std::string bands, curves, lines;
    for (const auto& curve : panel.curves) {
      const std::size_t current = block++;
      if (!has_points(curve)) continue;
      const std::size_t label = index_in(labels, curve.label);
      bool band = false;
      for (const auto& point : curve.points) {
        if (point.samples <= 0) continue;
        accuracy.include(point.accuracy.low);
        accuracy.include(point.accuracy.high);
        accuracy.include(point.accuracy.value);
        band = band || point.accuracy.low < point.accuracy.high;
      }
      // Bands come first, so that no band lies over another method's line.
      if (band) {
        bands += fmt::format("{}data index {} using 1:3:4 with filledcurves lc rgb '{}' notitle",
                             bands.empty() ? "" : ", \\\n  ", current,
                             kColours[label % std::size(kColours)]);
      }
      curves += fmt::format(", \\\n  data index {} using 1:2 with linespoints {} notitle", current,
                            style_of(label, curve.emphasis));
    }
    for (const auto& line : panel.lines) {
      accuracy.include(line.value);
      lines += fmt::format(", \\\n  {} with lines {} notitle", line.value,
                           line_style_of(index_in(line_labels, line.label)));
    }
    const double margin = std::max(0.06 * (accuracy.high - accuracy.low), 1e-6);
    script += fmt::format("set yrange [{}:{}]\n", accuracy.low - margin, accuracy.high + margin);
    std::string plots = bands + lines + curves;
    if (bands.empty()) plots.erase(0, 2);  // the leading comma
    script += "plot " + plots + "\n";
  }

  // The legend: an empty plot below the panels.
  script += fmt::format(
      "\nset origin 0,0\nset size 1,{:.4f}\nunset title\nunset xlabel\nunset ylabel\nunset tics\n"
      "unset border\nunset grid\nset lmargin 0\nset rmargin 0\nset tmargin 0\nset bmargin 0\n"
      "set yrange [0:1]\nset key at screen 0.5,{:.4f} center top horizontal maxcols {} samplen 2.2 "
      "spacing 1.05 width 1\nplot ",
      legend_share, legend_share - 0.02 / height, legend_columns);
  std::string keys;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    keys += fmt::format("{}1/0 with linespoints {} title {}", keys.empty() ? "" : ", \\\n  ",
                        style_of(i, false), quoted(labels[i]));
  }
  for (std::size_t i = 0; i < line_labels.size(); ++i) {
    keys += fmt::format("{}1/0 with lines {} title {}", keys.empty() ? "" : ", \\\n  ",
                        line_style_of(i), quoted(line_labels[i]));
  }
  return script + keys + "\nunset multiplot\n";
}

}  // namespace

FigureFiles draw(const Figure& figure, const std::filesystem::path& stem) {
  bool any = false;
  for (const auto& panel : figure.panels) {
    bool here = false;
    for (const auto& curve : panel.curves) here = here || has_points(curve);
    if (!here) throw std::logic_error("figure panel '" + panel.title + "' has no points");
    any = true;
  }
  if (!any) throw std::logic_error("a figure needs a panel");
  return draw_by_gnuplot(stem, data_of(figure), [&](const std::string& data_name) {
    return script_of(figure, data_name);
  });
}

}  // namespace winnow
