#include "models/qwen3_vl/media_options.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <limits>

#include "core/errors.h"
#include "core/files.h"

namespace winnow::qwen3_vl {
namespace json = boost::json;
namespace fs = std::filesystem;
namespace {

class File {
 public:
  explicit File(const fs::path& path) : name_(path.string()) {
    boost::system::error_code error;
    root_ = json::parse(read_file(path), error);
    if (error || !root_.is_object()) throw DataError(name_ + ": is not a JSON object");
  }

  [[noreturn]] void refuse(const std::string& key, const json::value& value,
                           const std::string& wanted) const {
    throw DataError(
        fmt::format("{}: {} is {}; it must be {}", name_, key, json::serialize(value), wanted));
  }

  void read_bound(const json::value& table, const std::string& prefix, const char* key,
                  std::int64_t most, std::int64_t& bound) const {
    const json::value* value = table.as_object().if_contains(key);
    if (value == nullptr || value->is_null()) return;
    boost::system::error_code error;
    bound = value->to_number<std::int64_t>(error);
    if (error || bound < 1 || bound > most) {
      refuse(prefix + key, *value, fmt::format("a whole number from 1 to {}", most));
    }
  }

  void read_values(const char* key, std::vector<double>& values) const {
    const json::value* list = root_.as_object().if_contains(key);
    if (list == nullptr) return;
    const std::string wanted = "three numbers";
    if (!list->is_array() || list->as_array().size() != 3) refuse(key, *list, wanted);
    values.clear();
    for (const json::value& value : list->as_array()) {
      boost::system::error_code error;
      values.push_back(value.to_number<double>(error));
      if (error) refuse(key, *list, wanted);
    }
  }

  void expect(const char* key, std::int64_t wanted) const {
    std::int64_t found = wanted;
    read_bound(root_, "", key, std::numeric_limits<std::int64_t>::max(), found);
    if (found != wanted) {
      refuse(key, root_.at(key), fmt::format("{}, as config.json has it", wanted));
    }
  }

  void read(const Config& config, PreprocessingOptions& options) const {
    expect("patch_size", config.vision.patch_size);
    expect("merge_size", config.vision.merge_size);
    expect("temporal_patch_size", config.vision.temporal_patch_size);
    if (const json::value* size = root_.as_object().if_contains("size");
        size && size->is_object()) {
      read_bound(*size, "size.", "shortest_edge", kMostMinimumPixels, options.minimum_pixels);
      read_bound(*size, "size.", "longest_edge", kMostMaximumPixels, options.maximum_pixels);
    }
    read_bound(root_, "", "min_pixels", kMostMinimumPixels, options.minimum_pixels);
    read_bound(root_, "", "max_pixels", kMostMaximumPixels, options.maximum_pixels);
    if (options.minimum_pixels > options.maximum_pixels) {
      throw DataError(fmt::format("{}: at least {} and at most {} pixels cannot both be", name_,
                                  options.minimum_pixels, options.maximum_pixels));
    }
    read_values("image_mean", options.mean);
    read_values("image_std", options.deviation);
    for (const double deviation : options.deviation) {
      if (!(deviation > 0.0)) refuse("image_std", root_.at("image_std"), "above 0");
    }
  }

 private:
  std::string name_;
  json::value root_;
};

json::object common(const Config& config, const PreprocessingOptions& options) {
  return {{"do_convert_rgb", true},
          {"do_normalize", true},
          {"do_rescale", true},
          {"do_resize", true},
          {"image_mean", json::value_from(options.mean)},
          {"image_std", json::value_from(options.deviation)},
          {"merge_size", config.vision.merge_size},
          {"patch_size", config.vision.patch_size},
          {"processor_class", "Qwen3VLProcessor"},
          {"resample", 3},
          {"rescale_factor", 1.0 / 255.0},
          {"size", json::object{{"longest_edge", options.maximum_pixels},
                                {"shortest_edge", options.minimum_pixels}}},
          {"temporal_patch_size", config.vision.temporal_patch_size}};
}

}  // namespace

MediaOptions read_media_options(const fs::path& folder, const Config& config) {
  MediaOptions options;
  const fs::path image = folder / "preprocessor_config.json";
  const fs::path video = folder / "video_preprocessor_config.json";
  if (fs::exists(image)) File(image).read(config, options.image);
  if (fs::exists(video)) File(video).read(config, options.video);
  return options;
}

std::string image_processor_text(const Config& config, const PreprocessingOptions& options) {
  json::object file = common(config, options);
  file["image_processor_type"] = "Qwen2VLImageProcessorFast";
  return json::serialize(file) + "\n";
}

std::string video_processor_text(const Config& config, const PreprocessingOptions& options) {
  json::object file = common(config, options);
  file["video_processor_type"] = "Qwen3VLVideoProcessor";
  file["fps"] = 2;
  file["min_frames"] = 4;
  file["max_frames"] = 768;
  return json::serialize(file) + "\n";
}

}  // namespace winnow::qwen3_vl
