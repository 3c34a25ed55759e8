#pragma once
// Kinds of components and how a component registers itself from its own source file:
//
//   const auto registered = selectors().add<Uniform, UniformOptions>("uniform", "a uniform draw");
//
// where `selectors()` is the kind, declared beside the interface:
//
//   config::ComponentKind<Selector>& selectors();   // static local inside the .cpp
//
// A component's config table names it by `type` ("uniform"); its other keys are its options.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "config/bind.h"
#include "config/value.h"
#include "core/registry.h"

namespace winnow::config {

struct ComponentInfo {
  std::string kind, name, help;
  std::vector<OptionDescription> options;
};

// All registered components of all kinds, by kind then name: `winnow list`.
std::vector<ComponentInfo> list_components();

// Declares that the table at `path` ("run") is bound to Options without being a component, so that
// `winnow list table` prints it and an override may set an option that no file writes. Call it as
// add() below, once, beside the code that binds the table. `kind` of its entry is "table". A `*` in
// the path stands for any one key ("methods.*"); "" is the top level, listed as ".".
template <class Options>
bool add_table(const std::string& path, const std::string& help);

namespace detail {
void add_to_catalog(ComponentInfo info);
// The `type` key of a component table; throws ConfigError (with `path`) when absent or not text.
std::string component_type(const Value& table, const std::string& path, const std::string& kind,
                           const std::vector<std::string>& known);
}  // namespace detail

template <class Options>
bool add_table(const std::string& path, const std::string& help) {
  detail::add_to_catalog({"table", path.empty() ? "." : path, help, describe<Options>()});
  return true;
}

template <class Interface>
class ComponentKind {
 public:
  explicit ComponentKind(std::string kind) : registry_(std::move(kind)) {}

  // `Component` is constructed from `Options`. Returns true so that it can initialise a constant.
  template <class Component, class Options>
  bool add(const std::string& name, const std::string& help) {
    registry_.add(name, [](const Value& table, const std::string& path) {
      return std::unique_ptr<Interface>(std::make_unique<Component>(bind<Options>(table, path)));
    });
    detail::add_to_catalog({registry_.kind(), name, help, describe<Options>()});
    return true;
  }

  // Makes the component that `table.type` names; `path` is the table's place in the config
  // ("selector"). Throws ConfigError for an unknown type or a bad option.
  std::unique_ptr<Interface> create(const Value& table, const std::string& path) const {
    return registry_.at(detail::component_type(table, path, registry_.kind(), registry_.names()))(
        table, path);
  }

  std::vector<std::string> names() const { return registry_.names(); }
  const std::string& kind() const { return registry_.kind(); }

 private:
  using Create = std::function<std::unique_ptr<Interface>(const Value&, const std::string&)>;
  Registry<Create> registry_;
};

}  // namespace winnow::config
