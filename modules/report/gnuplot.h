#pragma once
// gnuplot as a program: how every figure gets from its numbers to SVG, PDF and PNG.

#include <filesystem>
#include <functional>
#include <string>

#include "core/errors.h"

namespace winnow {

// A program that a task needs is not installed; the message names its package.
class MissingProgramError : public Error {
 public:
  using Error::Error;
};

struct FigureFiles {
  std::filesystem::path svg, pdf, png, data, script;
};

// A gnuplot string; single quotes leave everything but themselves as it is.
std::string quoted(const std::string& text);

// The beginning of a script, which sets the terminal: `width` and `height` in inches.
std::string script_head(const std::string& what, double width, double height);

// Writes <stem>.dat with `data`, <stem>.gnuplot with what `script_of` makes of the data file's name
// (to be changed and run again), and draws <stem>.svg, .pdf and .png. Throws MissingProgramError
// without gnuplot, IoError when it fails (with what it said) or a file cannot be written.
FigureFiles draw_by_gnuplot(const std::filesystem::path& stem, const std::string& data,
                            const std::function<std::string(const std::string&)>& script_of);

}  // namespace winnow
