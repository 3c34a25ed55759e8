#pragma once
// `winnow generate`: a model's answer to a question about images and clips.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <iosfwd>
#include <string>
#include <vector>

#include "config/value.h"
#include "pool/sample.h"

namespace winnow {

struct GenerateRequest {
  // Overrides of configs/generate.toml and, among them, the question: the one word that is no
  // override.
  std::vector<std::string> words;
  std::vector<Media> media;  // in the order the model sees them, before the question
  std::string system;        // a system turn; empty: none
  double temperature = 0.0;  // 0: the likeliest token each time
  double top_p = 1.0;
  std::int64_t maximum_tokens = 512;
  std::uint64_t seed = 0;
  std::vector<std::filesystem::path> directories;  // of configs
  // Called with the composed config before any data is read.
  std::function<void(const config::Value&)> prepare;
};

// Writes the answer to `out` while it is made, then a line break; says on standard error when it
// was cut off. Returns 0. Throws ConfigError when the question or the model's weights (model.path)
// are missing, DataError and IoError as decoding, loading and the model do.
int generate_command(const GenerateRequest& request, std::ostream& out);

}  // namespace winnow
