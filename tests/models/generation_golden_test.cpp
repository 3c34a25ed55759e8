// Greedy answers of the tiny models against the reference's, through the generation that programs
// use: a checkpoint folder, prefill, and what goes on from it.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "core/files.h"
#include "models/internvl/golden_cases.h"
#include "models/internvl/model.h"
#include "models/padded_checkpoint.h"
#include "models/qwen3_vl/golden_cases.h"
#include "models/qwen3_vl/model.h"
#include "temporary_folder.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;
using testing_support::GoldenFolder;
using testing_support::Tensors;

constexpr std::int64_t kIds = 256;  // of the reference
constexpr std::int64_t kVocabulary = 2 * kIds;
constexpr double kLogitLimit = 5e-5;

std::vector<std::int64_t> values_of(const torch::Tensor& tensor) {
  const torch::Tensor flat = tensor.contiguous();
  return {flat.data_ptr<std::int64_t>(), flat.data_ptr<std::int64_t>() + flat.numel()};
}

// Any answer is a text and gives its tokens back: ASCII characters and control tokens as in the
// cases, every other id a word like "<200>". Bytes from 128 on have ids beyond the reference's.
BytePairVocabulary vocabulary_of(const GoldenFolder& golden) {
  BytePairVocabulary vocabulary;
  for (std::int64_t byte = 0; byte < 256; ++byte) {
    vocabulary.tokens.emplace(std::string(1, static_cast<char>(byte)),
                              byte < 128 ? byte : byte + kIds);
  }
  std::set<std::int64_t> taken;
  for (const auto& [content, id] : golden.summary().at("special_tokens").as_object()) {
    vocabulary.added.emplace(std::string(content), id.to_number<std::int64_t>());
    taken.insert(id.to_number<std::int64_t>());
  }
  for (std::int64_t id = 128; id < kIds; ++id) {
    if (taken.count(id) > 0) continue;
    const std::string word = fmt::format("<{}>", id);
    vocabulary.added.emplace(word, id);
    vocabulary.in_text.insert(word);
  }
  return vocabulary;
}

// Prompts of a case with what the model's own tower makes of its media.
std::vector<ModelInput> prompts_of(qwen3_vl::Model& model, const Tensors& inputs) {
  const auto encoded = [&](const testing_support::GoldenPatches& patches, bool video) {
    std::vector<PreprocessedMedium> media;
    std::int64_t begin = 0;
    for (const qwen3_vl::Grid& grid : patches.grids) {
      media.push_back(
          {patches.values.narrow(0, begin, grid.patches()), qwen3_vl::layout_of(grid, video, {})});
      begin += grid.patches();
    }
    return model.encode_vision(media);
  };
  return testing_support::golden_inputs(model.config(), inputs,
                                        encoded(testing_support::golden_images(inputs), false),
                                        encoded(testing_support::golden_videos(inputs), true));
}

std::vector<ModelInput> prompts_of(internvl::Model& model, const Tensors& inputs) {
  torch::Tensor merged;
  if (const auto found = inputs.find("in.pixel_values"); found != inputs.end()) {
    const torch::Tensor& tiles = found->second;
    merged = model.encode_vision({{tiles, {{tiles.size(0)}, {}, false}}})[0].tokens.view(
        {tiles.size(0), model.config().tokens_per_tile(), -1});
  }
  return testing_support::golden_inputs(model.config(), inputs, merged);
}

// The checkpoint of a case as a program opens it. `config`, `weights`: folders of the golden data.
template <class Model, class Options>
std::unique_ptr<Model> opened(const GoldenFolder& golden, const std::string& config,
                              const std::string& weights, const fs::path& folder) {
  fs::remove_all(folder);
  write_file(folder / "config.json", read_file(golden.find(config + "/config.json")));
  Tensors tensors = read_safetensors(golden.find(weights + "/model.safetensors"));
  if (config == "model_tied") {
    std::erase_if(tensors,
                  [](const auto& entry) { return entry.first.ends_with("lm_head.weight"); });
  }
  write_safetensors(folder / "model.safetensors", tensors);
  write_file(folder / "tokenizer.json", tokenizer_json_text(vocabulary_of(golden)));
  testing_support::pad_vocabulary(folder, kVocabulary, 0.0);
  Options options;
  options.path = folder;
  auto model = std::make_unique<Model>(options);
  model->load(folder);
  return model;
}

// The text of the first tokens of an answer.
std::string text_of(const VisionLanguageModel& model, const torch::Tensor& tokens,
                    std::int64_t count) {
  return model.tokenizer().decode(values_of(tokens.slice(0, 0, count)));
}

// Sampled at temperature 0, each prompt in its batch.
void check_sampled(VisionLanguageModel& model, const Prefix& prefix, const torch::Tensor& tokens) {
  std::vector<RandomStream> streams(static_cast<std::size_t>(tokens.size(0)), RandomStream(1, "x"));
  const auto answers = model.sample_answers(prefix, 2, tokens.size(1), 0.0, streams);
  for (std::int64_t row = 0; row < tokens.size(0); ++row) {
    const std::string wanted = text_of(model, tokens[row], tokens.size(1));
    for (const std::string& answer : answers[static_cast<std::size_t>(row)]) {
      EXPECT_EQ(answer, wanted) << "row " << row;
    }
  }
}

// Streamed as `winnow generate` does it.
void check_streamed(VisionLanguageModel& model, const ModelInput& prompt,
                    const torch::Tensor& tokens) {
  std::string text;
  RandomStream stream(1, "generate");
  const bool ended =
      model.stream_answer(*model.prefill({prompt}), {.temperature = 0.0}, tokens.size(0), stream,
                          [&](std::string_view piece) { text += piece; });
  EXPECT_FALSE(ended);
  EXPECT_EQ(text, text_of(model, tokens, tokens.size(0)));
}

// The likelihood of every beginning of the answer, from cached keys and values. logits: [steps, V]
// of the reference, to which the rows that are padding here add logits of 0.
void check_scores(VisionLanguageModel& model, const ModelInput& prompt, const torch::Tensor& tokens,
                  const torch::Tensor& logits) {
  const std::int64_t steps = tokens.size(0);
  const torch::Tensor padded = torch::cat({logits, torch::zeros({steps, kVocabulary - kIds})}, 1);
  const torch::Tensor log_probabilities = torch::log_softmax(padded.to(torch::kFloat64), 1);
  std::vector<std::string> beginnings;
  for (std::int64_t count = 0; count < steps; ++count) {
    beginnings.push_back(text_of(model, tokens, count));
  }
  const auto scores = model.score_continuations(*model.prefill({prompt}), {beginnings})[0];
  double before = 0.0;
  for (std::int64_t count = 0; count < steps; ++count) {
    const auto& [sum, length] = scores[static_cast<std::size_t>(count)];
    const double end = log_probabilities[count][model.tokenizer().end_of_turn()].item<double>();
    EXPECT_EQ(length, count + 1);
    EXPECT_NEAR(sum, before + end, 2 * kLogitLimit * static_cast<double>(count + 1));
    before += log_probabilities[count][tokens[count]].item<double>();
  }
}

// All logits of every step, from one whole forward pass. Returns the largest difference.
double check_logits(VisionLanguageModel& model, const ModelInput& prompt,
                    const torch::Tensor& tokens, const torch::Tensor& logits) {
  ModelInput whole = prompt;
  const std::vector<std::int64_t> answer = values_of(tokens.slice(0, 0, tokens.size(0) - 1));
  whole.tokens.insert(whole.tokens.end(), answer.begin(), answer.end());
  whole.labels.resize(whole.tokens.size(), -100);
  const torch::Tensor ours =
      model.logits({whole})[0].slice(0, prompt.length() - 1).slice(1, 0, kIds);
  const double off = testing_support::difference(ours, logits);
  EXPECT_LE(off, kLogitLimit);
  return off;
}

template <class Model, class Options, class ConfigOf>
void check_cases(const GoldenFolder& golden, const std::string& title, std::size_t count,
                 const std::string& weights, const ConfigOf& config_of) {
  const torch::NoGradGuard no_grad;
  const std::set<std::string> names = golden.case_names(true);
  ASSERT_EQ(names.size(), count);
  double worst = 0.0;
  for (const std::string& name : names) {
    SCOPED_TRACE(name);
    const fs::path folder = testing_support::temporary_folder();
    const auto model = opened<Model, Options>(golden, config_of(name), weights, folder);
    const Tensors stored = golden.tensors(name);
    Tensors inputs = golden.inputs(name);
    inputs.erase("in.labels");  // of the case with its answer
    const std::vector<ModelInput> prompts = prompts_of(*model, inputs);
    const torch::Tensor &tokens = stored.at("out.tokens"), &logits = stored.at("out.step_logits");
    check_sampled(*model, *model->prefill(prompts), tokens);
    for (std::size_t i = 0; i < prompts.size(); ++i) {
      const auto row = static_cast<std::int64_t>(i);
      check_streamed(*model, prompts[i], tokens[row]);
      check_scores(*model, prompts[i], tokens[row], logits[row]);
      worst = std::max(worst, check_logits(*model, prompts[i], tokens[row], logits[row]));
    }
    fs::remove_all(folder);
  }
  std::cout << "golden " << title << " generation: " << names.size() << " cases, worst logits "
            << worst << std::endl;
}

TEST(GoldenGeneration, Qwen3Vl) {
  check_cases<qwen3_vl::Model, qwen3_vl::Options>(testing_support::qwen3_vl_golden(), "qwen3_vl", 6,
                                                  "model_untied", [](const std::string& name) {
                                                    return name.ends_with("tied") ? "model_tied"
                                                                                  : "model_untied";
                                                  });
}

TEST(GoldenGeneration, InternVl) {
  check_cases<internvl::Model, internvl::Options>(testing_support::internvl_golden(), "internvl", 3,
                                                  "model",
                                                  [](const std::string&) { return "model"; });
}

}  // namespace
}  // namespace winnow
