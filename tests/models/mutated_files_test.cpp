// Files with a few bytes changed are read or refused with an error of ours, nothing else.

#include <gtest/gtest.h>

#include <functional>

#include "core/errors.h"
#include "core/files.h"
#include "core/random.h"
#include "models/byte_pair_tokenizer.h"
#include "models/internvl/config.h"
#include "models/pre_tokenizer.h"
#include "models/qwen3_vl/config.h"
#include "models/safetensors.h"
#include "temporary_folder.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;

class MutatedFilesTest : public testing::Test {
 protected:
  fs::path folder_ = testing_support::temporary_folder();
  void SetUp() override { fs::remove_all(folder_); }
  void TearDown() override { fs::remove_all(folder_); }

  // Some bytes replaced by others or by characters that mean something, some cut out or doubled.
  static std::string mutated(std::string content, RandomStream& stream) {
    constexpr std::string_view kTelling = "0123456789-{}[]\",:eE.\xff";
    for (std::uint64_t changes = 1 + stream.below(4); changes > 0 && !content.empty(); --changes) {
      const std::size_t at = stream.below(content.size());
      switch (stream.below(4)) {
        case 0:
          content[at] = static_cast<char>(stream.below(256));
          break;
        case 1:
          content[at] = kTelling[stream.below(kTelling.size())];
          break;
        case 2:
          content.erase(at, 1 + stream.below(8));
          break;
        default:
          content.insert(at, content.substr(at, 1 + stream.below(8)));
      }
    }
    return content;
  }

  void check(const std::string& content, const std::string& name,
             const std::function<void(const fs::path&)>& open) {
    const fs::path file = folder_ / name;
    RandomStream stream(1, "test/mutated/" + name);
    int refused = 0;
    constexpr int kTrials = 1000;
    for (int trial = 0; trial < kTrials; ++trial) {
      const std::string bytes = mutated(content, stream);
      write_file(file, bytes);
      try {
        open(file);
      } catch (const Error&) {
        ++refused;
      } catch (const std::exception& error) {
        FAIL() << "trial " << trial << ": " << error.what() << " of\n" << bytes;
      }
    }
    EXPECT_GT(refused, kTrials / 10);
    write_file(file, content);
    EXPECT_NO_THROW(open(file));
  }
};

TEST_F(MutatedFilesTest, Safetensors) {
  const fs::path file = folder_ / "original.safetensors";
  write_safetensors(file, {{"a", torch::ones({2, 3})},
                           {"b", torch::ones({4}, torch::kBFloat16)},
                           {"c", torch::ones({0, 2})}});
  check(read_file(file), "model.safetensors", [](const fs::path& path) {
    for (const auto& [name, tensor] : read_safetensors(path)) tensor.sum();
  });
}

TEST_F(MutatedFilesTest, TokenizerJson) {
  std::string vocabulary;
  for (int code = 0x21; code < 0x144; ++code) {
    std::string character;
    if (code == '"' || code == '\\') character += '\\';
    if (code >= 0x80) character += static_cast<char>(0xC0 | code >> 6);
    character += static_cast<char>(code < 0x80 ? code : 0x80 | (code & 0x3F));
    if ((code >= 0x7F && code <= 0xA0) || code == 0xAD) continue;
    vocabulary += "\"" + character + "\":" + std::to_string(code) + ",";
  }
  std::string pattern;
  for (const char* c = kQwenPattern; *c != '\0'; ++c) {
    pattern += *c == '\\' ? std::string("\\\\") : std::string(1, *c);
  }
  const std::string content =
      "{\"added_tokens\":[{\"id\":400,\"content\":\"<|im_end|>\"}],\"normalizer\":{\"type\":"
      "\"NFC\"},\"pre_tokenizer\":{\"type\":\"Sequence\",\"pretokenizers\":[{\"type\":\"Split\","
      "\"pattern\":{\"Regex\":\"" +
      pattern + "\"}},{\"type\":\"ByteLevel\"}]},\"model\":{\"type\":\"BPE\",\"vocab\":{" +
      vocabulary + "\"ab\":350},\"merges\":[[\"a\",\"b\"]]}}";
  check(content, "tokenizer.json", [](const fs::path& path) {
    const BytePairTokenizer tokenizer(read_tokenizer_json(path), "<|im_end|>", path.string());
    tokenizer.encode("abc \xff");
  });
}

TEST_F(MutatedFilesTest, Qwen3VlConfig) {
  qwen3_vl::Config config;
  config.vision = {.depth = 2,
                   .hidden_size = 16,
                   .intermediate_size = 24,
                   .heads = 2,
                   .channels = 3,
                   .patch_size = 4,
                   .temporal_patch_size = 2,
                   .merge_size = 2,
                   .positions = 16,
                   .output_size = 24,
                   .deepstack_blocks = {0}};
  config.text = {.vocabulary = 40,
                 .hidden_size = 24,
                 .intermediate_size = 32,
                 .layers = 2,
                 .heads = 4,
                 .key_value_heads = 2,
                 .head_size = 12,
                 .norm_epsilon = 1e-6,
                 .rope_theta = 5e6,
                 .rope_sections = {2, 2, 2}};
  check(qwen3_vl::config_text(config), "config.json",
        [](const fs::path& path) { qwen3_vl::read_config(path); });
}

TEST_F(MutatedFilesTest, InternVlConfig) {
  internvl::Config config;
  config.vision = {.layers = 2,
                   .hidden_size = 16,
                   .intermediate_size = 24,
                   .heads = 2,
                   .channels = 3,
                   .tile_size = 16,
                   .patch_size = 4,
                   .norm_epsilon = 1e-6,
                   .attention_bias = true};
  config.text = {.vocabulary = 40,
                 .hidden_size = 24,
                 .intermediate_size = 32,
                 .layers = 2,
                 .heads = 4,
                 .key_value_heads = 2,
                 .norm_epsilon = 1e-6,
                 .rope_theta = 1e6,
                 .rope_factor = 2.0,
                 .maximum_positions = 64};
  config.merge_size = 2;
  check(internvl::config_text(config), "config.json",
        [](const fs::path& path) { internvl::read_config(path); });
}

}  // namespace
}  // namespace winnow
