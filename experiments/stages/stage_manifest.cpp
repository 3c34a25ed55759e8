#include "experiments/stages/stage_manifest.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "core/errors.h"
#include "core/files.h"
#include "core/hash.h"

namespace winnow {
namespace fs = std::filesystem;
namespace json = boost::json;
namespace {

// The digest of everything before it, the last key of the file.
constexpr const char* kOwnDigest = ",\"manifest\":\"";

std::int64_t modified_of(const struct stat& status) {
  return static_cast<std::int64_t>(status.st_mtim.tv_sec) * 1'000'000'000 + status.st_mtim.tv_nsec;
}

json::object content_of(const StageManifest& manifest) {
  json::array files;
  for (const StageFile& file : manifest.files) {
    files.push_back({{"path", file.path},
                     {"size", file.size},
                     {"modified", file.modified},
                     {"digest", file.digest}});
  }
  return {{"key", manifest.key},
          {"digest", manifest.digest},
          {"facts", manifest.facts},
          {"wall_seconds", manifest.wall_seconds},
          {"cpu_seconds", manifest.cpu_seconds},
          {"made_by", manifest.made_by},
          {"files", std::move(files)}};
}

StageManifest manifest_of(const json::object& content) {
  StageManifest manifest;
  manifest.key = content.at("key").as_object();
  manifest.digest = content.at("digest").as_string().c_str();
  manifest.facts = content.at("facts").as_object();
  manifest.wall_seconds = content.at("wall_seconds").to_number<double>();
  manifest.cpu_seconds = content.at("cpu_seconds").to_number<double>();
  manifest.made_by = content.at("made_by").as_object();
  for (const json::value& file : content.at("files").as_array()) {
    manifest.files.push_back(
        {file.at("path").as_string().c_str(), file.at("size").to_number<std::uint64_t>(),
         file.at("modified").to_number<std::int64_t>(), file.at("digest").as_string().c_str()});
  }
  return manifest;
}

// What is wrong with a file; empty for one that is as it was.
std::string difference(const fs::path& folder, const StageFile& file) {
  struct stat status {};
  const fs::path path = folder / file.path;
  if (::stat(path.c_str(), &status) != 0) {
    return fmt::format("{} {}", file.path, errno == ENOENT ? "is missing" : std::strerror(errno));
  }
  const auto size = static_cast<std::uint64_t>(status.st_size);
  if (size != file.size) {
    return fmt::format("{} has {} bytes and not {}", file.path, size, file.size);
  }
  if (modified_of(status) == file.modified || digest_of_file(path) == file.digest) return {};
  return file.path + " has another content";
}

}  // namespace

std::vector<StageFile> list_stage_files(const fs::path& folder) {
  std::vector<StageFile> files;
  for (auto entry = fs::recursive_directory_iterator(folder);
       entry != fs::recursive_directory_iterator(); ++entry) {
    const std::string path = fs::relative(entry->path(), folder).generic_string();
    if (path == kKeptResume) entry.disable_recursion_pending();
    if (!entry->is_regular_file() || path == kManifestFile) continue;
    struct stat status {};
    if (::stat(entry->path().c_str(), &status) != 0) {
      throw IoError(entry->path().string() + ": " + std::strerror(errno));
    }
    files.push_back({path, static_cast<std::uint64_t>(status.st_size), modified_of(status),
                     digest_of_file(entry->path())});
  }
  std::sort(files.begin(), files.end(), [](const StageFile& a, const StageFile& b) {
    return fs::path(a.path) < fs::path(b.path);
  });
  return files;
}

std::string digest_of_files(const std::vector<StageFile>& files) {
  Digest digest;
  for (const StageFile& file : files) digest.add(file.path).add(file.digest);
  return digest.hex();
}

void write_manifest_file(const StageManifest& manifest, const fs::path& folder) {
  std::string body = json::serialize(content_of(manifest));
  const std::string digest = digest_of(body);
  body.pop_back();  // the brace at the end
  write_file(folder / kManifestFile, body + kOwnDigest + digest + "\"}\n");
}

std::optional<StageManifest> read_manifest_file(const fs::path& folder, const json::object& key,
                                                std::string& damage) {
  damage.clear();
  std::error_code error;
  if (!fs::exists(folder / kManifestFile, error)) {
    if (fs::exists(folder, error)) damage = std::string(kManifestFile) + " is missing";
    return std::nullopt;
  }
  StageManifest manifest;
  try {
    // By its bytes: a number that was read is not always written as it was.
    const std::string text = read_file(folder / kManifestFile);
    const std::size_t end = text.rfind(kOwnDigest);
    const std::string body = text.substr(0, end) + "}";
    const json::object content = json::parse(text).as_object();
    if (end == std::string::npos || digest_of(body) != content.at("manifest").as_string()) {
      damage = std::string(kManifestFile) + " has another content";
    } else if (!body.starts_with("{\"key\":" + json::serialize(key) + ",")) {
      damage = std::string(kManifestFile) + " is another stage's";
    }
    manifest = manifest_of(content);
  } catch (const IoError&) {
    throw;
  } catch (const std::exception&) {
    damage = std::string(kManifestFile) + " cannot be read";
  }
  for (const StageFile& file : manifest.files) {
    if (!damage.empty()) break;
    damage = difference(folder, file);
  }
  if (!damage.empty()) return std::nullopt;
  return manifest;
}

}  // namespace winnow
