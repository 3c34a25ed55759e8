#include "gdo_release/select/llava_pool.h"

#include <fmt/format.h>

#include <utility>

#include "config/bind.h"
#include "core/errors.h"

namespace winnow::gdo_release {
namespace {

struct LlavaPoolOptions {
  std::string type, onevision, video;
};
BOOST_DESCRIBE_STRUCT(LlavaPoolOptions, (), (type, onevision, video))
config::Help help(const LlavaPoolOptions&) {
  return {{"type", "llava: the formats of LLaVA-OneVision and LLaVA-Video"},
          {"onevision", "JSONL file of image rows"},
          {"video", "JSONL file of video rows"}};
}

}  // namespace

PoolFiles llava_files(const config::Value& pool) {
  const auto options = config::bind<LlavaPoolOptions>(pool, "pool", {});
  if (options.type != "llava") {
    throw ConfigError(
        fmt::format("pool.type = {}: pool files are read of pool=llava only", options.type));
  }
  for (const auto& [key, path] :
       {std::pair{"onevision", options.onevision}, std::pair{"video", options.video}}) {
    if (!path.empty()) continue;
    throw ConfigError(
        fmt::format("pool.{0} is not set: name the JSONL file, as in pool.{0}=FILE", key));
  }
  return {options.onevision, options.video};
}

}  // namespace winnow::gdo_release
