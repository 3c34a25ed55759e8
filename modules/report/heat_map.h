#pragma once
// A heat map by gnuplot: numbers in coloured cells, blue below a middle and red above it.

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "report/gnuplot.h"

namespace winnow {

struct HeatMap {
  enum class Scale {
    linear,       // full colour at middle - reach and middle + reach
    logarithmic,  // at middle / reach and middle * reach; of values that are not negative
  };
  struct Row {
    std::string label;
    std::vector<std::optional<double>> values;  // one for each column; nothing: an empty cell
  };
  std::string title;
  std::string note;  // below the map: how to read it
  std::vector<std::string> columns;
  std::vector<Row> rows;  // from the top
  Scale scale = Scale::linear;
  double middle = 0.0;
  double reach = 1.0;  // above 0; logarithmic: above 1
  int decimals = 2;
};

// From -1 (the deepest blue) to 1 (the deepest red).
double tone_of(const HeatMap& map, double value);

// As draw() of a Figure. Throws std::logic_error for a map without cells and for a row with more or
// fewer values than there are columns.
FigureFiles draw(const HeatMap& map, const std::filesystem::path& stem);

}  // namespace winnow
