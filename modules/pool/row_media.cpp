#include "pool/row_media.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <system_error>

#include "core/printable.h"

namespace winnow {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kShown = 300;            // bytes of a path that a message shows
constexpr std::size_t kMostFolders = 1 << 12;  // bounds memory, not correctness

std::string shown(const fs::path& path) { return shortened(path.string(), kShown); }

// "frame 9" stands before "frame 10": runs of digits are compared as numbers.
bool in_natural_order(const std::string& a, const std::string& b) {
  const auto is_digit = [](char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; };
  std::size_t i = 0, j = 0;
  while (i < a.size() && j < b.size()) {
    if (!is_digit(a[i]) || !is_digit(b[j])) {
      if (a[i] != b[j]) return a[i] < b[j];
      ++i, ++j;
      continue;
    }
    const auto number = [&](const std::string& text, std::size_t& at) {
      while (at < text.size() && text[at] == '0') ++at;
      const std::size_t first = at;
      while (at < text.size() && is_digit(text[at])) ++at;
      return text.substr(first, at - first);
    };
    const std::string left = number(a, i), right = number(b, j);
    if (left.size() != right.size()) return left.size() < right.size();
    if (left != right) return left < right;
  }
  if ((i < a.size()) != (j < b.size())) return j < b.size();
  return a < b;  // equal but for zeros in front
}

std::vector<fs::path> pictures_in(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
    std::string name = entry.path().filename().string();
    if (is_picture_path(name) && name.front() != '.') names.push_back(std::move(name));
  }
  if (error) throw RowError("missing_media", shown(folder) + ": " + error.message());
  if (names.empty()) throw RowError("missing_media", shown(folder) + ": a folder without pictures");
  std::sort(names.begin(), names.end(), in_natural_order);
  std::vector<fs::path> pictures;
  for (const std::string& name : names) pictures.push_back(folder / name);
  return pictures;
}

void set_part(Media& medium, const RowTiming& timing) {
  medium.start = timing.start;
  medium.end = timing.end;
  if (timing.start && *timing.start < 0) {
    throw RowError("structure",
                   fmt::format("a clip's part begins at {} s, before the clip", *timing.start));
  }
  if (timing.end && *timing.end <= timing.start.value_or(0.0)) {
    throw RowError("structure", fmt::format("a clip's part ends at {} s and begins at {} s",
                                            *timing.end, timing.start.value_or(0.0)));
  }
}

// Of normal paths: by their text, since every row asks.
bool is_below(const fs::path& path, const fs::path& root) {
  const std::string &text = path.native(), &folder = root.native();
  return text.starts_with(folder) &&
         (folder.ends_with('/') || text.size() == folder.size() || text[folder.size()] == '/');
}

}  // namespace

RowMedia::RowMedia(fs::path root) : root_(root.lexically_normal()) {
  if (!root_.has_filename() && root_.has_relative_path()) root_ = root_.parent_path();
}

Media RowMedia::files_at(const std::vector<RowFile>& files) const {
  Media medium;
  for (const RowFile& file : files) {
    medium.paths.push_back(file.content != nullptr ? fs::path(file.path)
                                                   : (root_ / file.path).lexically_normal());
    if (file.content != nullptr) medium.contents.resize(files.size());
  }
  for (std::size_t i = 0; i < medium.contents.size(); ++i) medium.contents[i] = files[i].content;
  return medium;
}

Media RowMedia::make_frames(const std::vector<RowFile>& files, const RowTiming& timing) const {
  Media medium = files_at(files);
  medium.kind = Media::Kind::frames;
  if (timing.frames_per_second && *timing.frames_per_second > 0) {
    medium.frames_per_second = timing.frames_per_second;
  }
  set_part(medium, timing);
  return medium;
}

Media RowMedia::make(RowPiece::Kind kind, const std::vector<RowFile>& files,
                     const RowTiming& timing) const {
  if (kind == RowPiece::Kind::image) return files_at(files);
  Media medium = make_frames(files, timing);
  if (files.size() != 1 || is_picture_path(files.front().path)) return medium;
  // Only a name that is no container's is worth looking at the disk for.
  std::error_code error;
  if (medium.contents.empty() && !is_media_path(files.front().path) &&
      fs::is_directory(medium.paths.front(), error)) {
    medium.paths = pictures_in(medium.paths.front());
    return medium;
  }
  medium.kind = Media::Kind::video;
  medium.frames_per_second.reset();
  return medium;
}

void RowMedia::check_exist(const Media& medium) const {
  for (std::size_t i = 0; i < medium.paths.size(); ++i) {
    const fs::path& path = medium.paths[i];
    std::error_code error;
    if (medium.content(i) != nullptr || fs::is_regular_file(path, error)) continue;
    throw RowError("missing_media", shown(path) + ": no such " +
                                        (fs::exists(path, error) ? "regular file" : "file"));
  }
}

const fs::path& RowMedia::real_folder(const fs::path& folder) {
  if (real_folders_.size() > kMostFolders) real_folders_.clear();
  const auto [found, is_new] = real_folders_.try_emplace(folder.string());
  if (is_new) {
    std::error_code error;
    found->second = fs::canonical(folder, error);
    if (error) found->second = folder;
  }
  return found->second;
}

fs::path RowMedia::outside(const Media& medium, bool follow) {
  for (std::size_t i = 0; i < medium.paths.size(); ++i) {
    const fs::path& path = medium.paths[i];
    if (medium.content(i) != nullptr) continue;
    if (!follow) {
      if (!is_below(path, root_)) return path;
      continue;
    }
    fs::path real = real_folder(path.parent_path()) / path.filename();
    std::error_code error;
    if (fs::is_symlink(real, error)) {
      const fs::path target = fs::canonical(real, error);
      if (!error) real = target;
    }
    const fs::path root = real_folder(root_);
    if (!is_below(real, root)) return path;
  }
  return {};
}

}  // namespace winnow
