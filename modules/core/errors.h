#pragma once
// Typed errors for mistakes a user can repair. A bug is an assert; an expected absence is a value
// (std::optional, CellState). Every message says where, what was found, and what would be right.

#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace winnow {

// Base of everything the program reports to its user on one line before it stops.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
  // Exit status of the program when this error ends it.
  virtual int exit_status() const { return 1; }
};

// A config file, an override or an option value that cannot be used. Exit status 2.
class ConfigError : public Error {
 public:
  using Error::Error;
  int exit_status() const override { return 2; }
};

// Data that does not have the promised form: a pool row, an image, a metrics file.
class DataError : public Error {
 public:
  using Error::Error;
};

// The operating system said no: disk full, no permission, no such file.
class IoError : public Error {
 public:
  using Error::Error;
};

// A constraint of a selection or a threshold on failures that the data cannot meet.
class ConstraintError : public Error {
 public:
  using Error::Error;
};

// "did you mean 'x'?" material: the candidate with the smallest edit distance to `name`,
// or an empty string when nothing is near (distance above a third of the longer word, rounded up).
std::string nearest_name(std::string_view name, const std::vector<std::string>& candidates);

// " Did you mean 'x'?" or, when nothing is near, " Known: a, b, c." ; empty without candidates.
std::string suggestion(std::string_view name, const std::vector<std::string>& candidates);

}  // namespace winnow
