#pragma once
// What the parts of `winnow doctor` have to say.

#include <fmt/format.h>

#include <ostream>
#include <string>
#include <vector>

namespace winnow {

class Findings {
 public:
  explicit Findings(std::ostream& out) : out_(out) {}
  void fact(const std::string& name, const std::string& value) {
    out_ << fmt::format("{:<12}{}\n", name, value);
  }
  // Works, but slower or poorer than it could.
  void slow(const std::string& advice) { slow_.push_back(advice); }
  // Does not work, and experiments need it.
  void missing(const std::string& advice) { missing_.push_back(advice); }

  // Prints the advice and returns the exit status.
  int close() {
    out_ << '\n';
    for (const std::string& advice : missing_) out_ << "missing: " << advice << '\n';
    for (const std::string& advice : slow_) out_ << "slow:    " << advice << '\n';
    if (missing_.empty() && slow_.empty()) out_ << "Nothing is missing and nothing is slow.\n";
    return missing_.empty() ? 0 : 1;
  }

 private:
  std::ostream& out_;
  std::vector<std::string> slow_, missing_;
};

}  // namespace winnow
