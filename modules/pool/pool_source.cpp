#include "pool/pool_source.h"

#include <fmt/format.h>
#include <glob.h>

#include <set>

#include "core/errors.h"
#include "core/hash.h"

namespace winnow {
namespace fs = std::filesystem;
namespace {

std::vector<fs::path> matches_of(const std::string& pattern) {
  glob_t found{};
  std::vector<fs::path> files;
  if (::glob(pattern.c_str(), 0, nullptr, &found) == 0) {
    for (std::size_t i = 0; i < found.gl_pathc; ++i) files.emplace_back(found.gl_pathv[i]);
  }
  ::globfree(&found);
  return files;
}

}  // namespace

config::ComponentKind<PoolSource>& pools() {
  static config::ComponentKind<PoolSource> kind("pool");
  return kind;
}

std::vector<fs::path> expand_files(const std::vector<fs::path>& names, const std::string& key) {
  std::vector<fs::path> files;
  std::set<fs::path> seen;
  const auto add = [&](const fs::path& file, const fs::path& name) {
    std::error_code error;
    if (!seen.insert(fs::weakly_canonical(file, error)).second) {
      throw ConfigError(fmt::format("{}: '{}' names {} once more: its rows would be there twice",
                                    key, name.string(), file.string()));
    }
    files.push_back(file);
  };
  for (const fs::path& name : names) {
    std::error_code error;
    // A file may be called like a pattern.
    if (fs::exists(name, error)) {
      add(name, name);
      continue;
    }
    if (name.string().find_first_of("*?[") == std::string::npos) {
      throw IoError(fmt::format("{}: there is no file {}", key, name.string()));
    }
    const std::vector<fs::path> matches = matches_of(name.string());
    if (matches.empty()) {
      throw ConfigError(fmt::format("{}: no file matches '{}'", key, name.string()));
    }
    for (const fs::path& file : matches) add(file, name);
  }
  return files;
}

config::Value identity_of_files(const PoolOptions& options) {
  config::Value value = config::to_value(options);
  value.erase("maximum_bad_share");
  config::Value::Array files, digests;
  for (const fs::path& file : options.files) {
    files.emplace_back(fs::absolute(file).lexically_normal().string(), config::Origin{});
    digests.emplace_back(digest_of_file(file), config::Origin{});
  }
  value.set("files", config::Value(std::move(files), {}));
  value.set("digests", config::Value(std::move(digests), {}));
  if (!options.media_root.empty()) {
    value.set("media_root",
              config::Value(fs::absolute(options.media_root).lexically_normal().string(), {}));
  }
  return value;
}

}  // namespace winnow
