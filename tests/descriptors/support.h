#pragma once
// Samples over real files in a temporary folder, and a model whose answers can be worked out by
// hand.

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <map>
#include <memory>
#include <opencv2/imgcodecs.hpp>
#include <string>
#include <vector>

#include "core/errors.h"
#include "core/progress.h"
#include "descriptors/pass.h"
#include "models/partial_model.h"

namespace winnow::test {

class TemporaryFolder {
 public:
  TemporaryFolder() {
    static std::atomic<int> count{0};
    path_ = std::filesystem::temp_directory_path() /
            ("winnow_descriptors_" + std::to_string(::getpid()) + "_" + std::to_string(count++));
    std::filesystem::create_directories(path_);
    Progress::set_enabled(false);
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// One medium of uniformly grey frames with these brightnesses; one frame makes an image.
inline Media grey_medium(const std::filesystem::path& folder, const std::string& name,
                         const std::vector<int>& brightness) {
  Media medium;
  medium.root = folder;  // content must not depend on where this process keeps its files
  medium.kind = brightness.size() == 1 ? Media::Kind::image : Media::Kind::frames;
  if (brightness.size() > 1) medium.frames_per_second = 2.0;
  for (std::size_t i = 0; i < brightness.size(); ++i) {
    medium.paths.push_back(folder / (name + "_" + std::to_string(i) + ".png"));
    cv::imwrite(medium.paths.back().string(),
                cv::Mat(16, 16, CV_8UC3, cv::Scalar::all(brightness[i])));
  }
  return medium;
}

inline Sample make_sample(const std::string& id, const std::string& question,
                          const std::string& answer, std::vector<Media> media) {
  Sample sample;
  sample.id = id;
  sample.source = "test";
  sample.media = std::move(media);
  std::string text;
  for (std::size_t i = 0; i < sample.media.size(); ++i) text += kMediaPlaceholder;
  sample.turns = {{Turn::Role::user, text + question}, {Turn::Role::assistant, answer}};
  return sample;
}

class ByteTokenizer : public Tokenizer {
 public:
  std::vector<std::int64_t> encode(std::string_view text) const override {
    return {text.begin(), text.end()};
  }
  std::string decode(const std::vector<std::int64_t>& tokens) const override {
    return {tokens.begin(), tokens.end()};
  }
  std::int64_t size() const override { return 129; }
  std::int64_t end_of_turn() const override { return 128; }
};

// Calls, over all clones of a model.
struct Counts {
  std::atomic<int> preprocessed{0}, encoded{0}, prefilled{0}, clones{0};
};

// A medium is its frames' brightnesses. The mean loss of an answer is 2 without media, and with
// media 1 + (words' number of bytes) / 1000 - (sum of brightness changes) / 255. Sampled answers
// are three words drawn from the prompt's stream. A question with "explode" makes a prefill throw,
// one with "nan" gives a loss that is none, and to one with "mute" nothing can be answered.
class FakeModel : public testing_support::PartialModel {
 public:
  explicit FakeModel(std::shared_ptr<Counts> counts = std::make_shared<Counts>())
      : counts_(std::move(counts)) {}

  const Counts& counts() const { return *counts_; }

  const Tokenizer& tokenizer() const override { return tokenizer_; }
  PreprocessedMedium preprocess(const Frames& frames) const override {
    ++counts_->preprocessed;
    std::vector<float> brightness;
    for (const cv::Mat& image : frames.images) {
      brightness.push_back(static_cast<float>(image.at<cv::Vec3b>(0, 0)[0]));
    }
    return {torch::tensor(brightness), {}};
  }
  std::vector<VisualTokens> encode_vision(const std::vector<PreprocessedMedium>& media) override {
    counts_->encoded += static_cast<int>(media.size());
    std::vector<VisualTokens> result;
    for (const PreprocessedMedium& medium : media) {
      result.push_back({medium.values.unsqueeze(1) / 255.0, medium.layout});
    }
    return result;
  }

  ModelInput input(const Sample& sample, std::vector<VisualTokens> visual) const override {
    ModelInput result;
    result.tokens = tokenizer_.encode(sample.question());
    result.visual = std::move(visual);
    return result;
  }
  ModelInput blind_input(const Sample& sample) const override {
    ModelInput result = input(sample, {});
    result.labels = {1};  // marks it as blind for this model
    return result;
  }

  struct FakePrefix : Prefix {
    std::vector<ModelInput> inputs;
  };

  std::unique_ptr<Prefix> prefill(const std::vector<ModelInput>& inputs) override {
    auto prefix = std::make_unique<FakePrefix>();
    prefix->inputs = inputs;
    for (const ModelInput& input : inputs) {
      if (text_of(input).find("explode") != std::string::npos) {
        throw DataError("this prompt is too long");
      }
    }
    counts_->prefilled += static_cast<int>(inputs.size());
    return prefix;
  }
  std::vector<std::vector<std::pair<double, std::int64_t>>> score_continuations(
      const Prefix& prefix, const std::vector<std::vector<std::string>>& continuations) override {
    const auto& inputs = static_cast<const FakePrefix&>(prefix).inputs;
    std::vector<std::vector<std::pair<double, std::int64_t>>> result;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      result.emplace_back();
      for (const std::string& continuation : continuations[i]) {
        const auto tokens = static_cast<std::int64_t>(continuation.size()) + 1;
        result.back().emplace_back(-loss_of(inputs[i]) * static_cast<double>(tokens), tokens);
      }
    }
    return result;
  }
  std::vector<std::vector<std::string>> sample_answers(
      const Prefix& prefix, std::int64_t count, std::int64_t, double,
      std::vector<RandomStream>& streams) override {
    const std::size_t prompts = static_cast<const FakePrefix&>(prefix).inputs.size();
    for (const ModelInput& input : static_cast<const FakePrefix&>(prefix).inputs) {
      if (text_of(input).find("mute") != std::string::npos) throw DataError("no words for this");
    }
    std::vector<std::vector<std::string>> result(prompts);
    for (std::size_t i = 0; i < prompts; ++i) {
      for (std::int64_t k = 0; k < count; ++k) {
        std::string answer;
        for (int w = 0; w < 3; ++w) answer += fmt::format("w{} ", streams[i].below(6));
        result[i].push_back(answer);
      }
    }
    return result;
  }
  torch::Tensor prompt_features(const Prefix& prefix) override {
    const auto& inputs = static_cast<const FakePrefix&>(prefix).inputs;
    std::vector<torch::Tensor> rows;
    for (const ModelInput& input : inputs) {
      const auto length = static_cast<float>(input.length());
      rows.push_back(torch::tensor(
          {length, input.visual.empty() ? -1.0F : input.visual[0].tokens.mean().item<float>(),
           7.0F}));
    }
    return torch::stack(rows);
  }
  std::vector<std::pair<std::string, torch::Tensor>> named_parameters() const override {
    return {{"weight", weight}};
  }
  std::unique_ptr<VisionLanguageModel> clone() const override {
    ++counts_->clones;
    return std::make_unique<FakeModel>(counts_);
  }

  torch::Tensor weight = torch::ones({2});

 private:
  std::string text_of(const ModelInput& input) const { return tokenizer_.decode(input.tokens); }
  double loss_of(const ModelInput& input) const {
    if (text_of(input).find("nan") != std::string::npos) return std::nan("");
    if (!input.labels.empty()) return 2.0;
    double loss = 1.0 + static_cast<double>(input.length()) / 1000.0;
    for (const VisualTokens& medium : input.visual) {
      loss -= medium.tokens.diff(1, 0).abs().sum().item<double>();
    }
    return loss;
  }

  ByteTokenizer tokenizer_;
  std::shared_ptr<Counts> counts_;
};

// A descriptor by name with the options of `toml`-like pairs.
inline std::unique_ptr<Descriptor> make_descriptor(
    const std::string& type, const std::map<std::string, config::Value>& options = {}) {
  config::Value table;
  table.set("type", config::Value(type, config::Origin{"test", 0}));
  for (const auto& [key, value] : options) table.set(key, value);
  return descriptors().create(table, "descriptors." + type);
}

inline std::map<std::string, std::unique_ptr<Descriptor>> all_descriptors() {
  std::map<std::string, std::unique_ptr<Descriptor>> result;
  for (const std::string& name : descriptors().names()) result[name] = make_descriptor(name);
  return result;
}

// A row that has no vector is an empty one.
inline RowVectors row_vectors(const std::vector<std::vector<float>>& vectors) {
  RowVectors result(vectors.size(), std::filesystem::temp_directory_path());
  for (std::size_t row = 0; row < vectors.size(); ++row) {
    if (!vectors[row].empty()) result.set(row, vectors[row]);
  }
  return result;
}

inline config::Value text_value(const std::string& text) {
  return {text, config::Origin{"test", 0}};
}
inline config::Value integer_value(std::int64_t value) {
  return {value, config::Origin{"test", 0}};
}

}  // namespace winnow::test
