#include "experiments/program/arguments.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

namespace winnow {
namespace fs = std::filesystem;
namespace {

CLI::Validator in_range(const config::Range& range) {
  return CLI::Validator(
      [range](std::string& text) -> std::string {
        double value = 0.0;
        if (!CLI::detail::lexical_cast(text, value)) return "'" + text + "' is no number";
        const bool fits =
            value >= range.low && value <= range.high && !(range.low_open && value == range.low);
        return fits ? "" : fmt::format("{} is out of range; expected {}", text, range.text());
      },
      range.text());
}

}  // namespace

void Arguments::word(const std::string& name, std::string& value, const std::string& help) {
  app_.add_option(name, value, help)->required();
}
void Arguments::word(const std::string& name, fs::path& value, const std::string& help) {
  app_.add_option(name, value, help)->required();
}
void Arguments::optional_word(const std::string& name, std::string& value,
                              const std::string& help) {
  app_.add_option(name, value, help);
}
void Arguments::words(const std::string& name, std::vector<std::string>& values,
                      const std::string& help) {
  app_.add_option(name, values, help);
}
void Arguments::words(const std::string& name, std::vector<fs::path>& values,
                      const std::string& help) {
  app_.add_option(name, values, help);
}

void Arguments::flag(const std::string& name, bool& value, const std::string& help) {
  app_.add_flag(name, value, help);
}
void Arguments::option(const std::string& name, std::string& value, const std::string& help) {
  app_.add_option(name, value, help)->capture_default_str();
}
void Arguments::option(const std::string& name, fs::path& value, const std::string& help) {
  app_.add_option(name, value, help)->capture_default_str();
}
void Arguments::option(const std::string& name, std::uint64_t& value, const std::string& help) {
  app_.add_option(name, value, help)->capture_default_str();
}
void Arguments::option(const std::string& name, std::int64_t& value, const std::string& help,
                       config::Range range) {
  app_.add_option(name, value, help)->check(in_range(range))->capture_default_str();
}
void Arguments::option(const std::string& name, double& value, const std::string& help,
                       config::Range range) {
  app_.add_option(name, value, help)->check(in_range(range))->capture_default_str();
}
void Arguments::option(const std::string& name, std::optional<std::int64_t>& value,
                       const std::string& help) {
  app_.add_option(name, value, help);
}

void Arguments::repeated(const std::string& name, std::vector<fs::path>& values,
                         const std::string& help) {
  app_.add_option(name, values, help)->allow_extra_args(false);
}

void Arguments::repeated(const std::vector<std::pair<std::string, std::string>>& names_and_help,
                         std::vector<std::pair<std::string, std::string>>& in_order) {
  std::vector<CLI::Option*> options;
  for (const auto& [name, help] : names_and_help) {
    options.push_back(app_.add_option(name, help)->expected(1)->take_all());
    options.back()->allow_extra_args(false)->type_name("TEXT");
  }
  app_.parse_complete_callback([&app = app_, options, &in_order] {
    std::map<const CLI::Option*, std::size_t> next;
    for (const CLI::Option* option : app.parse_order()) {
      if (std::find(options.begin(), options.end(), option) == options.end()) continue;
      in_order.emplace_back(option->get_name(), option->results().at(next[option]++));
    }
  });
}

void Arguments::footer(const std::function<std::string()>& text) { app_.footer(text); }

}  // namespace winnow
