#pragma once
// Binds a table to an options struct by reflection (Boost.Describe): see options.h for what members
// may be. The implementation, one overload set per direction, is in bind_detail.h.

#include <string>
#include <vector>

#include "config/bind_detail.h"
#include "config/options.h"
#include "config/value.h"

namespace winnow::config {

// Sets what `table` says in `options` and leaves the rest. Throws ConfigError naming file, line,
// full key, value and what was expected when a key is unknown (with the nearest valid name), a type
// does not fit (an integer literal is a valid number), or a value is out of range. `path` is the
// dotted path of the table, for messages. `ignored` are keys that belong to someone else (e.g.
// "type").
template <class Options>
Options bind_over(Options options, const Value& table, const std::string& path,
                  const std::vector<std::string>& ignored = {"type"}) {
  detail::read_struct(table, path, ignored, options);
  return options;
}

// The same over a default-constructed Options.
template <class Options>
Options bind(const Value& table, const std::string& path,
             const std::vector<std::string>& ignored = {"type"}) {
  return bind_over(Options{}, table, path, ignored);
}

// The options with types, defaults and help, in order of declaration. Throws std::logic_error when
// help() does not name every member exactly once.
template <class Options>
std::vector<OptionDescription> describe() {
  std::vector<OptionDescription> descriptions;
  detail::describe_struct(Options{}, "", descriptions);
  return descriptions;
}

// An Options as a Value, for digests and for printing (the inverse of bind). Absent optionals are
// absent keys.
template <class Options>
Value to_value(const Options& options) {
  return detail::write(options, {"default of " + detail::struct_name(typeid(Options)), 0});
}

}  // namespace winnow::config
