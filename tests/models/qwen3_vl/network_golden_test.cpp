// The network against the reference implementation's numbers. Limits are those of the golden
// folder's README: float32 of two implementations.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "models/answer_loss.h"
#include "models/qwen3_vl/golden_cases.h"
#include "models/qwen3_vl/positions.h"

namespace winnow::qwen3_vl {
namespace {

namespace json = boost::json;
using testing_support::difference;
using testing_support::mean_loss;

constexpr double kFeatureLimit = 5e-5;
constexpr double kLossLimit = 1e-5;
constexpr double kGradientLimit = 1e-4;  // of the largest entry

class GoldenQwen3VlNetwork : public testing::Test {
 protected:
  void note(const std::string& kind, double value) { worst_[kind] = std::max(worst_[kind], value); }

  void compare(const std::string& name, const torch::Tensor& ours, const torch::Tensor& theirs,
               double limit, const std::string& kind) {
    const double off = difference(ours, theirs);
    EXPECT_LE(off, limit) << name;
    note(kind, off);
  }

  void check_gradients(const std::string& name, const std::map<std::string, torch::Tensor>& stored,
                       std::vector<TableEntry>& table) {
    const std::string file = testing_support::kQwen3Vl + "cases/" + name + ".grad_stats.json";
    const json::value parsed = json::parse(testing_support::read_golden(file));
    const json::object& stats = parsed.as_object();
    EXPECT_EQ(stats.size(), table.size());
    for (const TableEntry& entry : table) {
      const torch::Tensor gradient = entry.tensor->grad();
      ASSERT_TRUE(gradient.defined()) << entry.name;
      ASSERT_TRUE(stats.contains(entry.published)) << entry.published;
      const json::object& wanted = stats.at(entry.published).as_object();
      const torch::Tensor exact = gradient.to(torch::kFloat64);
      const double norm = wanted.at("l2").to_number<double>();
      const double largest = wanted.at("absmax").to_number<double>();
      EXPECT_NEAR(exact.norm().item<double>(), norm, kGradientLimit * norm) << entry.published;
      EXPECT_NEAR(exact.abs().max().item<double>(), largest, kGradientLimit * largest)
          << entry.published;
      EXPECT_NEAR(exact.sum().item<double>(), wanted.at("sum").to_number<double>(),
                  kGradientLimit * norm)
          << entry.published;
      const auto found = stored.find("grad." + entry.published);
      if (found == stored.end()) continue;
      const double scale = found->second.abs().max().item<double>();
      compare(found->first, gradient / scale, found->second / scale, kGradientLimit, "gradient");
      compared_.insert(found->first);
    }
  }

  // What the tower makes of all images or all videos of a case. Observed: as encode_patches, and
  // "embeds" and "deepstack.<i>".
  static std::vector<VisualTokens> encoded(const testing_support::Qwen3VlModel& model,
                                           const testing_support::GoldenPatches& patches,
                                           bool video, const Observer& observe) {
    if (!patches.values.defined()) return {};
    const VisionFeatures features = encode_patches(model.config.vision, model.weights.vision,
                                                   patches.values, patches.grids, observe);
    observe("embeds", features.tokens);
    for (std::size_t i = 0; i < features.deepstack.size(); ++i) {
      observe("deepstack." + std::to_string(i), features.deepstack[i]);
    }
    const torch::Tensor columns = side_by_side(features);
    std::vector<VisualTokens> tokens;
    std::int64_t begin = 0;
    for (const Grid& grid : patches.grids) {
      const std::int64_t count = grid.patches() / model.config.vision.patches_per_token();
      tokens.push_back({columns.narrow(0, begin, count), layout_of(grid, video, {})});
      begin += count;
    }
    return tokens;
  }

  void check_case(const std::string& name) {
    SCOPED_TRACE(name);
    compared_.clear();
    testing_support::Qwen3VlModel model = testing_support::model_of_case(name);
    const auto stored = testing_support::tensors_of_case(name);
    const testing_support::Tensors inputs = testing_support::inputs_of_case(name);
    std::vector<TableEntry> table = tensor_table(model.config, model.weights);
    for (const TableEntry& entry : table) entry.tensor->requires_grad_(true);

    // Theirs may be padded on the left, ours are on the right: tokens are compared in order.
    const torch::Tensor present = inputs.at("in.attention_mask").to(torch::kBool);
    torch::Tensor our_present;
    const Observer observe = [&](const std::string& stage, const torch::Tensor& value) {
      const auto found = stored.find(stage);
      if (found == stored.end()) return;
      const bool by_token = stage.starts_with("text.");
      compare(stage, by_token ? value.index({our_present}) : value,
              by_token ? found->second.index({present}) : found->second, kFeatureLimit, "feature");
      compared_.insert(stage);
    };
    const std::vector<ModelInput> samples =
        testing_support::golden_inputs(model.config, inputs,
                                       encoded(model, testing_support::golden_images(inputs), false,
                                               with_prefix(observe, "vision.image.")),
                                       encoded(model, testing_support::golden_videos(inputs), true,
                                               with_prefix(observe, "vision.video.")));
    our_present = pad_tokens(samples).attention_mask.to(torch::kBool);
    const Observer observe_text = with_prefix(observe, "text.");
    const TextBatch batch = pack(model.config, model.weights, samples, observe_text);
    const torch::Tensor hidden =
        decode_text(model.config.text, model.weights.text, batch.embeddings,
                    rotation(model.config.text, batch.positions, torch::kFloat32, observe_text),
                    causal_mask(batch.padded.attention_mask, torch::kFloat32), batch.deepstack,
                    nullptr, observe_text);
    const torch::Tensor logits = torch::linear(hidden, model.weights.text.output());
    compare("out.logits", logits.index({our_present}), stored.at("out.logits").index({present}),
            kFeatureLimit, "logits");

    const auto by_token = [](const torch::Tensor& positions, const torch::Tensor& mask) {
      return positions.permute({1, 2, 0}).index({mask});  // [tokens, 3]
    };
    EXPECT_TRUE(torch::equal(by_token(batch.positions, our_present),
                             by_token(inputs.at("in.position_ids"), present)));
    if (stored.count("out.rope_deltas") > 0) {
      EXPECT_TRUE(
          torch::equal((batch.next - present.size(1)).unsqueeze(1), stored.at("out.rope_deltas")));
    }

    const torch::Tensor& labels = batch.padded.labels;
    const torch::Tensor loss = mean_loss(logits, labels);
    compare("out.loss", loss.detach().view({1}), stored.at("out.loss"), kLossLimit, "loss");
    const AnswerLoss by_sample = winnow::answer_loss(hidden, model.weights.text.output(), labels);
    compare("loss by sample", (by_sample.sum.sum() / by_sample.count.sum()).detach().view({1}),
            stored.at("out.loss"), kLossLimit, "loss");
    if (name == "e_right") by_padding_side_[1] = by_sample.sum.detach();
    if (name == "e_left") by_padding_side_[0] = by_sample.sum.detach();
    loss.backward();
    if (name.starts_with("b_image")) check_gradients(name, stored, table);

    for (const auto& [key, value] : stored) {
      const bool is_output = key.starts_with("out.") || key.starts_with("in.");
      EXPECT_TRUE(is_output || compared_.count(key) > 0) << key << " was not compared";
    }
  }

  torch::Tensor by_padding_side_[2];  // losses of the two samples, padded left and right
  std::set<std::string> compared_;
  std::map<std::string, double> worst_;
};

TEST_F(GoldenQwen3VlNetwork, EveryCaseAgrees) {
  const std::set<std::string> names = testing_support::case_names(false);
  ASSERT_EQ(names.size(), 7U);
  for (const std::string& name : names) check_case(name);
  EXPECT_LE(difference(by_padding_side_[0], by_padding_side_[1]), 1e-4);
  std::string line = fmt::format("golden qwen3_vl network: {} cases", names.size());
  for (const auto& [kind, off] : worst_) line += fmt::format(", worst {} {:.1e}", kind, off);
  std::cout << line << std::endl;
}

}  // namespace
}  // namespace winnow::qwen3_vl
