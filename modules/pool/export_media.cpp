#include "pool/export_media.h"

#include <system_error>

#include "core/errors.h"
#include "core/files.h"
#include "core/hash.h"

namespace winnow {
namespace fs = std::filesystem;
namespace {

constexpr const char* kMediaFolder = "media";

bool leads_out(const fs::path& relative) {
  return relative.empty() || *relative.begin() == ".." || relative.is_absolute();
}

// A reader takes "data:..." for the bytes themselves.
std::string as_path(const fs::path& path) {
  const std::string name = path.generic_string();
  return name.starts_with("data:") ? "./" + name : name;
}

void link_file(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::create_hard_link(fs::canonical(from), to, error);
  if (!error) return;
  fs::create_symlink(from, to, error);
  if (error) throw IoError(to.string() + ": cannot be linked: " + error.message());
}

}  // namespace

ExportMedia::ExportMedia(ExportedMedia mode, fs::path root, fs::path folder, fs::path pending)
    : mode_(mode),
      root_(std::move(root)),
      folder_(std::move(folder)),
      pending_(std::move(pending)) {}

// Three folders keep apart what could have one name: files of the pool by their path below its
// root, others by a digest of theirs, and bytes of rows by a digest of themselves.
fs::path ExportMedia::place_of(const Media& medium, const fs::path& path) {
  const fs::path folder = kMediaFolder;
  if (path.is_relative()) return folder / "inline" / path;
  if (!pool_root_ && !medium.root.empty()) pool_root_ = medium.root;
  if (pool_root_ && medium.root == *pool_root_) {
    const fs::path below = path.lexically_relative(medium.root);
    if (!leads_out(below)) return folder / "pool" / below;
  }
  return folder / "other" / digest_of(path.parent_path().native()).substr(0, 16) / path.filename();
}

std::string ExportMedia::name_of(const Media& medium, std::size_t number) {
  const fs::path& path = medium.paths.at(number);
  const std::string* content = medium.content(number);
  std::error_code error;
  if (content == nullptr && !fs::is_regular_file(path, error)) {
    throw DataError(path.string() + ": no such file");
  }
  if (content == nullptr && mode_ == ExportedMedia::path) return as_path(path);
  if (content == nullptr && mode_ == ExportedMedia::relative) {
    const fs::path relative = path.lexically_relative(root_);
    if (!leads_out(relative)) return as_path(relative);
    throw DataError(path.string() + ": lies outside of media_root = \"" + root_.string() +
                    "\"; take media = \"path\" or \"copy\"");
  }
  const fs::path place = place_of(medium, path), target = pending_ / place;
  if (!fs::exists(target, error)) {
    winnow::create_directories(target.parent_path());
    if (content != nullptr) {
      write_file(target, *content);
    } else if (mode_ == ExportedMedia::copy) {
      winnow::copy_file(path, target);
    } else {
      link_file(path, target);
    }
    ++files_;
  }
  switch (mode_) {
    case ExportedMedia::path:
      return as_path(folder_ / place);
    case ExportedMedia::relative: {
      const fs::path relative = (folder_ / place).lexically_relative(root_);
      return leads_out(relative) ? as_path(folder_ / place) : as_path(relative);
    }
    case ExportedMedia::copy:
    case ExportedMedia::link:
      return as_path(place);
  }
  throw std::logic_error("unknown way to export media");
}

}  // namespace winnow
