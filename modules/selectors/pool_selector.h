#pragma once
// A selector that reads a pool's files itself and writes the chosen rows as files, without a table
// of samples in between: what `winnow select` runs.

#include <filesystem>
#include <string>
#include <vector>

#include "config/component.h"
#include "config/value.h"

namespace winnow {

class PoolSelector;

// A selection that is wanted: by whom, and the folder that its files go to, which exists.
struct PoolTask {
  const PoolSelector* selector;
  std::filesystem::path folder;
};

struct PoolOutcome {
  std::string summary;  // one line: what was taken of what
  std::vector<std::string> warnings;
};

class PoolSelector {
 public:
  virtual ~PoolSelector() = default;
  // Selects for all tasks, the selectors of which are of this one's type, and reads the pool once
  // for as many of them as can share it. `pool` is the config's table `pool`. One outcome for each
  // task, in their order. Throws ConfigError for a pool of another type.
  virtual std::vector<PoolOutcome> select(const config::Value& pool,
                                          const std::vector<PoolTask>& tasks) const = 0;
  // Why it takes a sample, or does not: several lines of text, from the pool read again. Throws
  // DataError for an unknown sample.
  virtual std::string explain(const config::Value& pool, const std::string& sample) const = 0;
};

// Their kind is "selector", as that of the selectors of tables: a config names either by `type`.
config::ComponentKind<PoolSelector>& pool_selectors();

}  // namespace winnow
