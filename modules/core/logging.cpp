#include "core/logging.h"

#include <fmt/format.h>
#include <spdlog/sinks/stdout_color_sinks.h>

#include <cmath>

#include "core/errors.h"

namespace winnow {

std::string format_seconds(double seconds) {
  if (seconds < 9.95) return fmt::format("{:.1f} s", seconds);
  const auto whole = static_cast<long long>(std::llround(seconds));
  if (whole < 60) return fmt::format("{} s", whole);
  if (whole < 3600) return fmt::format("{} min {:02} s", whole / 60, whole % 60);
  return fmt::format("{} h {:02} min", whole / 3600, whole % 3600 / 60);
}

void set_up_logging(const std::string& level) {
  const auto parsed = spdlog::level::from_str(level);
  if (parsed == spdlog::level::off && level != "off") {
    throw ConfigError("log level '" + level + "' is unknown." +
                      suggestion(level, {"debug", "info", "warning", "error", "off"}));
  }
  if (!spdlog::get("winnow")) {
    spdlog::set_default_logger(spdlog::stderr_color_mt("winnow"));
    spdlog::set_pattern("%^[%l]%$ %v");
  }
  spdlog::set_level(parsed);
}

}  // namespace winnow
