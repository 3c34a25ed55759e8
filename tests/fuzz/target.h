#pragma once
// A file format under attack: what whole files of it look like, and what reads them.

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace winnow::fuzz {

struct Target {
  std::string file_name;           // what the reader expects the file to be called
  std::vector<std::string> seeds;  // contents that must open
  // May throw Error and nothing else; a crash, a sanitizer's report or another exception is a
  // finding.
  std::function<void(const std::filesystem::path&)> open;
};

// Defined by each target's source, once in a program.
Target target();

}  // namespace winnow::fuzz
