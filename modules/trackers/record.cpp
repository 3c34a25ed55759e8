#include "trackers/record.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <boost/json.hpp>
#include <chrono>
#include <cmath>
#include <limits>

#include "core/errors.h"

namespace winnow {
namespace {

constexpr const char* kNaN = "NaN";
constexpr const char* kInfinity = "Infinity";
constexpr const char* kMinusInfinity = "-Infinity";

double number_of(const simdjson::dom::element& element) {
  std::string_view word;
  if (element.get(word) != simdjson::SUCCESS) return double(element.get_double());
  if (word == kNaN) return std::numeric_limits<double>::quiet_NaN();
  if (word == kInfinity) return std::numeric_limits<double>::infinity();
  if (word == kMinusInfinity) return -std::numeric_limits<double>::infinity();
  throw DataError("not a number: " + std::string(word));
}

}  // namespace

std::string json_number(double value) {
  if (std::isnan(value)) return fmt::format("\"{}\"", kNaN);
  if (std::isinf(value)) return fmt::format("\"{}\"", value > 0 ? kInfinity : kMinusInfinity);
  if (value == 0.0 && std::signbit(value)) return "-0.0";  // "-0" would be read as an integer
  return fmt::format("{}", value);
}

std::string json_text(std::string_view text) {
  return boost::json::serialize(boost::json::string(text));
}

std::string to_line(const Record& record) {
  const char* kind = boost::describe::enum_to_string(record.kind, "");
  std::string line = fmt::format("{{\"kind\":\"{}\",\"time\":{}", kind, json_number(record.time));
  if (!record.run.empty()) line += ",\"run\":" + json_text(record.run);
  const bool has_step = record.kind == RecordKind::scalars || record.kind == RecordKind::text ||
                        record.kind == RecordKind::image;
  if (has_step) line += fmt::format(",\"step\":{}", record.step);
  if (!record.key.empty()) line += ",\"key\":" + json_text(record.key);
  if (!record.text.empty()) line += ",\"text\":" + json_text(record.text);
  if (record.kind == RecordKind::scalars) {
    line += ",\"values\":{";
    for (std::size_t i = 0; i < record.values.size(); ++i) {
      if (i > 0) line += ',';
      line += json_text(record.values[i].first) + ":" + json_number(record.values[i].second);
    }
    line += '}';
  }
  return line + "}";
}

Record from_line(std::string_view line) {
  thread_local simdjson::dom::parser parser;
  try {
    Record record;
    const simdjson::dom::object object = parser.parse(line.data(), line.size()).get_object();
    for (const auto [name, value] : object) {
      if (name == "kind") {
        const std::string kind(value.get_string().value());
        if (!boost::describe::enum_from_string(kind.c_str(), record.kind)) {
          throw DataError("there is no kind of record named '" + kind + "'");
        }
      } else if (name == "time") {
        record.time = number_of(value);
      } else if (name == "run") {
        record.run = value.get_string().value();
      } else if (name == "step") {
        record.step = value.get_int64();
      } else if (name == "key") {
        record.key = value.get_string().value();
      } else if (name == "text") {
        record.text = value.get_string().value();
      } else if (name == "values") {
        for (const auto [key, number] : value.get_object()) {
          record.values.emplace_back(key, number_of(number));
        }
      }
    }
    return record;
  } catch (const simdjson::simdjson_error& error) {
    throw DataError(std::string("not a record of a run: ") + error.what());
  }
}

double seconds_now() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

std::string child_path(const std::string& parent, const std::string& name) {
  return parent.empty() ? name : parent + "/" + name;
}

std::string parent_path(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? "" : path.substr(0, slash);
}

}  // namespace winnow
