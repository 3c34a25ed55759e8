#pragma once
// `winnow explain`: why the selections of a run took a sample, or did not.

#include <filesystem>
#include <iosfwd>
#include <optional>
#include <string>

namespace winnow {

struct ExplainRequest {
  std::string run;                // a folder of `results`, a path to one, or a selection's folder
  std::filesystem::path results;  // where runs lie
  std::string sample;
  std::string method;                // empty: all methods
  std::optional<std::int64_t> seed;  // none: the first of each method
};

// Prints the explanation and returns 0. Throws ConfigError for an unknown run, method or seed (with
// those there are), DataError for an unknown sample or damaged files, IoError.
int explain_command(const ExplainRequest& request, std::ostream& out);

}  // namespace winnow
