#pragma once
// Where a pool comes from: the config table `pool`. How to add one: README.md.

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/component.h"
#include "pool/pool.h"

namespace winnow {

class PoolSource {
 public:
  virtual ~PoolSource() = default;
  // What the pool of this seed depends on: the type and its options, and digests of the bytes of
  // files that are named, but not of the media, which stand in it by their folder. Hidden labels do
  // not belong to it. Throws ConfigError, IoError for a file that cannot be read.
  virtual config::Value identity(std::uint64_t seed) const = 0;
  // Whether its files are made by make(); others have theirs.
  virtual bool is_generated() const { return false; }
  // Generated pools write their files into `folder`, which exists; the same bytes for the same
  // seed.
  virtual void make(std::uint64_t seed, const std::filesystem::path& folder) const {
    (void)seed, (void)folder;
  }
  // Of a folder that make() was given. Throws what Pool::read throws.
  virtual Pool open(const std::filesystem::path& folder) const = 0;
  // Its files by the options that name them, for who reads them in a way of its own; empty where
  // no option names one file.
  virtual std::map<std::string, std::filesystem::path> files() const { return {}; }
  // The file of hidden labels, where there are any: for the oracle and for diagnosis.
  virtual std::optional<std::filesystem::path> labels(const std::filesystem::path& folder) const {
    (void)folder;
    return std::nullopt;
  }
};

config::ComponentKind<PoolSource>& pools();

// The files that a user's names mean, in their order: each is a path, or a pattern as a shell has
// it (*, ?, [...]), whose files follow sorted. `key` names the option in messages. Throws
// ConfigError for a pattern that no file matches and for a file that is named twice, IoError for
// one that is not there.
std::vector<std::filesystem::path> expand_files(const std::vector<std::filesystem::path>& names,
                                                const std::string& key);

// What the rows of a pool's files depend on: the options, absolute paths, digests of the files.
// Without the limit on bad rows, which says whether a pool is read and not what is in it.
config::Value identity_of_files(const PoolOptions& options);

}  // namespace winnow
