#pragma once
// The pool that a command's config names.

#include <boost/json.hpp>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "pool/pool_source.h"

namespace winnow {

// These tables of a command's config, and those that a pool and what it brings stand in.
std::vector<std::string> with_pool_tables(std::vector<std::string> tables);

struct OpenedPool {
  Pool pool;
  std::optional<std::filesystem::path> labels;  // hidden ones
};

// Reads it. A generated pool is made below `results` first, as a stage, and stays there, as what is
// chosen of it names its media. Throws what the source throws.
OpenedPool open_pool(const PoolSource& source, std::uint64_t seed,
                     const std::filesystem::path& results);

// How many rows were read, how many could not be and why, and what of them is not honoured.
boost::json::object account_of(const Pool& pool);

}  // namespace winnow
