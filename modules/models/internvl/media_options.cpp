#include "models/internvl/media_options.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "core/files.h"
#include "models/config_json.h"

namespace winnow::internvl {
namespace json = boost::json;
namespace fs = std::filesystem;
namespace {

constexpr std::int64_t kMostTiles = 1024;

}  // namespace

PreprocessingOptions read_media_options(const fs::path& folder, const Config& config) {
  PreprocessingOptions options;
  const fs::path path = folder / "preprocessor_config.json";
  if (!fs::exists(path)) return options;
  const json::object object = parse_config_object(read_file(path), path.string());
  const ConfigTable table(path.string(), "", object);
  if (table.has("size")) {
    const ConfigTable size = table.table("size");
    for (const char* side : {"height", "width"}) {
      if (size.integer(side, 1, kLargestSize) == config.vision.tile_size) continue;
      size.refuse(side,
                  fmt::format("the {} of image_size in config.json", config.vision.tile_size));
    }
  }
  if (table.has("min_patches")) {
    options.minimum_tiles = table.integer("min_patches", 1, kMostTiles);
  }
  if (table.has("max_patches")) {
    options.maximum_tiles = table.integer("max_patches", options.minimum_tiles, kMostTiles);
  }
  if (table.has("image_mean")) options.mean = table.colours("image_mean");
  if (table.has("image_std")) options.deviation = table.colours("image_std");
  for (const double deviation : options.deviation) {
    if (!(deviation > 0.0)) table.refuse("image_std", "above 0");
  }
  return options;
}

std::string image_processor_text(const Config& config, const PreprocessingOptions& options) {
  const json::object all = {{"crop_to_patches", false},  // the processor asks for it itself
                            {"do_convert_rgb", true},
                            {"do_normalize", true},
                            {"do_rescale", true},
                            {"do_resize", true},
                            {"image_mean", json::value_from(options.mean)},
                            {"image_processor_type", "GotOcr2ImageProcessorFast"},
                            {"image_std", json::value_from(options.deviation)},
                            {"max_patches", options.maximum_tiles},
                            {"min_patches", options.minimum_tiles},
                            {"processor_class", "InternVLProcessor"},
                            {"resample", 3},
                            {"rescale_factor", 1.0 / 255.0},
                            {"size", json::object{{"height", config.vision.tile_size},
                                                  {"width", config.vision.tile_size}}}};
  return json::serialize(all) + "\n";
}

}  // namespace winnow::internvl
