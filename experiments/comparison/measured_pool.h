#pragma once
// A run's pool and what was measured of it as files, for methods whose selector reads files
// (Selector::reads_files) and no table. The config's table `measured_pool` names the writer by
// `type`; all such methods of a run read the same files.

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "config/component.h"
#include "experiments/stages/chosen_from_files.h"
#include "media/frames.h"
#include "pool/sample_table.h"

namespace winnow {

struct MeasuredPool {
  const std::vector<Sample>& samples;
  const SampleTable& table;  // its rows are the samples, in their order
  // By sample id: why something of it could not be measured.
  const std::map<std::string, std::string>& failures;
  FrameCache& frames;
};

class MeasuredPoolWriter {
 public:
  virtual ~MeasuredPoolWriter() = default;
  // Columns that must be in the table.
  virtual std::vector<std::string> required_columns() const = 0;
  // Fills `folder`, which is empty, on all threads. One entry for each sample, in order; names are
  // distinct. What is written depends neither on threads nor on where the folder lies. Throws
  // DataError, IoError.
  virtual std::vector<SampleInFiles> write(const MeasuredPool& pool,
                                           const std::filesystem::path& folder) const = 0;
  // The files of such a folder that a selector reads, by the names that it knows them by
  // (SelectionInput::files).
  virtual std::map<std::string, std::filesystem::path> files(
      const std::filesystem::path& folder) const = 0;
};

config::ComponentKind<MeasuredPoolWriter>& measured_pool_writers();

}  // namespace winnow
