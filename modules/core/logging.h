#pragma once
// One logger for the program (spdlog, standard error), so that standard output stays clean for
// tables and JSON.

#include <spdlog/spdlog.h>

#include <string>

namespace winnow {

// "0.4 s", "12 s", "3 min 05 s", "2 h 10 min".
std::string format_seconds(double seconds);

// Level from "debug", "info", "warning", "error", "off"; throws ConfigError otherwise. What is
// logged is printable (core/printable.h), whatever data it holds.
void set_up_logging(const std::string& level);

}  // namespace winnow
