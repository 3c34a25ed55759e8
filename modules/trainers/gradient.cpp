#include "trainers/gradient.h"

#include <algorithm>
#include <numeric>
#include <thread>

#include "core/cpu_clock.h"
#include "core/parallel.h"

namespace winnow {

ShardedModel::ShardedModel(VisionLanguageModel& model, std::int64_t shards) : model_(model) {
  for (std::int64_t i = 1; i < shards; ++i) replicas_.push_back(model.clone());
}

BatchGradient ShardedModel::backward(
    const Batch& batch,
    const std::function<ModelInput(std::size_t, VisionLanguageModel&)>& input) const {
  const std::vector<std::size_t>& positions = batch.positions;
  const auto parameters = model_.named_parameters();
  const std::size_t shards = std::min(replicas_.size() + 1, positions.size());
  BatchGradient result;
  result.sample_losses.resize(positions.size());
  std::vector<double> losses(shards), elsewhere(shards), trained_tokens(shards);
  std::vector<std::int64_t> tokens(shards);
  std::vector<std::vector<ModelInput>> parts(shards);
  std::vector<std::vector<float>> weights(shards);  // none: all 1
  const std::thread::id caller = std::this_thread::get_id();
  const auto on_each_shard = [&](const std::function<void(std::size_t)>& work) {
    parallel_for(shards, [&](std::size_t shard) {
      const double started = thread_cpu_seconds();
      work(shard);
      if (std::this_thread::get_id() == caller) return;
      elsewhere[shard] += thread_cpu_seconds() - started;
    });
  };
  on_each_shard([&](std::size_t shard) {
    VisionLanguageModel& own = worker(shard);
    if (shard > 0) {
      const torch::NoGradGuard no_grad;
      auto copies = own.named_parameters();
      for (std::size_t i = 0; i < copies.size(); ++i) {
        copies[i].second.copy_(parameters[i].second);
        copies[i].second.mutable_grad() = torch::Tensor();
      }
    }
    for (std::size_t i = shard; i < positions.size(); i += shards) {
      parts[shard].push_back(input(positions[i], own));
      if (!batch.weights.empty()) {
        weights[shard].push_back(static_cast<float>(batch.weights.at(i)));
      }
      const std::vector<std::int64_t>& labels = parts[shard].back().labels;
      tokens[shard] += parts[shard].back().length();
      trained_tokens[shard] += static_cast<double>(std::count_if(
          labels.begin(), labels.end(), [](std::int64_t label) { return label != -100; }));
    }
  });
  const double all_tokens = std::accumulate(trained_tokens.begin(), trained_tokens.end(), 0.0);
  on_each_shard([&](std::size_t shard) {
    const AnswerLoss answers = worker(shard).answer_loss(parts[shard]);
    torch::Tensor sums = answers.sum;  // [B]
    if (!batch.weights.empty()) sums = sums * torch::tensor(weights[shard]).to(sums.device());
    const torch::Tensor loss = sums.sum() / std::max(1.0, all_tokens);
    loss.backward();
    losses[shard] = loss.item<double>();
    const torch::Tensor means = answers.mean().detach().cpu().to(torch::kFloat64).contiguous();
    for (std::size_t i = 0; i < parts[shard].size(); ++i) {
      result.sample_losses[shard + i * shards] = means.data_ptr<double>()[i];
    }
  });
  for (std::size_t shard = 1; shard < shards; ++shard) {
    const auto copies = worker(shard).named_parameters();
    for (std::size_t i = 0; i < copies.size(); ++i) {
      const torch::Tensor& gradient = copies[i].second.grad();
      if (!gradient.defined()) continue;
      torch::Tensor& total = const_cast<torch::Tensor&>(parameters[i].second).mutable_grad();
      total = total.defined() ? total.add_(gradient) : gradient.clone();
    }
  }
  result.loss = std::accumulate(losses.begin(), losses.end(), 0.0);
  result.tokens = std::accumulate(tokens.begin(), tokens.end(), std::int64_t{0});
  result.cpu_seconds_elsewhere = std::accumulate(elsewhere.begin(), elsewhere.end(), 0.0);
  return result;
}

}  // namespace winnow
