#pragma once
// A stage's manifest: what the output depends on, what made it, and its files with their digests,
// so that an output that no longer is what it was is found before anything reads it.

#include <boost/json.hpp>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace winnow {

inline constexpr const char* kManifestFile = "manifest.json";
inline constexpr const char* kKeptResume = "resume";  // a folder that the manifest says nothing of

struct StageFile {
  std::string path;  // below the stage's folder, with '/'
  std::uint64_t size = 0;
  std::int64_t modified = 0;  // nanoseconds; a file with this time and size is taken as unchanged
  std::string digest;
};

struct StageManifest {
  boost::json::object key;  // of the address
  std::string digest;       // of the output: what later stages depend on
  boost::json::object facts;
  double wall_seconds = 0.0, cpu_seconds = 0.0;
  boost::json::object made_by;  // provenance(), started, ended
  std::vector<StageFile> files;
};

// All files of a folder but the manifest and the kept resume state, by path. Throws IoError.
std::vector<StageFile> list_stage_files(const std::filesystem::path& folder);

// Of the files' paths and contents.
std::string digest_of_files(const std::vector<StageFile>& files);

void write_manifest_file(const StageManifest& manifest, const std::filesystem::path& folder);

// Nothing where there is no manifest; `damage` says what is wrong with one that cannot be used:
// unreadable, changed since it was written, of another stage, or a file that is missing or differs.
// Files whose time or size changed are read and compared by content.
std::optional<StageManifest> read_manifest_file(const std::filesystem::path& folder,
                                                const boost::json::object& key,
                                                std::string& damage);

}  // namespace winnow
