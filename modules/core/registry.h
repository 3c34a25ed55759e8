#pragma once
// Components find their way into the program by registering themselves from their own source
// file; nothing else lists them. This is the plain named map underneath; config/component.h adds
// option structs on top.

#include <map>
#include <string>
#include <vector>

#include "core/errors.h"

namespace winnow {

// Named entries of one kind. `kind` appears in messages ("descriptor", "selector").
template <class Entry>
class Registry {
 public:
  explicit Registry(std::string kind) : kind_(std::move(kind)) {}

  // Throws std::logic_error when the name is taken: two files claim it, which is a bug.
  void add(const std::string& name, Entry entry) {
    if (!entries_.emplace(name, std::move(entry)).second) {
      throw std::logic_error("two " + kind_ + " components are registered as '" + name + "'");
    }
  }

  // Throws ConfigError with the nearest name when there is no such component.
  const Entry& at(const std::string& name) const {
    const auto found = entries_.find(name);
    if (found == entries_.end()) {
      throw ConfigError("there is no " + kind_ + " named '" + name + "'." +
                        suggestion(name, names()));
    }
    return found->second;
  }

  bool contains(const std::string& name) const { return entries_.count(name) > 0; }
  const std::string& kind() const { return kind_; }

  // Sorted.
  std::vector<std::string> names() const {
    std::vector<std::string> result;
    for (const auto& [name, entry] : entries_) result.push_back(name);
    return result;
  }

 private:
  std::string kind_;
  std::map<std::string, Entry> entries_;
};

}  // namespace winnow
