// The two files that the papers' pool comes in: rows about images, and rows about videos, whose
// list of images are the frames of one clip.

#include "core/errors.h"
#include "pool/pool_source.h"

namespace winnow {
namespace fs = std::filesystem;

struct LlavaPoolOptions {
  fs::path onevision, video;
  fs::path media_root;
  double maximum_bad_share = 0.01;
  bool check_media = true;
};
BOOST_DESCRIBE_STRUCT(LlavaPoolOptions, (),
                      (onevision, video, media_root, maximum_bad_share, check_media))
config::Help help(const LlavaPoolOptions&) {
  return {
      {"onevision", "file of rows about images (LLaVA-OneVision); empty: none"},
      {"video", "file of rows about videos (LLaVA-Video); empty: none"},
      {"media_root", "folder that relative media paths start from; empty: each file's folder"},
      {"maximum_bad_share", "share of bad rows above which reading stops", config::between(0, 1)},
      {"check_media", "check while reading that every media file exists"}};
}

namespace {

class LlavaPool : public PoolSource {
 public:
  explicit LlavaPool(LlavaPoolOptions options) : options_(std::move(options)) {
    if (options_.onevision.empty() && options_.video.empty()) {
      throw ConfigError("pool.onevision and pool.video are both empty: name at least one file");
    }
  }

  config::Value identity(std::uint64_t) const override {
    config::Value value;
    value.set("type", config::Value(std::string("llava"), {}));
    for (const PoolOptions& part : parts()) {
      const bool frames = part.image_lists == PoolOptions::ImageLists::frames;
      value.set(frames ? "video" : "onevision", identity_of_files(part));
    }
    return value;
  }
  Pool open(const fs::path&) const override { return Pool::read_parts(parts()); }
  std::map<std::string, fs::path> files() const override {
    std::map<std::string, fs::path> files;
    if (!options_.onevision.empty()) files.emplace("onevision", options_.onevision);
    if (!options_.video.empty()) files.emplace("video", options_.video);
    return files;
  }

 private:
  std::vector<PoolOptions> parts() const {
    std::vector<PoolOptions> parts;
    const auto add = [&](const char* key, const fs::path& file,
                         PoolOptions::ImageLists image_lists) {
      if (file.empty()) return;
      std::error_code error;
      if (!fs::exists(file, error)) {
        throw IoError(std::string("pool.") + key + ": there is no file " + file.string());
      }
      PoolOptions part;
      part.files = {file};
      part.media_root = options_.media_root;
      part.maximum_bad_share = options_.maximum_bad_share;
      part.check_media = options_.check_media;
      part.image_lists = image_lists;
      parts.push_back(std::move(part));
    };
    add("onevision", options_.onevision, PoolOptions::ImageLists::images);
    add("video", options_.video, PoolOptions::ImageLists::frames);
    return parts;
  }

  LlavaPoolOptions options_;
};

const bool registered = pools().add<LlavaPool, LlavaPoolOptions>(
    "llava", "the two files of LLaVA-OneVision (images) and LLaVA-Video");

}  // namespace
}  // namespace winnow
