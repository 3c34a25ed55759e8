#include "core/logging.h"

#include <fmt/format.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_color_sinks.h>

#include <cmath>
#include <memory>

#include "core/errors.h"
#include "core/printable.h"

namespace winnow {
namespace {

// "[warning] text", whatever pools and servers have put into the text.
class PrintableFormatter : public spdlog::formatter {
 public:
  void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& out) override {
    const std::string text = printable_lines({message.payload.data(), message.payload.size()});
    spdlog::details::log_msg shown = message;
    shown.payload = text;
    pattern_.format(shown, out);
    // Where the sink colours the text.
    message.color_range_start = shown.color_range_start;
    message.color_range_end = shown.color_range_end;
  }
  std::unique_ptr<spdlog::formatter> clone() const override {
    return std::make_unique<PrintableFormatter>();
  }

 private:
  spdlog::pattern_formatter pattern_{"%^[%l]%$ %v"};
};

}  // namespace

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
    spdlog::set_formatter(std::make_unique<PrintableFormatter>());
  }
  spdlog::set_level(parsed);
}

}  // namespace winnow
