#pragma once
// Convergence figures by gnuplot: accuracy over training samples, one line per method.

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "report/gnuplot.h"
#include "report/statistics.h"

namespace winnow {

struct CurvePoint {
  double samples = 0.0;
  Interval accuracy;  // any unit; low == high draws no band
};

struct Curve {
  std::string label;
  std::vector<CurvePoint> points;  // rising samples; points at 0 samples do not fit a logarithmic
                                   // axis and are left out
  bool emphasis = false;           // a thicker line
};

struct HorizontalLine {
  std::string label;
  double value = 0.0;
};

// One plot; a label has the same colour in all panels of a figure.
struct Panel {
  std::string title;
  std::vector<Curve> curves;
  std::vector<HorizontalLine> lines;  // a reference's final accuracy, the base model's, ...
};

struct Figure {
  std::vector<Panel> panels;  // side by side, three in a row, with one legend
  std::string x_label = "training samples";
  std::string y_label = "accuracy (%)";
};

// Writes <stem>.svg, .pdf, .png, .dat (the numbers) and .gnuplot (the script that drew them, to be
// changed and run again). Throws MissingProgramError without gnuplot, IoError when it fails (with
// what it said) or a file cannot be written, std::logic_error for a figure without points.
FigureFiles draw(const Figure& figure, const std::filesystem::path& stem);

}  // namespace winnow
