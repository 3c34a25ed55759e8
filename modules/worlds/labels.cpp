#include "worlds/labels.h"

#include <algorithm>
#include <boost/json.hpp>

#include "core/errors.h"
#include "core/files.h"
#include "pool/hidden_labels.h"
#include "worlds/planting.h"

namespace winnow::micro_world {

namespace {

// With planted properties: a label for each of them, and how strong those are that the row has.
std::string planted_line(const HiddenLabel& label) {
  boost::json::object object = {
      {"id", label.id},
      {"source", label.source},
      {"type", label.type},
      {"temporal", label.temporal},
      {"true_answer", label.true_answer},
      {"duplicate_group", label.duplicate_group},
  };
  boost::json::object strengths;
  for (const auto& [name, strength] : label.properties) {
    if (name == kWrongLabel) {
      object[name] = label.wrong;  // how it is wrong
    } else {
      object[name] = strength.has_value();
    }
    if (strength) strengths[name] = *strength;
  }
  object["strengths"] = std::move(strengths);
  return boost::json::serialize(object) + "\n";
}

void read_planted(const boost::json::object& row, HiddenLabel& label) {
  const boost::json::object& strengths = row.at("strengths").as_object();
  for (const std::string& name : properties().names()) {
    if (!row.contains(name)) continue;
    std::optional<double>& strength = label.properties[name];
    if (const auto* value = strengths.if_contains(name)) strength = value->to_number<double>();
  }
  const auto has = [&](const char* name) {
    const auto found = label.properties.find(name);
    return found != label.properties.end() && found->second.has_value();
  };
  if (has(kWrongLabel)) label.wrong = boost::json::value_to<std::string>(row.at(kWrongLabel));
  label.blind = has("blind");
  label.near_duplicate = has("near_duplicate");
}

}  // namespace

bool HiddenLabel::clean() const {
  return wrong.empty() && !blind && !verbose && !near_duplicate &&
         std::none_of(properties.begin(), properties.end(), [](const auto& property) {
           return property.second && is_planted_ill(property.first);
         });
}

std::string to_json_line(const HiddenLabel& label) {
  if (!label.properties.empty()) return planted_line(label);
  const boost::json::object object = {
      {"id", label.id},
      {"source", label.source},
      {"type", label.type},
      {"temporal", label.temporal},
      {"wrong", label.wrong},
      {"true_answer", label.true_answer},
      {"blind", label.blind},
      {"verbose", label.verbose},
      {"static_video", label.static_video},
      {"near_duplicate", label.near_duplicate},
      {"duplicate_group", label.duplicate_group},
  };
  return boost::json::serialize(object) + "\n";
}

std::vector<HiddenLabel> read_hidden_labels(const std::filesystem::path& path) {
  const std::string text = read_file(path);
  std::vector<HiddenLabel> labels;
  std::size_t line = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    ++line;
    try {
      const boost::json::value row = boost::json::parse(text.substr(at, end - at));
      const auto word = [&](const char* key) {
        return boost::json::value_to<std::string>(row.at(key));
      };
      HiddenLabel label;
      label.id = word("id");
      label.source = word("source");
      label.type = word("type");
      label.temporal = row.at("temporal").as_bool();
      label.true_answer = word("true_answer");
      if (row.as_object().contains("strengths")) {
        read_planted(row.as_object(), label);
      } else {
        label.wrong = word("wrong");
        label.blind = row.at("blind").as_bool();
        label.verbose = row.at("verbose").as_bool();
        label.static_video = row.at("static_video").as_bool();
        label.near_duplicate = row.at("near_duplicate").as_bool();
      }
      label.duplicate_group = row.at("duplicate_group").to_number<std::int64_t>();
      labels.push_back(std::move(label));
    } catch (const std::exception& error) {
      throw DataError(path.string() + ":" + std::to_string(line) +
                      ": not a hidden label of the micro world: " + error.what());
    }
    at = end + 1;
  }
  return labels;
}

}  // namespace winnow::micro_world
