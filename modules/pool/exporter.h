#pragma once
// Writes samples as the data of another training program, so that nothing of them is lost: every
// medium at its place, every turn, line breaks, what is trained, parts and rates of clips. What the
// other program would not read is written all the same and counted in a warning; what its format
// cannot hold is a DataError that names the sample.

#include <boost/json.hpp>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "config/component.h"
#include "pool/sample.h"

namespace winnow {

// What a row says besides its sample.
struct ExportFields {
  std::optional<double> weight = {};  // how much the sample counts; above 0
  boost::json::object more = {};      // further keys: score, rank, why it was chosen
};

struct ExportWarning {
  std::string reason;
  std::int64_t rows = 0;
  std::string first;  // id of the first sample
};

struct ExportReport {
  std::filesystem::path folder;
  std::vector<std::string> files;  // data files below the folder, in the order of their rows
  std::int64_t rows = 0;
  std::int64_t media_files = 0;  // put into the folder
  std::vector<ExportWarning> warnings;
};

// One export: begin, add once a sample, finish. Memory does not grow with the number of samples
// beyond a bit for each.
class Exporter {
 public:
  virtual ~Exporter() = default;
  // The folder appears whole at finish(), or not at all. `later`: where it will lie in the end when
  // it is made as a part of a larger one, and what rows call it then. Throws ConfigError when
  // something is in it.
  virtual void begin(const std::filesystem::path& folder,
                     const std::filesystem::path& later = {}) = 0;
  // Throws DataError, naming the sample, and leaves the export as if it had not been given it.
  virtual void add(const Sample& sample, const ExportFields& fields = {}) = 0;
  virtual ExportReport finish() = 0;
};

// By config `type`, group configs/export. A new format is one .cpp, one TOML file and one test.
config::ComponentKind<Exporter>& exporters();

}  // namespace winnow
