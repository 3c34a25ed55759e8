// Supervised fine-tuning, for one epoch or for a number of samples: AdamW, warm-up, cosine,
// gradient clipping, length-bucketed batches, evenly spaced checkpoints. Killed at any moment, it
// goes on from its last resume point and ends with the same weights.

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <ctime>
#include <iterator>
#include <numeric>
#include <thread>

#include "core/files.h"
#include "core/parallel.h"
#include "core/progress.h"
#include "models/safetensors.h"
#include "trainers/adamw.h"
#include "trainers/batches.h"
#include "trainers/schedule.h"
#include "trainers/trainer.h"

namespace winnow {
namespace {

namespace json = boost::json;

struct SftOptions {
  double learning_rate = 5e-4;
  std::int64_t batch_size = 16;
  std::int64_t samples = 0;
  std::int64_t shards = 1;
  double warmup_share = 0.1;
  double beta1 = 0.9;
  double beta2 = 0.95;
  double epsilon = 1e-8;
  double weight_decay = 0.01;
  double maximum_gradient_norm = 1.0;
  std::int64_t checkpoints = 5;
  std::int64_t bucket_window = 16;
  std::int64_t resume_every = 200;
  double maximum_skipped_share = 0.01;
};
BOOST_DESCRIBE_STRUCT(SftOptions, (),
                      (learning_rate, batch_size, samples, shards, warmup_share, beta1, beta2,
                       epsilon, weight_decay, maximum_gradient_norm, checkpoints, bucket_window,
                       resume_every, maximum_skipped_share))

config::Help help(const SftOptions&) {
  using config::above;
  using config::at_least;
  using config::between;
  return {{"learning_rate", "peak of the schedule", above(0)},
          {"batch_size", "samples per step", at_least(1)},
          {"samples",
           "samples to train on, in as many epochs as that takes, each in an order of its own; 0: "
           "one epoch",
           at_least(0)},
          {"shards",
           "parts of a batch whose gradients are computed side by side where cores are "
           "free; results depend on it, never on the number of threads",
           between(1, 64)},
          {"warmup_share", "share of the steps with a rising learning rate", between(0, 1)},
          {"beta1", "AdamW: decay of the first moment", between(0, 1)},
          {"beta2", "AdamW: decay of the second moment", between(0, 1)},
          {"epsilon", "AdamW: added to the denominator", above(0)},
          {"weight_decay", "decoupled decay; none on biases and norms", at_least(0)},
          {"maximum_gradient_norm", "global norm at which gradients are clipped", above(0)},
          {"checkpoints", "evenly spaced checkpoints, the end included", at_least(1)},
          {"bucket_window", "batches that are sorted by length together", at_least(1)},
          {"resume_every", "steps between two resume points", at_least(1)},
          {"maximum_skipped_share",
           "share of steps with a non-finite loss or gradient that stops "
           "the run",
           between(0, 1)}};
}

// Of this thread alone: other runs go on beside this one.
double thread_cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

// What a run needs to go on: stored whole, beside the weights and the optimizer's state.
struct RunState {
  std::int64_t step = 0;  // steps done
  std::int64_t samples = 0;
  std::int64_t skipped = 0;
  double cpu_seconds = 0.0;
  std::vector<double> recent_losses;
};
BOOST_DESCRIBE_STRUCT(RunState, (), (step, samples, skipped, cpu_seconds, recent_losses))

class Sft : public Trainer {
 public:
  explicit Sft(SftOptions options) : options_(options) {}

  TrainingResult train(VisionLanguageModel& model, const TrainingJob& job) const override {
    const auto batches = planned_batches(job);
    const auto total = static_cast<std::int64_t>(batches.size());
    AdamW optimizer(model.named_parameters(),
                    {options_.beta1, options_.beta2, options_.epsilon, options_.weight_decay});
    std::vector<std::unique_ptr<VisionLanguageModel>> replicas;
    for (std::int64_t i = 1; i < options_.shards; ++i) replicas.push_back(model.clone());
    RunState state;
    const std::filesystem::path resume = job.folder / "resume";
    if (std::filesystem::exists(resume / "state.json")) state = restore(model, optimizer, resume);

    TrainingResult result;
    std::int64_t planned = 0;
    for (const auto& batch : batches) {
      planned += static_cast<std::int64_t>(batch.size());
      for (const std::size_t position : batch) result.tokens += job.lengths[position];
    }
    Progress progress(job.title, planned, "samples");
    progress.advance(state.samples);
    double started = thread_cpu_seconds();
    const std::int64_t recent = std::max<std::int64_t>(1, total / 10);
    while (true) {
      for (std::int64_t k = 1; k <= options_.checkpoints; ++k) {
        if (state.step != boundary(k, total)) continue;
        const std::filesystem::path folder = checkpoint_folder(job, k);
        if (!std::filesystem::exists(folder)) {
          PendingDirectory pending(folder);
          model.save(pending.path());
          pending.commit();
        }
      }
      if (state.step == total) break;
      take_step(model, replicas, optimizer, job, batches[static_cast<std::size_t>(state.step)],
                total, state);
      if (state.recent_losses.size() > static_cast<std::size_t>(recent)) {
        state.recent_losses.erase(state.recent_losses.begin());
      }
      progress.advance(
          static_cast<std::int64_t>(batches[static_cast<std::size_t>(state.step - 1)].size()));
      if (state.step % options_.resume_every == 0 && state.step < total) {
        const double now = thread_cpu_seconds();
        state.cpu_seconds += now - started;
        started = now;
        store(model, optimizer, resume, state);
      }
    }
    result.cpu_seconds = state.cpu_seconds + thread_cpu_seconds() - started;
    result.skipped_steps = state.skipped;
    for (const double loss : state.recent_losses) {
      result.final_loss += loss / static_cast<double>(state.recent_losses.size());
    }
    list_checkpoints(job, batches, result);
    std::filesystem::remove_all(resume);
    return result;
  }

 private:
  // One epoch, or the first ceil(samples / batch_size) batches of as many epochs as they take:
  // equal numbers of steps for subsets of any size.
  std::vector<std::vector<std::size_t>> planned_batches(const TrainingJob& job) const {
    const auto size = static_cast<std::size_t>(options_.batch_size);
    const auto epoch = [&](std::uint64_t number) {
      return epoch_batches(job.lengths, size, static_cast<std::size_t>(options_.bucket_window),
                           job.seed, number);
    };
    std::vector<std::vector<std::size_t>> batches = epoch(0);
    if (options_.samples == 0 || batches.empty()) return batches;
    const std::size_t steps = (static_cast<std::size_t>(options_.samples) + size - 1) / size;
    for (std::uint64_t number = 1; batches.size() < steps; ++number) {
      auto next = epoch(number);
      std::move(next.begin(), next.end(), std::back_inserter(batches));
    }
    batches.resize(steps);
    return batches;
  }

  // Steps done at the k-th checkpoint.
  std::int64_t boundary(std::int64_t k, std::int64_t total) const {
    return total * k / options_.checkpoints;
  }

  static std::filesystem::path checkpoint_folder(const TrainingJob& job, std::int64_t k) {
    return job.folder / ("checkpoint-" + std::to_string(k));
  }

  // From the plan alone: a resumed run has passed some checkpoints before.
  void list_checkpoints(const TrainingJob& job,
                        const std::vector<std::vector<std::size_t>>& batches,
                        TrainingResult& result) const {
    const auto total = static_cast<std::int64_t>(batches.size());
    std::int64_t samples = 0, step = 0;
    for (std::int64_t k = 1; k <= options_.checkpoints; ++k) {
      for (; step < boundary(k, total); ++step) {
        samples += static_cast<std::int64_t>(batches[static_cast<std::size_t>(step)].size());
      }
      result.checkpoints.push_back({k, samples, checkpoint_folder(job, k)});
    }
  }

  using Replicas = std::vector<std::unique_ptr<VisionLanguageModel>>;

  // Mean loss over all trained tokens of the batch, as the recipe has it (long answers weigh more);
  // leaves its gradient in the model's parameters. Adds what other threads spent to `cpu_seconds`.
  static double backward(VisionLanguageModel& model, const Replicas& replicas,
                         const TrainingJob& job, const std::vector<std::size_t>& positions,
                         double& cpu_seconds) {
    const auto parameters = model.named_parameters();
    const std::size_t shards = std::min(replicas.size() + 1, positions.size());
    std::vector<double> losses(shards), elsewhere(shards), trained_tokens(shards);
    std::vector<std::vector<ModelInput>> parts(shards);
    std::vector<std::vector<float>> weights(shards);  // none: all 1
    const std::thread::id caller = std::this_thread::get_id();
    const auto worker_of = [&](std::size_t shard) -> VisionLanguageModel& {
      return shard == 0 ? model : *replicas[shard - 1];
    };
    const auto on_each_shard = [&](const std::function<void(std::size_t)>& work) {
      parallel_for(shards, [&](std::size_t shard) {
        const double started = thread_cpu_seconds();
        work(shard);
        if (std::this_thread::get_id() == caller) return;
        elsewhere[shard] += thread_cpu_seconds() - started;
      });
    };
    on_each_shard([&](std::size_t shard) {
      VisionLanguageModel& worker = worker_of(shard);
      if (shard > 0) {
        const torch::NoGradGuard no_grad;
        auto copies = worker.named_parameters();
        for (std::size_t i = 0; i < copies.size(); ++i) {
          copies[i].second.copy_(parameters[i].second);
          copies[i].second.mutable_grad() = torch::Tensor();
        }
      }
      for (std::size_t i = shard; i < positions.size(); i += shards) {
        parts[shard].push_back(job.input(positions[i], worker));
        if (!job.weights.empty()) {
          weights[shard].push_back(static_cast<float>(job.weights.at(positions[i])));
        }
        const std::vector<std::int64_t>& labels = parts[shard].back().labels;
        trained_tokens[shard] += static_cast<double>(std::count_if(
            labels.begin(), labels.end(), [](std::int64_t label) { return label != -100; }));
      }
    });
    const double all_tokens = std::accumulate(trained_tokens.begin(), trained_tokens.end(), 0.0);
    on_each_shard([&](std::size_t shard) {
      torch::Tensor sums = worker_of(shard).answer_loss(parts[shard]).sum;  // [B]
      if (!job.weights.empty()) sums = sums * torch::tensor(weights[shard]).to(sums.device());
      const torch::Tensor loss = sums.sum() / std::max(1.0, all_tokens);
      loss.backward();
      losses[shard] = loss.item<double>();
    });
    cpu_seconds += std::accumulate(elsewhere.begin(), elsewhere.end(), 0.0);
    for (std::size_t shard = 1; shard < shards; ++shard) {
      const auto copies = replicas[shard - 1]->named_parameters();
      for (std::size_t i = 0; i < copies.size(); ++i) {
        const torch::Tensor& gradient = copies[i].second.grad();
        if (!gradient.defined()) continue;
        torch::Tensor& total = const_cast<torch::Tensor&>(parameters[i].second).mutable_grad();
        total = total.defined() ? total.add_(gradient) : gradient.clone();
      }
    }
    return std::accumulate(losses.begin(), losses.end(), 0.0);
  }

  void take_step(VisionLanguageModel& model, const Replicas& replicas, AdamW& optimizer,
                 const TrainingJob& job, const std::vector<std::size_t>& batch, std::int64_t total,
                 RunState& state) const {
    optimizer.zero_gradients();
    const double value = backward(model, replicas, job, batch, state.cpu_seconds);
    const double norm = optimizer.clip_gradients(options_.maximum_gradient_norm);
    if (std::isfinite(value) && std::isfinite(norm)) {
      const double factor = learning_rate_factor(state.step, total, options_.warmup_share);
      optimizer.step(options_.learning_rate * factor);
      state.recent_losses.push_back(value);
    } else {
      ++state.skipped;
      const double allowed = options_.maximum_skipped_share * static_cast<double>(total);
      if (static_cast<double>(state.skipped) > std::max(1.0, allowed)) {
        throw DataError(job.title + ": " + std::to_string(state.skipped) + " of " +
                        std::to_string(state.step + 1) +
                        " steps had a non-finite loss or gradient; lower trainer.learning_rate or "
                        "look at the data (trainer.maximum_skipped_share sets the limit)");
      }
    }
    ++state.step;
    state.samples += static_cast<std::int64_t>(batch.size());
  }

  static void store(const VisionLanguageModel& model, const AdamW& optimizer,
                    const std::filesystem::path& folder, const RunState& state) {
    PendingDirectory pending(folder);
    std::map<std::string, torch::Tensor> weights;
    for (const auto& [name, parameter] : model.named_parameters()) weights[name] = parameter;
    write_safetensors(pending.path() / "weights.safetensors", weights);
    write_safetensors(pending.path() / "optimizer.safetensors", optimizer.state());
    write_file(pending.path() / "state.json", json::serialize(json::value_from(state)));
    pending.commit();
  }

  static RunState restore(VisionLanguageModel& model, AdamW& optimizer,
                          const std::filesystem::path& folder) {
    const torch::NoGradGuard no_grad;
    const auto weights = read_safetensors(folder / "weights.safetensors");
    for (auto& [name, parameter] : model.named_parameters()) parameter.copy_(weights.at(name));
    optimizer.load_state(read_safetensors(folder / "optimizer.safetensors"));
    return json::value_to<RunState>(json::parse(read_file(folder / "state.json")));
  }

  SftOptions options_;
};

const bool registered = trainers().add<Sft, SftOptions>(
    "sft", "supervised fine-tuning for one epoch or a number of samples");

}  // namespace
}  // namespace winnow
