#pragma once
// --format: how a command prints its tables.

#include <iosfwd>
#include <string>
#include <vector>

#include "experiments/program/arguments.h"
#include "report/table.h"

namespace winnow {

class TableFormat {
 public:
  void declare(Arguments& arguments);
  // Throws ConfigError for a format that there is none of.
  void check() const;
  bool is_json() const { return name_ == "json"; }
  bool is_csv() const { return name_ == "csv"; }
  bool is_terminal() const { return name_ == "terminal"; }
  // On a terminal cut to its width.
  void print(const std::vector<Table>& tables, std::ostream& out) const;

 private:
  std::string name_ = "terminal";
};

}  // namespace winnow
