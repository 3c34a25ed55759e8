#pragma once
// Numbers that a paper printed, to stand beside those of a run. They are config
// (configs/published/) and never mixed with what was measured.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/bind.h"

namespace winnow {

struct PublishedMethod {
  std::string label;
  std::int64_t samples = 0;
  std::vector<double> accuracy;                 // by benchmark, in points
  std::vector<double> reached_reference_after;  // by benchmark, samples; empty: not published
  std::string note;
};
BOOST_DESCRIBE_STRUCT(PublishedMethod, (),
                      (label, samples, accuracy, reached_reference_after, note))
config::Help help(const PublishedMethod&);

struct Published {
  std::string title;
  std::vector<std::string> benchmarks;
  std::map<std::string, PublishedMethod> methods;  // by name in the config's `methods`
  // Instead of benchmarks and methods: a table as it was printed. An empty cell was not published.
  std::vector<std::string> columns;
  std::vector<std::vector<std::string>> rows;
  std::vector<std::string> notes;
};
BOOST_DESCRIBE_STRUCT(Published, (), (title, benchmarks, methods, columns, rows, notes))
config::Help help(const Published&);

// The table `published`; nothing when the config has none. Throws ConfigError when a method has not
// one accuracy for each benchmark, or a row not one cell for each column.
std::optional<Published> read_published(const config::Value& config);

}  // namespace winnow
