#pragma once
// Recorded outputs of other programs. A test suite whose name begins with "Golden" carries the
// ctest label `golden`.

#include <gtest/gtest.h>
#include <zlib.h>

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

namespace winnow::testing_support {

// The folder of golden data: tests/data/golden, or $WINNOW_GOLDEN where it is set.
inline std::filesystem::path golden_root() {
  const char* chosen = std::getenv("WINNOW_GOLDEN");
  return chosen != nullptr ? std::filesystem::path(chosen)
                           : std::filesystem::path(WINNOW_SOURCE_DIR) / "tests/data/golden";
}

// Path of a golden file, or of its `.gz`; empty when it is not there.
inline std::filesystem::path find_golden(const std::string& name) {
  for (const char* suffix : {"", ".gz"}) {
    const std::filesystem::path path = golden_root() / (name + suffix);
    if (std::filesystem::exists(path)) return path;
  }
  return {};
}

// Content of a golden file, unpacked where it is a `.gz`.
inline std::string read_golden(const std::string& name) {
  const std::filesystem::path path = find_golden(name);
  if (path.empty()) throw std::runtime_error("no golden file '" + name + "' (WINNOW_GOLDEN)");
  gzFile file = gzopen(path.c_str(), "rb");
  if (file == nullptr) throw std::runtime_error("cannot open " + path.string());
  std::string content;
  std::vector<char> block(1 << 16);
  int count = 0;
  while ((count = gzread(file, block.data(), static_cast<unsigned>(block.size()))) > 0) {
    content.append(block.data(), static_cast<std::size_t>(count));
  }
  gzclose(file);
  if (count < 0) throw std::runtime_error("cannot unpack " + path.string());
  return content;
}

}  // namespace winnow::testing_support
