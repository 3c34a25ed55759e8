#pragma once
// How bind(), describe() and to_value() of bind.h visit an options struct. Not for direct use.

#include <boost/mp11.hpp>
#include <concepts>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <typeinfo>
#include <utility>
#include <vector>

#include "config/options.h"
#include "config/value.h"

namespace winnow::config::detail {

template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;
template <class T>
inline constexpr bool is_vector = false;
template <class T>
inline constexpr bool is_vector<std::vector<T>> = true;
template <class T>
inline constexpr bool is_map = false;
template <class T>
inline constexpr bool is_map<std::map<std::string, T>> = true;
template <class T>
inline constexpr bool is_text =
    std::is_same_v<T, std::string> || std::is_same_v<T, std::filesystem::path>;
template <class T>
inline constexpr bool always_false = false;

template <class T>
concept DescribedEnum = std::is_enum_v<T> && boost::describe::has_describe_enumerators<T>::value;
template <class T>
concept DescribedStruct = std::is_class_v<T> && boost::describe::has_describe_members<T>::value;

template <class T>
using Members = boost::describe::describe_members<T, boost::describe::mod_public |
                                                         boost::describe::mod_inherited>;

using OptionalRange = std::optional<Range>;

[[noreturn]] void fail_type(const Value& value, const std::string& path,
                            const std::string& expected);
std::int64_t read_integer(const Value& value, const std::string& path, const OptionalRange& range,
                          std::int64_t low, std::uint64_t high);
double read_number(const Value& value, const std::string& path, const OptionalRange& range);
const std::string& read_text(const Value& value, const std::string& path);
// The place of `value` among `names`; throws ConfigError with the nearest name.
std::size_t read_choice(const Value& value, const std::string& path,
                        const std::vector<std::string>& names);
void check_keys(const Value& table, const std::string& path, const std::vector<std::string>& known,
                const std::vector<std::string>& ignored);
// `help` in the order of `members`; std::logic_error when they do not match one to one.
Help match_help(const std::string& struct_name, const std::vector<std::string>& members,
                const Help& help);
std::string struct_name(const std::type_info& type);
std::int64_t checked_integer(std::uint64_t integer);

template <DescribedEnum E>
const std::vector<std::string>& enumerator_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> result;
    boost::mp11::mp_for_each<boost::describe::describe_enumerators<E>>([&](auto enumerator) {
      std::string name = enumerator.name;
      if (name.size() > 1 && name.back() == '_') name.pop_back();
      result.push_back(name);
    });
    return result;
  }();
  return names;
}

template <DescribedEnum E>
std::size_t enumerator_index(E value) {
  std::size_t index = 0, found = 0;
  boost::mp11::mp_for_each<boost::describe::describe_enumerators<E>>([&](auto enumerator) {
    if (enumerator.value == value) found = index;
    ++index;
  });
  return found;
}

template <DescribedStruct T>
const std::vector<std::string>& member_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> result;
    boost::mp11::mp_for_each<Members<T>>([&](auto member) { result.emplace_back(member.name); });
    return result;
  }();
  return names;
}

template <DescribedStruct T>
const Help& member_help() {
  static const Help matched = match_help(struct_name(typeid(T)), member_names<T>(), help(T{}));
  return matched;
}

// Calls visit(member pointer, FieldHelp) for every member in order of declaration.
template <DescribedStruct T, class Visit>
void for_each_member(Visit visit) {
  std::size_t index = 0;
  boost::mp11::mp_for_each<Members<T>>(
      [&](auto member) { visit(member.pointer, member_help<T>()[index++]); });
}

// ---- reading ----

template <DescribedStruct T>
void read_struct(const Value& table, const std::string& path,
                 const std::vector<std::string>& ignored, T& output);

template <class T>
void read(const Value& value, const std::string& path, const OptionalRange& range, T& output) {
  if constexpr (std::is_same_v<T, bool>) {
    if (!value.is_boolean()) fail_type(value, path, "true or false");
    output = value.boolean();
  } else if constexpr (std::is_integral_v<T>) {
    using Limits = std::numeric_limits<T>;
    output = static_cast<T>(read_integer(value, path, range, std::int64_t{Limits::min()},
                                         static_cast<std::uint64_t>(Limits::max())));
  } else if constexpr (std::is_floating_point_v<T>) {
    output = static_cast<T>(read_number(value, path, range));
  } else if constexpr (is_text<T>) {
    output = read_text(value, path);
  } else if constexpr (DescribedEnum<T>) {
    const std::size_t wanted = read_choice(value, path, enumerator_names<T>());
    std::size_t index = 0;
    boost::mp11::mp_for_each<boost::describe::describe_enumerators<T>>([&](auto enumerator) {
      if (index++ == wanted) output = enumerator.value;
    });
  } else if constexpr (is_optional<T>) {
    typename T::value_type inner{};
    read(value, path, range, inner);
    output = std::move(inner);
  } else if constexpr (is_vector<T>) {
    if (!value.is_array()) fail_type(value, path, "a list, as in [a, b]");
    output.clear();
    for (std::size_t i = 0; i < value.array().size(); ++i) {
      typename T::value_type element{};
      read(value.array()[i], path + "[" + std::to_string(i) + "]", range, element);
      output.push_back(std::move(element));
    }
  } else if constexpr (is_map<T>) {
    if (!value.is_table()) fail_type(value, path, "a table");
    output.clear();
    for (const auto& [key, child] : value.table()) {
      read(child, join_key(path, key), range, output[key]);
    }
  } else if constexpr (DescribedStruct<T>) {
    read_struct(value, path, {}, output);
  } else {
    static_assert(always_false<T>, "config/options.h lists the types that an option may have");
  }
}

template <DescribedStruct T>
void read_struct(const Value& table, const std::string& path,
                 const std::vector<std::string>& ignored, T& output) {
  if (!table.is_table()) fail_type(table, path, "a table");
  check_keys(table, path, member_names<T>(), ignored);
  for_each_member<T>([&](auto member, const FieldHelp& field) {
    if (const Value* value = table.child(field.name)) {
      read(*value, join_key(path, field.name), field.range, output.*member);
    }
  });
}

// ---- writing ----

template <class T>
Value write(const T& input, const Origin& origin) {
  if constexpr (std::is_same_v<T, bool>) {
    return Value(input, origin);
  } else if constexpr (std::is_integral_v<T>) {
    if constexpr (std::is_signed_v<T>) return Value(std::int64_t{input}, origin);
    return Value(checked_integer(static_cast<std::uint64_t>(input)), origin);
  } else if constexpr (std::is_floating_point_v<T>) {
    return Value(static_cast<double>(input), origin);
  } else if constexpr (is_text<T>) {
    return Value(std::string(input), origin);
  } else if constexpr (DescribedEnum<T>) {
    return Value(enumerator_names<T>()[enumerator_index(input)], origin);
  } else if constexpr (is_vector<T>) {
    Value::Array elements;
    for (const typename T::value_type& element : input) elements.push_back(write(element, origin));
    return Value(std::move(elements), origin);
  } else {
    Value::Table entries;
    const auto add = [&](const std::string& key, const auto& value) {
      if constexpr (is_optional<std::decay_t<decltype(value)>>) {
        if (value) entries.emplace_back(key, write(*value, origin));
      } else {
        entries.emplace_back(key, write(value, origin));
      }
    };
    if constexpr (is_map<T>) {
      for (const auto& [key, value] : input) add(key, value);
    } else {
      for_each_member<T>(
          [&](auto member, const FieldHelp& field) { add(field.name, input.*member); });
    }
    return Value(std::move(entries), origin);
  }
}

// ---- describing ----

template <class T>
std::string type_text() {
  if constexpr (std::is_same_v<T, bool>) {
    return "boolean";
  } else if constexpr (std::is_integral_v<T>) {
    return "integer";
  } else if constexpr (std::is_floating_point_v<T>) {
    return "number";
  } else if constexpr (std::is_same_v<T, std::filesystem::path>) {
    return "path";
  } else if constexpr (is_text<T>) {
    return "text";
  } else if constexpr (is_optional<T>) {
    return type_text<typename T::value_type>();
  } else if constexpr (is_vector<T>) {
    return "list of " + type_text<typename T::value_type>();
  } else if constexpr (is_map<T>) {
    return "table of " + type_text<typename T::mapped_type>();
  } else if constexpr (DescribedEnum<T>) {
    std::string text;
    for (const std::string& name : enumerator_names<T>())
      text += (text.empty() ? "" : " | ") + name;
    return text;
  } else {
    return "table";
  }
}

template <DescribedStruct T>
void describe_struct(const T& defaults, const std::string& prefix,
                     std::vector<OptionDescription>& output);

template <class T>
void describe_value(const T& value, const std::string& name, const FieldHelp& field,
                    std::vector<OptionDescription>& output) {
  OptionDescription description{name, type_text<T>(), "", field.text, field.range};
  if constexpr (DescribedStruct<T>) {
    output.push_back(std::move(description));
    describe_struct(value, name + ".", output);
  } else if constexpr (is_optional<T>) {
    using Inner = typename T::value_type;
    if (value || DescribedStruct<Inner>) {
      describe_value(value.value_or(Inner{}), name, field, output);
    } else {
      output.push_back(std::move(description));
    }
  } else {
    description.default_value = write(value, Origin{}).to_text();
    output.push_back(std::move(description));
    if constexpr (is_vector<T>) {
      using Element = typename T::value_type;
      if constexpr (DescribedStruct<Element>) describe_struct(Element{}, name + "[].", output);
    } else if constexpr (is_map<T>) {
      using Element = typename T::mapped_type;
      if constexpr (DescribedStruct<Element>) describe_struct(Element{}, name + ".*.", output);
    }
  }
}

template <DescribedStruct T>
void describe_struct(const T& defaults, const std::string& prefix,
                     std::vector<OptionDescription>& output) {
  for_each_member<T>([&](auto member, const FieldHelp& field) {
    describe_value(defaults.*member, prefix + field.name, field, output);
  });
}

}  // namespace winnow::config::detail
