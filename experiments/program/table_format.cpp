#include "experiments/program/table_format.h"

#include <fmt/format.h>

#include <algorithm>
#include <ostream>

#include "core/errors.h"
#include "report/table_width.h"

namespace winnow {
namespace {

const std::vector<std::string>& formats() {
  static const std::vector<std::string> all = {"terminal", "markdown", "latex", "csv", "json"};
  return all;
}

}  // namespace

void TableFormat::declare(Arguments& arguments) {
  arguments.option("--format", name_, "terminal, markdown, latex, csv or json");
}

void TableFormat::check() const {
  if (std::find(formats().begin(), formats().end(), name_) != formats().end()) return;
  throw ConfigError(
      fmt::format("--format {}: there is no such format.{}", name_, suggestion(name_, formats())));
}

void TableFormat::print(const std::vector<Table>& tables, std::ostream& out) const {
  if (name_ == "markdown") {
    out << to_markdown(tables);
  } else if (name_ == "latex") {
    out << to_latex(tables);
  } else if (name_ == "csv") {
    out << to_csv(tables);
  } else if (name_ == "json") {
    out << to_json(tables);
  } else {
    out << to_this_terminal(tables);
  }
}

}  // namespace winnow
