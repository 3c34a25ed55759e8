#include "models/config_json.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "core/errors.h"

namespace winnow {
namespace json = boost::json;

void ConfigTable::refuse(const std::string& key, const std::string& wanted) const {
  const json::value* value = object_.if_contains(key);
  throw DataError(fmt::format("{}: {}{} {}; it must be {}", file_, place_, key,
                              value ? "is " + json::serialize(*value) : "is missing", wanted));
}

bool ConfigTable::has(const std::string& key) const {
  const json::value* value = object_.if_contains(key);
  return value != nullptr && !value->is_null();
}

bool ConfigTable::is_list(const std::string& key) const {
  const json::value* value = object_.if_contains(key);
  return value != nullptr && value->is_array();
}

std::int64_t ConfigTable::integer(const std::string& key, std::int64_t least,
                                  std::int64_t most) const {
  const json::value* value = object_.if_contains(key);
  boost::system::error_code error;
  const std::int64_t number = value ? value->to_number<std::int64_t>(error) : 0;
  if (!value || error || number < least || number > most) {
    refuse(key, fmt::format("a whole number from {} to {}", least, most));
  }
  return number;
}

double ConfigTable::positive(const std::string& key) const {
  const json::value* value = object_.if_contains(key);
  boost::system::error_code error;
  const double number = value ? value->to_number<double>(error) : 0.0;
  if (!value || error || !(number > 0.0)) refuse(key, "a number above 0");
  return number;
}

bool ConfigTable::boolean(const std::string& key) const {
  const json::value* value = object_.if_contains(key);
  if (!value || !value->is_bool()) refuse(key, "true or false");
  return value->as_bool();
}

std::vector<std::int64_t> ConfigTable::integers(const std::string& key, std::int64_t most) const {
  const std::string wanted = fmt::format("a list of whole numbers from 0 to {}", most);
  const json::value* value = object_.if_contains(key);
  if (!value || !value->is_array()) refuse(key, wanted);
  std::vector<std::int64_t> numbers;
  for (const json::value& entry : value->as_array()) {
    boost::system::error_code error;
    numbers.push_back(entry.to_number<std::int64_t>(error));
    if (error || numbers.back() < 0 || numbers.back() > most) refuse(key, wanted);
  }
  return numbers;
}

std::vector<double> ConfigTable::colours(const std::string& key) const {
  const json::value* value = object_.if_contains(key);
  if (!value || !value->is_array() || value->as_array().size() != 3) refuse(key, "three numbers");
  std::vector<double> numbers;
  for (const json::value& entry : value->as_array()) {
    boost::system::error_code error;
    numbers.push_back(entry.to_number<double>(error));
    if (error) refuse(key, "three numbers");
  }
  return numbers;
}

std::string ConfigTable::choice(const std::string& key,
                                const std::vector<std::string>& known) const {
  const json::value* value = object_.if_contains(key);
  const std::string text = value && value->is_string() ? std::string(value->as_string()) : "";
  if (std::find(known.begin(), known.end(), text) == known.end()) {
    refuse(key, fmt::format("\"{}\"", fmt::join(known, "\" or \"")));
  }
  return text;
}

void ConfigTable::expect_text(const std::string& key, const std::string& wanted) const {
  choice(key, {wanted});
}

void ConfigTable::expect_if_there(const std::string& key, bool wanted) const {
  if (has(key) && boolean(key) != wanted) refuse(key, wanted ? "true" : "false");
}

ConfigTable ConfigTable::table(const std::string& key) const {
  const json::value* value = object_.if_contains(key);
  if (!value || !value->is_object()) refuse(key, "an object");
  return ConfigTable(file_, place_ + key + ".", value->as_object());
}

json::object parse_config_object(const std::string& text, const std::string& name) {
  boost::system::error_code parse_error;
  json::value value = json::parse(text, parse_error);
  if (parse_error || !value.is_object()) throw DataError(name + ": is not a JSON object");
  return std::move(value.as_object());
}

bool read_tied(const ConfigTable& outer, const ConfigTable& text) {
  for (const ConfigTable* place : {&outer, &text}) {
    if (place->has("tie_word_embeddings")) return place->boolean("tie_word_embeddings");
  }
  return false;
}

}  // namespace winnow
