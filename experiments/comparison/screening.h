#pragma once
// What is taken out of a pool before any method sees it: samples that stand in an evaluation set,
// and all but one of those that repeat each other.

#include <boost/json.hpp>
#include <filesystem>
#include <string>
#include <vector>

#include "config/bind.h"
#include "experiments/comparison/world.h"
#include "pool/decontamination.h"
#include "selectors/manifest.h"

namespace winnow {

// The table `screening`.
struct ScreeningOptions {
  bool decontaminate = true;
  std::vector<std::filesystem::path> references;
  std::int64_t words = 13;
  std::int64_t template_media = 10;
  std::int64_t media_distance = 24;
  std::int64_t media_distance_with_text = 48;
  bool merge_duplicates = true;
  std::int64_t duplicate_distance = 24;
  std::int64_t frames = 4;
};
BOOST_DESCRIBE_STRUCT(ScreeningOptions, (),
                      (decontaminate, references, words, template_media, media_distance,
                       media_distance_with_text, merge_duplicates, duplicate_distance, frames))
config::Help help(const ScreeningOptions&);

ScreeningOptions read_screening(const config::Value& config);

struct ScreeningResult {
  std::vector<LeftOutSample> contaminated;
  std::vector<std::pair<std::string, std::string>> duplicates;  // id, id of the one that stands
  std::int64_t questions = 0;                                   // of evaluation sets compared with
};

// Compares the pool with the world's benchmarks and the references, and with itself. Throws IoError
// and DataError where a reference cannot be read.
ScreeningResult screen(const World& world, const ScreeningOptions& options);

// excluded.jsonl and duplicates.jsonl in a folder.
void write_screening(const ScreeningResult& result, const std::filesystem::path& folder);
ScreeningResult read_screening_files(const std::filesystem::path& folder);

}  // namespace winnow
