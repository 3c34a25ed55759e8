#pragma once
// What a subcommand takes from the command line. (CLI11 does the work; its headers are as large as
// a program, so that only one source sees them.)

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "config/options.h"

namespace CLI {
class App;
}

namespace winnow {

class Arguments {
 public:
  explicit Arguments(CLI::App& app) : app_(app) {}

  // Words without a name, in the order of declaration. The first two have to be there.
  void word(const std::string& name, std::string& value, const std::string& help);
  void word(const std::string& name, std::filesystem::path& value, const std::string& help);
  void optional_word(const std::string& name, std::string& value, const std::string& help);
  void words(const std::string& name, std::vector<std::string>& values, const std::string& help);
  void words(const std::string& name, std::vector<std::filesystem::path>& values,
             const std::string& help);

  // "--json", "-m,--sweep".
  void flag(const std::string& name, bool& value, const std::string& help);
  // "--seed". What `value` holds is the default, which the help shows.
  void option(const std::string& name, std::string& value, const std::string& help);
  void option(const std::string& name, std::filesystem::path& value, const std::string& help);
  void option(const std::string& name, std::uint64_t& value, const std::string& help);
  void option(const std::string& name, std::int64_t& value, const std::string& help,
              config::Range range);
  void option(const std::string& name, double& value, const std::string& help, config::Range range);
  void option(const std::string& name, std::optional<std::int64_t>& value, const std::string& help);
  // May be given several times.
  void repeated(const std::string& name, std::vector<std::filesystem::path>& values,
                const std::string& help);
  // Several such options, whose order among each other counts: (name, value) as they came.
  void repeated(const std::vector<std::pair<std::string, std::string>>& names_and_help,
                std::vector<std::pair<std::string, std::string>>& in_order);
  // Behind the help; made when it is asked for.
  void footer(const std::function<std::string()>& text);

 private:
  CLI::App& app_;
};

}  // namespace winnow
