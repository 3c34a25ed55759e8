#pragma once
// A file of JSON objects, one a line, as far as its reader wants them.

#include <fmt/format.h>

#include <boost/json.hpp>
#include <filesystem>
#include <fstream>
#include <string>

#include "core/errors.h"

namespace winnow {

// Hands each line's object to `use` until that returns false. Throws IoError for a file that cannot
// be read, and DataError that names file and line for one that is no object and for what `use`
// throws, but for an Error, which says enough by itself.
template <class Use>
void read_json_lines(const std::filesystem::path& file, const Use& use) {
  std::ifstream lines(file);
  if (!lines) throw IoError(file.string() + ": cannot be read");
  std::size_t number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    try {
      if (!use(boost::json::parse(line).as_object())) return;
    } catch (const Error&) {
      throw;
    } catch (const std::exception& error) {
      throw DataError(fmt::format("{}:{}: {}", file.string(), number, error.what()));
    }
  }
}

}  // namespace winnow
