// A checkpoint's tokenizer.json, and text encoded with what was read.

#include "fuzz/target.h"
#include "models/byte_pair_tokenizer.h"
#include "models/pre_tokenizer.h"

namespace winnow::fuzz {
namespace {

// One token for each printable character that stands for a byte, one merge, one added token.
std::string small_tokenizer() {
  std::string vocabulary;
  for (int code = 0x21; code < 0x144; ++code) {
    if ((code >= 0x7F && code <= 0xA0) || code == 0xAD) continue;
    std::string character;
    if (code == '"' || code == '\\') character += '\\';
    if (code >= 0x80) character += static_cast<char>(0xC0 | code >> 6);
    character += static_cast<char>(code < 0x80 ? code : 0x80 | (code & 0x3F));
    vocabulary += "\"" + character + "\":" + std::to_string(code) + ",";
  }
  std::string pattern;
  for (const char* c = kQwenPattern; *c != '\0'; ++c) {
    pattern += *c == '\\' ? std::string("\\\\") : std::string(1, *c);
  }
  return "{\"added_tokens\":[{\"id\":400,\"content\":\"<|im_end|>\"}],\"normalizer\":{\"type\":"
         "\"NFC\"},\"pre_tokenizer\":{\"type\":\"Sequence\",\"pretokenizers\":[{\"type\":\"Split\","
         "\"pattern\":{\"Regex\":\"" +
         pattern + "\"}},{\"type\":\"ByteLevel\"}]},\"model\":{\"type\":\"BPE\",\"vocab\":{" +
         vocabulary + "\"ab\":350},\"merges\":[[\"a\",\"b\"]]}}";
}

}  // namespace

Target target() {
  return {"tokenizer.json", {small_tokenizer()}, [](const std::filesystem::path& path) {
            const BytePairTokenizer tokenizer(read_tokenizer_json(path), "<|im_end|>",
                                              path.string());
            tokenizer.encode("abc \xff");
          }};
}

}  // namespace winnow::fuzz
