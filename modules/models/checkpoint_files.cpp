#include "models/checkpoint_files.h"

#include <boost/json.hpp>

#include "core/errors.h"
#include "core/files.h"

namespace winnow {
namespace json = boost::json;
namespace fs = std::filesystem;
namespace {

constexpr const char* kConfig = "config.json";

// What a trained model takes along, beside config.json and weights.
constexpr const char* kCompanions[] = {"tokenizer.json",
                                       "tokenizer_config.json",
                                       "vocab.json",
                                       "merges.txt",
                                       "added_tokens.json",
                                       "special_tokens_map.json",
                                       "chat_template.json",
                                       "chat_template.jinja",
                                       "generation_config.json",
                                       "preprocessor_config.json",
                                       "processor_config.json",
                                       "video_preprocessor_config.json"};

// config.json as it was, but for the dtype, which is now another one perhaps.
std::string with_dtype(const std::string& text, torch::ScalarType type) {
  json::value config = json::parse(text);
  const char* name = type == torch::kBFloat16 ? "bfloat16" : "float32";
  const auto set = [&](json::object& table) {
    for (const char* key : {"dtype", "torch_dtype"}) {
      if (table.contains(key)) table[key] = name;
    }
  };
  json::object& all = config.as_object();
  if (!all.contains("torch_dtype")) all["dtype"] = name;
  set(all);
  for (const char* part : {"text_config", "vision_config"}) {
    if (json::value* table = all.if_contains(part)) set(table->as_object());
  }
  return json::serialize(config) + "\n";
}

}  // namespace

FolderFiles read_folder_files(const fs::path& folder) {
  if (!fs::exists(folder / kConfig)) {
    throw DataError(folder.string() + ": is no checkpoint folder, it has no config.json");
  }
  FolderFiles files = {{kConfig, read_file(folder / kConfig)}};
  for (const char* name : kCompanions) {
    if (fs::exists(folder / name)) files.emplace(name, read_file(folder / name));
  }
  return files;
}

void write_folder_files(const fs::path& folder, const FolderFiles& files, torch::ScalarType type) {
  for (const auto& [name, text] : files) {
    write_file(folder / name, name == kConfig ? with_dtype(text, type) : text);
  }
}

FolderFiles tokenizer_files(const BytePairVocabulary& vocabulary, const std::string& end_of_turn,
                            const std::string& padding) {
  json::object added;
  for (const auto& [content, id] : vocabulary.added) {
    added[std::to_string(id)] = {
        {"content", content},   {"lstrip", false},
        {"normalized", false},  {"rstrip", false},
        {"single_word", false}, {"special", vocabulary.in_text.count(content) == 0}};
  }
  const json::object tokenizer = {{"add_bos_token", false},
                                  {"add_prefix_space", false},
                                  {"added_tokens_decoder", added},
                                  {"clean_up_tokenization_spaces", false},
                                  {"eos_token", end_of_turn},
                                  {"pad_token", padding},
                                  {"tokenizer_class", "Qwen2Tokenizer"}};
  const json::object generation = {{"do_sample", false},
                                   {"eos_token_id", vocabulary.added.at(end_of_turn)},
                                   {"pad_token_id", vocabulary.added.at(padding)}};
  return {{"tokenizer.json", tokenizer_json_text(vocabulary)},
          {"tokenizer_config.json", json::serialize(tokenizer) + "\n"},
          {"generation_config.json", json::serialize(generation) + "\n"}};
}

}  // namespace winnow
