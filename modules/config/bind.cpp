#include "config/bind.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/core/demangle.hpp>
#include <cmath>

#include "config/component.h"
#include "config/left_out.h"

namespace winnow::config::detail {
namespace {

std::string joined(const std::vector<std::string>& names, const std::string& separator) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : separator) + name;
  return text;
}

void check_range(const Value& value, const std::string& path, const OptionalRange& range) {
  if (!range) return;
  const double number = value.number();
  // Written so that nan is outside of every range.
  const bool inside =
      (range->low_open ? number > range->low : number >= range->low) && number <= range->high;
  if (!inside) fail_value(value, path, "out of range: expected " + range->text());
}

// Whether `key` of a component's table is a table for another component of that kind, which this
// one passes over: a goal's [selector.gdo_release] beside [selector].
bool is_for_another(const Value& component, const std::string& key, const Value& value) {
  const Value* type = component.child("type");
  if (!value.is_table() || type == nullptr || !type->is_string() || type->string() == key) {
    return false;
  }
  const std::vector<ComponentInfo> known = list_components();
  const auto has = [&](const std::string& kind, const std::string& name) {
    return std::any_of(known.begin(), known.end(), [&](const ComponentInfo& info) {
      return info.kind == kind && info.name == name;
    });
  };
  return std::any_of(known.begin(), known.end(), [&](const ComponentInfo& info) {
    if (info.name == key) return has(info.kind, type->string());
    return info.name == type->string() && left_out_by(info.kind, key) != nullptr;
  });
}

}  // namespace

void fail_type(const Value& value, const std::string& path, const std::string& expected) {
  fail_value(value, path, "wrong type (" + value.type_name() + "): expected " + expected);
}

std::int64_t read_integer(const Value& value, const std::string& path, const OptionalRange& range,
                          std::int64_t low, std::uint64_t high) {
  if (!value.is_integer()) {
    std::string expected = "an integer";
    // 2^53: up to here a float names one integer.
    if (value.is_number() && std::trunc(value.number()) == value.number() &&
        std::abs(value.number()) <= 9007199254740992.0) {
      expected += fmt::format("; write {}", static_cast<std::int64_t>(value.number()));
    }
    fail_type(value, path, expected);
  }
  check_range(value, path, range);
  const std::int64_t integer = value.integer();
  if (integer < low || (integer > 0 && static_cast<std::uint64_t>(integer) > high)) {
    fail_value(value, path, fmt::format("out of range: expected between {} and {}", low, high));
  }
  return integer;
}

double read_number(const Value& value, const std::string& path, const OptionalRange& range) {
  if (!value.is_number()) fail_type(value, path, "a number");
  check_range(value, path, range);
  return value.number();
}

const std::string& read_text(const Value& value, const std::string& path) {
  if (!value.is_string()) {
    fail_type(value, path,
              value.is_table() || value.is_array()
                  ? "text"
                  : "text; put it in double quotes: \"" + value.to_text() + "\"");
  }
  return value.string();
}

std::size_t read_choice(const Value& value, const std::string& path,
                        const std::vector<std::string>& names) {
  if (!value.is_string()) fail_type(value, path, "one of " + joined(names, ", "));
  const auto found = std::find(names.begin(), names.end(), value.string());
  if (found == names.end()) {
    const std::string near = nearest_name(value.string(), names);
    fail_value(value, path,
               "expected one of " + joined(names, ", ") + "." +
                   (near.empty() ? "" : " Did you mean '" + near + "'?"));
  }
  return static_cast<std::size_t>(found - names.begin());
}

void check_keys(const Value& table, const std::string& path, const std::vector<std::string>& known,
                const std::vector<std::string>& ignored) {
  for (const auto& [key, value] : table.table()) {
    const auto is_key = [&name = key](const std::string& other) { return other == name; };
    if (std::any_of(known.begin(), known.end(), is_key)) continue;
    if (std::any_of(ignored.begin(), ignored.end(), is_key)) continue;
    if (is_for_another(table, key, value)) continue;
    fail_value(value, join_key(path, key), "unknown key." + suggestion(key, known));
  }
}

Help match_help(const std::string& struct_name, const std::vector<std::string>& members,
                const Help& help) {
  Help ordered;
  for (const std::string& member : members) {
    const auto names_member = [&](const FieldHelp& field) { return field.name == member; };
    const auto count = std::count_if(help.begin(), help.end(), names_member);
    if (count != 1) {
      throw std::logic_error(fmt::format("help({}) has {} entries for member '{}', not one",
                                         struct_name, count, member));
    }
    ordered.push_back(*std::find_if(help.begin(), help.end(), names_member));
  }
  for (const FieldHelp& field : help) {
    if (std::find(members.begin(), members.end(), field.name) == members.end()) {
      throw std::logic_error("help(" + struct_name + ") names '" + field.name +
                             "', which is no described member." + suggestion(field.name, members));
    }
  }
  return ordered;
}

std::string struct_name(const std::type_info& type) {
  const std::string full = boost::core::demangle(type.name());
  return full.substr(full.rfind(':') == std::string::npos ? 0 : full.rfind(':') + 1);
}

std::int64_t checked_integer(std::uint64_t integer) {
  if (integer > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
    throw std::logic_error(fmt::format("option value {} does not fit TOML's integers", integer));
  }
  return static_cast<std::int64_t>(integer);
}

}  // namespace winnow::config::detail
