// Writing tokenizer.json.

#include <algorithm>
#include <boost/json.hpp>

#include "models/byte_characters.h"
#include "models/byte_pair_tokenizer.h"
#include "models/pre_tokenizer.h"

namespace winnow {
namespace json = boost::json;
namespace {

std::string written(std::string_view bytes) {
  static const std::vector<std::string> characters = byte_characters();
  std::string text;
  for (const char byte : bytes) text += characters[static_cast<unsigned char>(byte)];
  return text;
}

}  // namespace

std::string tokenizer_json_text(const BytePairVocabulary& vocabulary) {
  std::vector<std::pair<std::int64_t, std::string>> tokens, added;
  for (const auto& [bytes, id] : vocabulary.tokens) tokens.emplace_back(id, bytes);
  for (const auto& [content, id] : vocabulary.added) added.emplace_back(id, content);
  std::sort(tokens.begin(), tokens.end());
  std::sort(added.begin(), added.end());

  json::object vocab;
  for (const auto& [id, bytes] : tokens) vocab[written(bytes)] = id;
  json::array merges, added_tokens;
  for (const auto& [left, right] : vocabulary.merges) {
    merges.push_back(json::array{json::string(written(left)), json::string(written(right))});
  }
  for (const auto& [id, content] : added) {
    added_tokens.push_back({{"id", id},
                            {"content", content},
                            {"single_word", false},
                            {"lstrip", false},
                            {"rstrip", false},
                            {"normalized", false},
                            {"special", vocabulary.in_text.count(content) == 0}});
  }
  const json::object byte_level = {{"type", "ByteLevel"},
                                   {"add_prefix_space", false},
                                   {"trim_offsets", false},
                                   {"use_regex", false}};
  const json::object split = {{"type", "Split"},
                              {"pattern", json::object{{"Regex", kQwenPattern}}},
                              {"behavior", "Isolated"},
                              {"invert", false}};
  json::value normalizer = nullptr;
  if (vocabulary.normalize) normalizer = json::object{{"type", "NFC"}};
  const json::object all = {
      {"version", "1.0"},
      {"truncation", nullptr},
      {"padding", nullptr},
      {"added_tokens", std::move(added_tokens)},
      {"normalizer", std::move(normalizer)},
      {"pre_tokenizer",
       json::object{{"type", "Sequence"}, {"pretokenizers", json::array{split, byte_level}}}},
      {"post_processor", byte_level},
      {"decoder", byte_level},
      {"model", json::object{{"type", "BPE"},
                             {"dropout", nullptr},
                             {"unk_token", nullptr},
                             {"continuing_subword_prefix", ""},
                             {"end_of_word_suffix", ""},
                             {"fuse_unk", false},
                             {"byte_fallback", false},
                             {"ignore_merges", false},
                             {"vocab", std::move(vocab)},
                             {"merges", std::move(merges)}}}};
  return json::serialize(all) + "\n";
}

}  // namespace winnow
