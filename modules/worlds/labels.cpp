#include "worlds/labels.h"

#include <boost/json.hpp>

#include "core/errors.h"
#include "core/files.h"

namespace winnow::micro_world {

std::string to_json_line(const HiddenLabel& label) {
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
      label.wrong = word("wrong");
      label.true_answer = word("true_answer");
      label.blind = row.at("blind").as_bool();
      label.verbose = row.at("verbose").as_bool();
      label.static_video = row.at("static_video").as_bool();
      label.near_duplicate = row.at("near_duplicate").as_bool();
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
