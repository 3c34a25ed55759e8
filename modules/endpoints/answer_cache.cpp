#include "endpoints/answer_cache.h"

#include <spdlog/spdlog.h>

#include <boost/json.hpp>

#include "core/files.h"

namespace winnow {
namespace fs = std::filesystem;
namespace json = boost::json;
namespace {

json::value to_json(const std::optional<std::int64_t>& count) {
  return count ? json::value(*count) : json::value(nullptr);
}

std::optional<std::int64_t> count_of(const json::value& value) {
  if (value.is_null()) return std::nullopt;
  return value.to_number<std::int64_t>();
}

}  // namespace

fs::path AnswerCache::path_of(const std::string& key) const {
  return folder_ / key.substr(0, 2) / (key + ".json");
}

std::optional<ChatAnswer> AnswerCache::find(const std::string& key) const {
  const fs::path path = path_of(key);
  if (!fs::exists(path)) return std::nullopt;
  try {
    const json::value file = json::parse(read_file(path));
    ChatAnswer answer;
    answer.text = file.at("text").as_string();
    answer.refusal = file.at("refusal").as_string();
    answer.cut_off = file.at("cut_off").as_bool();
    answer.filtered = file.at("filtered").as_bool();
    answer.prompt_tokens = count_of(file.at("prompt_tokens"));
    answer.completion_tokens = count_of(file.at("completion_tokens"));
    return answer;
  } catch (const std::exception& error) {
    spdlog::warn("{}: not a kept answer ({}); asking again", path.string(), error.what());
    return std::nullopt;
  }
}

void AnswerCache::store(const std::string& key, const ChatAnswer& answer) const {
  write_file(path_of(key), json::serialize(json::object{
                               {"text", answer.text},
                               {"refusal", answer.refusal},
                               {"cut_off", answer.cut_off},
                               {"filtered", answer.filtered},
                               {"prompt_tokens", to_json(answer.prompt_tokens)},
                               {"completion_tokens", to_json(answer.completion_tokens)}}) +
                               "\n");
}

}  // namespace winnow
