#pragma once
// Binds a table to an options struct by reflection (Boost.Describe): see options.h for what members
// may be. The implementation below is one visitor per direction: reading and describing.

#include "config/options.h"
#include "config/value.h"

namespace winnow::config {

// Fills a default-constructed Options from `table`. Throws ConfigError naming file, line, full key,
// value and what was expected when a key is unknown (with the nearest valid name), a type does not
// fit (an integer literal is a valid number), or a value is out of range. `path` is the dotted path
// of the table, for messages. `ignored` are keys that belong to someone else (e.g. "type").
template <class Options>
Options bind(const Value& table, const std::string& path,
             const std::vector<std::string>& ignored = {"type"});

// The options with types, defaults and help, in order of declaration.
template <class Options>
std::vector<OptionDescription> describe();

// An Options as a Value, for digests and for printing (the inverse of bind).
template <class Options>
Value to_value(const Options& options);

}  // namespace winnow::config
