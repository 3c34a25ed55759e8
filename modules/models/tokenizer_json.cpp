// Reading tokenizer.json and its older form in three files.

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>

#include "core/errors.h"
#include "core/files.h"
#include "models/byte_characters.h"
#include "models/byte_pair_tokenizer.h"
#include "models/pre_tokenizer.h"

namespace winnow {
namespace json = boost::json;
namespace {

std::unordered_map<std::string, char> byte_of_character() {
  std::unordered_map<std::string, char> bytes;
  const std::vector<std::string> characters = byte_characters();
  for (std::size_t byte = 0; byte < characters.size(); ++byte) {
    bytes.emplace(characters[byte], static_cast<char>(byte));
  }
  return bytes;
}

class Reader {
 public:
  explicit Reader(std::string name) : name_(std::move(name)) {}

  [[noreturn]] void refuse(const std::string& what) const { throw DataError(name_ + ": " + what); }

  const json::value& at(const json::value& value, const char* key) const {
    const json::value* found = value.is_object() ? value.as_object().if_contains(key) : nullptr;
    if (found == nullptr) refuse(fmt::format("needs the key '{}'", key));
    return *found;
  }

  std::int64_t id(const json::value& value) const {
    boost::system::error_code error;
    const std::int64_t id = value.to_number<std::int64_t>(error);
    if (error) refuse("a token's id is " + json::serialize(value) + ", not a whole number");
    return id;
  }

  std::string bytes(std::string_view written) const {
    static const std::unordered_map<std::string, char> byte_of = byte_of_character();
    std::string result;
    for (std::size_t i = 0; i < written.size();) {
      // All of these characters are of one or two bytes.
      const std::size_t length = (static_cast<unsigned char>(written[i]) & 0x80U) == 0 ? 1 : 2;
      const auto found = byte_of.find(std::string(written.substr(i, length)));
      if (found == byte_of.end()) {
        refuse(fmt::format("the token '{}' is not written in byte-level characters", written));
      }
      result.push_back(found->second);
      i += length;
    }
    return result;
  }

  std::string type(const json::value& value) const {
    const json::value& found = at(value, "type");
    return found.is_string() ? std::string(found.as_string()) : std::string();
  }

  // NFC or nothing.
  bool normalizes(const json::value& root) const {
    const json::value* value = root.as_object().if_contains("normalizer");
    if (value == nullptr || value->is_null()) return false;
    if (type(*value) != "NFC") refuse("normalizer.type must be NFC or the normalizer null");
    return true;
  }

  void check_pre_tokenizer(const json::value& root) const {
    const json::value& value = at(root, "pre_tokenizer");
    bool splits = false, is_byte_level = false;
    if (value.is_object() && type(value) == "Sequence" && at(value, "pretokenizers").is_array()) {
      for (const json::value& step : at(value, "pretokenizers").as_array()) {
        if (type(step) == "Split") {
          const json::value& pattern = at(at(step, "pattern"), "Regex");
          splits = pattern.is_string() && pattern.as_string() == kQwenPattern;
        }
        is_byte_level |= type(step) == "ByteLevel";
      }
    }
    if (!splits || !is_byte_level) {
      refuse(fmt::format("pre_tokenizer must be a Sequence of Split by {} and ByteLevel",
                         kQwenPattern));
    }
  }

  std::pair<std::string, std::string> merge(const json::value& value) const {
    if (value.is_array() && value.as_array().size() == 2 && value.at(0).is_string() &&
        value.at(1).is_string()) {
      return {bytes(value.at(0).as_string()), bytes(value.at(1).as_string())};
    }
    if (!value.is_string()) refuse("a merge must be two tokens, not " + json::serialize(value));
    return merge(std::string_view(value.as_string()));
  }

  std::pair<std::string, std::string> merge(std::string_view text) const {
    const std::size_t space = text.find(' ');  // no token is written with one
    if (space == std::string_view::npos) {
      refuse(fmt::format("a merge must be two tokens, not '{}'", text));
    }
    return {bytes(text.substr(0, space)), bytes(text.substr(space + 1))};
  }

 private:
  std::string name_;
};

// An object in a file of its own.
json::value read_object(const Reader& reader, const std::filesystem::path& path) {
  boost::system::error_code parse_error;
  json::value root = json::parse(read_file(path), parse_error);
  if (parse_error || !root.is_object()) reader.refuse("is not a JSON object");
  return root;
}

void read_tokens(const Reader& reader, const json::value& tokens, BytePairVocabulary& vocabulary) {
  for (const auto& [written, id] : tokens.as_object()) {
    vocabulary.tokens.emplace(reader.bytes(written), reader.id(id));
  }
}

std::string content_of(const Reader& reader, const json::value& entry) {
  const json::value& content = reader.at(entry, "content");
  if (!content.is_string() || content.as_string().empty()) {
    reader.refuse("an added token has no content");
  }
  return std::string(content.as_string());
}

bool flag(const Reader& reader, const json::value& entry, const char* key, bool absent) {
  const json::value* value = entry.as_object().if_contains(key);
  if (value == nullptr) return absent;
  if (!value->is_bool()) reader.refuse(fmt::format("'{}' of an added token is no boolean", key));
  return value->as_bool();
}

void add_token(const Reader& reader, const json::value& entry, std::int64_t id,
               BytePairVocabulary& vocabulary) {
  const std::string content = content_of(reader, entry);
  vocabulary.added.emplace(content, id);
  if (flag(reader, entry, "special", true)) return;
  for (const char* key : {"single_word", "lstrip", "rstrip"}) {
    if (!flag(reader, entry, key, false)) continue;
    reader.refuse(
        fmt::format("the added token '{}' stands in texts and has {} = true, for which "
                    "there is no rule here; it must be false",
                    content, key));
  }
  vocabulary.in_text.insert(content);
}

}  // namespace

BytePairVocabulary read_tokenizer_json(const std::filesystem::path& path) {
  const Reader reader(path.string());
  const json::value root = read_object(reader, path);
  const json::value& model = reader.at(root, "model");
  if (!model.is_object() || reader.type(model) != "BPE") reader.refuse("model.type must be BPE");
  reader.check_pre_tokenizer(root);
  BytePairVocabulary vocabulary;
  vocabulary.normalize = reader.normalizes(root);
  const json::value& tokens = reader.at(model, "vocab");
  const json::value& merges = reader.at(model, "merges");
  if (!tokens.is_object() || !merges.is_array()) {
    reader.refuse("model.vocab must be an object and model.merges a list");
  }
  read_tokens(reader, tokens, vocabulary);
  for (const json::value& merge : merges.as_array()) {
    vocabulary.merges.push_back(reader.merge(merge));
  }
  if (const json::value* added = root.as_object().if_contains("added_tokens")) {
    if (!added->is_array()) reader.refuse("added_tokens must be a list");
    for (const json::value& entry : added->as_array()) {
      add_token(reader, entry, reader.id(reader.at(entry, "id")), vocabulary);
    }
  }
  return vocabulary;
}

BytePairVocabulary read_vocabulary(const std::filesystem::path& folder) {
  if (std::filesystem::exists(folder / "tokenizer.json")) {
    return read_tokenizer_json(folder / "tokenizer.json");
  }
  BytePairVocabulary vocabulary;
  const Reader tokens((folder / "vocab.json").string());
  read_tokens(tokens, read_object(tokens, folder / "vocab.json"), vocabulary);

  const Reader merges((folder / "merges.txt").string());
  const std::string text = read_file(folder / "merges.txt");
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    std::string_view line = std::string_view(text).substr(begin, end - begin);
    if (line.ends_with('\r')) line.remove_suffix(1);
    const bool is_version = begin == 0 && line.starts_with("#version");
    if (!line.empty() && !is_version) vocabulary.merges.push_back(merges.merge(line));
    begin = end + 1;
  }

  const Reader added((folder / "tokenizer_config.json").string());
  const json::value config = read_object(added, folder / "tokenizer_config.json");
  const json::value& decoder = added.at(config, "added_tokens_decoder");
  if (!decoder.is_object()) added.refuse("added_tokens_decoder must be an object");
  for (const auto& [id, entry] : decoder.as_object()) {
    std::int64_t number = -1;
    const auto [last, error] = std::from_chars(id.data(), id.data() + id.size(), number);
    if (error != std::errc() || last != id.data() + id.size()) {
      added.refuse(fmt::format("added_tokens_decoder has the id '{}'", std::string_view(id)));
    }
    add_token(added, entry, number, vocabulary);
  }
  return vocabulary;
}

}  // namespace winnow
