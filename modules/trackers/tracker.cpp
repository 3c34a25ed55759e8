#include "trackers/tracker.h"

namespace winnow {

config::ComponentKind<Tracker>& trackers() {
  static config::ComponentKind<Tracker> kind("tracker");
  return kind;
}

std::vector<NamedTracker> make_trackers(const config::Value& table) {
  if (!table.is_table()) {
    config::fail_value(table, "trackers", "expected a table for each tracker");
  }
  std::vector<NamedTracker> result;
  for (const auto& [name, options] : table.table()) {
    const std::string path = config::join_key("trackers", name);
    if (!options.is_table()) config::fail_value(options, path, "expected a table");
    if (name.empty() ||
        name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                               "0123456789_-") != std::string::npos) {
      config::fail_value(options, path, "its name is a file's: letters, digits, '_' and '-' alone");
    }
    result.push_back({name, trackers().create(options, path)});
  }
  return result;
}

}  // namespace winnow
