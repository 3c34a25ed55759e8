#pragma once
// A component that a config names, bound once: its options were read without complaint, and it is
// made as often as threads need one of their own.

#include <memory>
#include <string>
#include <utility>

#include "config/component.h"

namespace winnow {

// A component's table with the defaults of the options that it leaves out, so that a default that
// changes in the code changes the address of a stage, too. `kind` as registered: "trainer".
config::Value with_defaults(const config::Value& table, const std::string& kind);

template <class Interface>
class Bound {
 public:
  // `kind`: the registry's function, e.g. trainers. Makes the component once and throws ConfigError
  // where that cannot work.
  Bound(config::ComponentKind<Interface>& (*kind)(), config::Value table, std::string path)
      : kind_(kind), table_(std::move(table)), path_(std::move(path)) {
    make();
  }

  std::unique_ptr<Interface> make() const { return kind_().create(table_, path_); }
  const config::Value& table() const { return table_; }
  const std::string& path() const { return path_; }
  std::string type() const { return table_.at("type").string(); }
  // All of its options.
  config::Value identity() const { return with_defaults(table_, kind_().kind()); }

 private:
  config::ComponentKind<Interface>& (*kind_)();
  config::Value table_;
  std::string path_;
};

// Values for a stage's config.
inline config::Value value_of(std::uint64_t number) {
  return config::Value(static_cast<std::int64_t>(number), {});
}
inline config::Value value_of(const std::string& text) { return config::Value(text, {}); }

}  // namespace winnow
