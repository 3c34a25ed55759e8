// The network against the reference implementation's numbers. Limits are those of the golden
// folder's README: float32 of two implementations.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "models/qwen3_vl/golden_cases.h"

namespace winnow::qwen3_vl {
namespace {

namespace json = boost::json;
using testing_support::batch_of;
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

  void check_case(const std::string& name) {
    SCOPED_TRACE(name);
    compared_.clear();
    testing_support::Qwen3VlModel model = testing_support::model_of_case(name);
    const auto stored = testing_support::tensors_of_case(name);
    const auto inputs = testing_support::inputs_of_case(name);
    const Batch batch = batch_of(inputs);
    std::vector<TableEntry> table = tensor_table(model.config, model.weights);
    for (const TableEntry& entry : table) entry.tensor->requires_grad_(true);

    const torch::Tensor present = batch.attention_mask.to(torch::kBool);
    const auto at_tokens = [&](const torch::Tensor& x) { return x.index({present}); };
    const Observer observe = [&](const std::string& stage, const torch::Tensor& value) {
      const auto found = stored.find(stage);
      if (found == stored.end()) return;
      const bool by_token = stage.starts_with("text.");
      compare(stage, by_token ? at_tokens(value) : value,
              by_token ? at_tokens(found->second) : found->second, kFeatureLimit, "feature");
      compared_.insert(stage);
    };
    const torch::Tensor logits = qwen3_vl::logits(model.config, model.weights, batch, observe);
    compare("out.logits", at_tokens(logits), at_tokens(stored.at("out.logits")), kFeatureLimit,
            "logits");

    const TextInput input = embed(model.config, model.weights, batch);
    EXPECT_TRUE(torch::equal(input.positions, inputs.at("in.position_ids")));
    if (stored.count("out.rope_deltas") > 0) {
      EXPECT_TRUE(torch::equal((input.next - batch.tokens.size(1)).unsqueeze(1),
                               stored.at("out.rope_deltas")));
    }

    const torch::Tensor loss = mean_loss(logits, inputs.at("in.labels"));
    compare("out.loss", loss.detach().view({1}), stored.at("out.loss"), kLossLimit, "loss");
    const AnswerLoss by_sample =
        answer_loss(model.config, model.weights, batch, inputs.at("in.labels"));
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
