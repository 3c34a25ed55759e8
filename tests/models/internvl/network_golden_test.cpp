// The network against the reference implementation's numbers. Limits are those of the golden
// folder's README: float32 of two implementations.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "models/answer_loss.h"
#include "models/internvl/golden_cases.h"
#include "models/internvl/positions.h"

namespace winnow::internvl {
namespace {

namespace json = boost::json;
using testing_support::difference;
using testing_support::internvl_golden;
using testing_support::Tensors;

constexpr double kFeatureLimit = 5e-5;
constexpr double kLossLimit = 1e-5;
constexpr double kGradientLimit = 1e-4;  // of the largest entry
// Softmax does not see a shift of all keys, so that the gradient of a key's bias is 0 but for
// rounding: where nothing is larger than this, the limit is of this.
constexpr double kLeastGradient = 1e-3;

// What the reference calls a parameter in memory, by its published name.
std::string name_in_memory(const std::string& published) {
  const std::string model = "language_model.model.", head = "language_model.lm_head.";
  if (published.starts_with(head)) return "lm_head." + published.substr(head.size());
  if (published.starts_with(model)) {
    return "model.language_model." + published.substr(model.size());
  }
  return "model." + published;
}

class GoldenInternVlNetwork : public testing::Test {
 protected:
  void compare(const std::string& name, const torch::Tensor& ours, const torch::Tensor& theirs,
               double limit, const std::string& kind) {
    const double off = difference(ours, theirs);
    EXPECT_LE(off, limit) << name;
    worst_[kind] = std::max(worst_[kind], off);
  }

  void check_gradients(const std::string& name, const Tensors& stored,
                       const std::vector<TableEntry>& table) {
    const json::value parsed = internvl_golden().json("cases/" + name + ".grad_stats.json");
    const json::object& stats = parsed.as_object();
    EXPECT_EQ(stats.size(), table.size());
    for (const TableEntry& entry : table) {
      const torch::Tensor gradient = entry.tensor->grad();
      const std::string theirs = name_in_memory(entry.published);
      ASSERT_TRUE(gradient.defined()) << entry.name;
      ASSERT_TRUE(stats.contains(theirs)) << theirs;
      const json::object& wanted = stats.at(theirs).as_object();
      const torch::Tensor exact = gradient.to(torch::kFloat64);
      const auto check = [&](const char* key, const torch::Tensor& ours, const char* scale) {
        const double size = std::max(wanted.at(scale).to_number<double>(), kLeastGradient);
        EXPECT_NEAR(ours.item<double>(), wanted.at(key).to_number<double>(), kGradientLimit * size)
            << theirs << ' ' << key;
      };
      check("l2", exact.norm(), "l2");
      check("absmax", exact.abs().max(), "absmax");
      check("sum", exact.sum(), "l2");
      const auto found = stored.find("grad." + theirs);
      if (found == stored.end()) continue;
      const double scale = found->second.abs().max().item<double>();
      compare(found->first, gradient / scale, found->second / scale, kGradientLimit, "gradient");
      compared_.insert(found->first);
    }
  }

  void check_case(const std::string& name) {
    SCOPED_TRACE(name);
    compared_.clear();
    testing_support::InternVlModel model = testing_support::internvl_model_of(name);
    const Tensors stored = internvl_golden().tensors(name);
    const Tensors inputs = internvl_golden().inputs(name);
    const std::vector<TableEntry> table = tensor_table(model.config, model.weights);
    for (const TableEntry& entry : table) entry.tensor->requires_grad_(true);

    // Theirs may be padded on the left, ours are on the right: tokens are compared in order.
    const torch::Tensor present = inputs.at("in.attention_mask").to(torch::kBool);
    torch::Tensor our_present;
    const Observer observe = [&](const std::string& stage, const torch::Tensor& value) {
      const auto found = stored.find(stage);
      if (found == stored.end()) return;
      const bool by_token = stage.starts_with("text.");
      compare(stage, by_token ? value.index({our_present}) : value.view(found->second.sizes()),
              by_token ? found->second.index({present}) : found->second, kFeatureLimit, "feature");
      compared_.insert(stage);
    };
    torch::Tensor merged;
    if (inputs.count("in.pixel_values") > 0) {
      merged = encode_tiles(model.config, model.weights.vision, inputs.at("in.pixel_values"),
                            with_prefix(observe, "vision."));
    }
    const std::vector<ModelInput> samples =
        testing_support::golden_inputs(model.config, inputs, merged);
    our_present = pad_tokens(samples).attention_mask.to(torch::kBool);
    const TextBatch batch =
        pack(model.config, model.weights, samples,
             [&](const std::string& stage, const torch::Tensor& value) {
               observe((stage == "projected" ? "vision." : "text.") + stage, value);
             });
    const torch::Tensor hidden =
        decode_text(model.config.text, model.weights.text, batch.embeddings,
                    rotation(model.config.text, batch.positions, torch::kFloat32),
                    causal_mask(batch.padded.attention_mask, torch::kFloat32), {}, nullptr,
                    with_prefix(observe, "text."));
    const torch::Tensor logits = torch::linear(hidden, model.weights.text.output());
    compare("out.logits", logits.index({our_present}), stored.at("out.logits").index({present}),
            kFeatureLimit, "logits");

    const torch::Tensor& labels = batch.padded.labels;
    const torch::Tensor loss = testing_support::mean_loss(logits, labels);
    compare("out.loss", loss.detach().view({1}), stored.at("out.loss"), kLossLimit, "loss");
    const AnswerLoss by_sample = winnow::answer_loss(hidden, model.weights.text.output(), labels);
    compare("loss by sample", (by_sample.sum.sum() / by_sample.count.sum()).detach().view({1}),
            stored.at("out.loss"), kLossLimit, "loss");
    if (name == "e_right") by_padding_side_[1] = by_sample.sum.detach();
    if (name == "e_left") by_padding_side_[0] = by_sample.sum.detach();
    loss.backward();
    if (!internvl_golden().find("cases/" + name + ".grad_stats.json").empty()) {
      check_gradients(name, stored, table);
      ++with_gradients_;
    }
    for (const auto& [key, value] : stored) {
      const bool is_output = key.starts_with("out.") || key.starts_with("in.");
      EXPECT_TRUE(is_output || compared_.count(key) > 0) << key << " was not compared";
    }
  }

  torch::Tensor by_padding_side_[2];  // losses of the two samples, padded left and right
  std::set<std::string> compared_;
  std::map<std::string, double> worst_;
  int with_gradients_ = 0;
};

TEST_F(GoldenInternVlNetwork, EveryCaseAgrees) {
  const std::set<std::string> names = internvl_golden().case_names(false);
  ASSERT_EQ(names.size(), 9U);
  for (const std::string& name : names) check_case(name);
  EXPECT_EQ(with_gradients_, 1);
  EXPECT_LE(difference(by_padding_side_[0], by_padding_side_[1]), 1e-4);
  std::string line = fmt::format("golden internvl network: {} cases", names.size());
  for (const auto& [kind, off] : worst_) line += fmt::format(", worst {} {:.1e}", kind, off);
  std::cout << line << std::endl;
}

}  // namespace
}  // namespace winnow::internvl
