// Supervised fine-tuning, for one epoch or for a number of samples: AdamW, warm-up, cosine,
// gradient clipping, evenly spaced checkpoints. Killed at any moment, it goes on from its last
// resume point and ends with the same weights.

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/json.hpp>
#include <chrono>
#include <cmath>

#include "core/cpu_clock.h"
#include "core/errors.h"
#include "core/files.h"
#include "core/progress.h"
#include "models/safetensors.h"
#include "trainers/adamw.h"
#include "trainers/gradient.h"
#include "trainers/schedule.h"
#include "trainers/trainer.h"

namespace winnow {
namespace {

namespace json = boost::json;

struct SftOptions {
  double learning_rate = 5e-4;
  std::int64_t batch_size = 16;
  std::int64_t samples = 0;
  double pool_epochs = 0.0;
  std::int64_t shards = 1;
  double warmup_share = 0.1;
  double beta1 = 0.9;
  double beta2 = 0.95;
  double epsilon = 1e-8;
  double weight_decay = 0.01;
  double maximum_gradient_norm = 1.0;
  std::int64_t checkpoints = 5;
  std::int64_t resume_every = 200;
  double maximum_skipped_share = 0.01;
};
BOOST_DESCRIBE_STRUCT(SftOptions, (),
                      (learning_rate, batch_size, samples, pool_epochs, shards, warmup_share, beta1,
                       beta2, epsilon, weight_decay, maximum_gradient_norm, checkpoints,
                       resume_every, maximum_skipped_share))

config::Help help(const SftOptions&) {
  using config::above;
  using config::at_least;
  using config::between;
  return {{"learning_rate", "peak of the schedule", above(0)},
          {"batch_size", "samples per step", at_least(1)},
          {"samples", "samples to train on, in as many epochs as that takes; 0: one epoch",
           at_least(0)},
          {"pool_epochs",
           "instead of samples: as many as so many epochs of the whole pool have, whatever is "
           "chosen of it; in `winnow train` the selection is the pool",
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
          {"resume_every", "steps between two resume points", at_least(1)},
          {"maximum_skipped_share",
           "share of steps with a non-finite loss or gradient that stops "
           "the run",
           between(0, 1)}};
}

// What a run needs to go on: stored whole, beside the weights, the optimizer's state and the
// batch source's.
struct ReachedCheckpoint {
  std::int64_t index = 0, samples = 0;
};
BOOST_DESCRIBE_STRUCT(ReachedCheckpoint, (), (index, samples))
struct RunState {
  std::int64_t step = 0;  // steps done
  std::int64_t samples = 0, tokens = 0;
  std::int64_t skipped = 0;
  double cpu_seconds = 0.0, seconds = 0.0;
  std::vector<double> recent_losses;
  std::vector<ReachedCheckpoint> checkpoints;
};
BOOST_DESCRIBE_STRUCT(RunState, (),
                      (step, samples, tokens, skipped, cpu_seconds, seconds, recent_losses,
                       checkpoints))

// The clocks of a run that may be stopped and resumed.
class Clocks {
 public:
  // Adds what has passed since the last call.
  void read(RunState& state) {
    const double cpu = thread_cpu_seconds();
    const auto now = std::chrono::steady_clock::now();
    state.cpu_seconds += cpu - cpu_;
    state.seconds += std::chrono::duration<double>(now - wall_).count();
    cpu_ = cpu;
    wall_ = now;
  }

 private:
  double cpu_ = thread_cpu_seconds();
  std::chrono::steady_clock::time_point wall_ = std::chrono::steady_clock::now();
};

class Sft : public Trainer {
 public:
  explicit Sft(SftOptions options) : options_(options) {
    if (options.samples == 0 || options.pool_epochs == 0.0) return;
    throw ConfigError(fmt::format(
        "trainer sft: set either samples or pool_epochs and leave the other at 0; they are {} and "
        "{}",
        options.samples, options.pool_epochs));
  }

  TrainingResult train(VisionLanguageModel& model, const TrainingJob& job) const override {
    Run run{model,
            job,
            job.batches(),
            {},
            AdamW(model.named_parameters(),
                  {options_.beta1, options_.beta2, options_.epsilon, options_.weight_decay}),
            ShardedModel(model, options_.shards),
            {}};
    run.length = run.batches->plan(options_.batch_size, samples_of(job));
    const std::filesystem::path resume = job.folder / "resume";
    if (std::filesystem::exists(resume / "state.json")) restore(run, resume);
    RunState& state = run.state;
    MetricsFile metrics(job.folder / kMetricsFile, state.step);
    std::vector<TrainingObserver*> observers = job.observers;
    observers.insert(observers.begin(), &metrics);

    Progress progress(job.title, run.length.samples, "samples");
    progress.advance(state.samples);
    Clocks clocks;
    const auto recent = static_cast<std::size_t>(std::max<std::int64_t>(1, run.length.steps / 10));
    while (true) {
      for (std::int64_t k = 1; k <= options_.checkpoints; ++k) {
        if (state.step == boundary(k, run.length.steps)) keep_checkpoint(run, k);
      }
      if (state.step == run.length.steps) break;
      const std::optional<Batch> batch = run.batches->next(state.step);
      if (!batch) break;
      TrainingStep step = take_step(run, *batch);
      if (state.recent_losses.size() > recent) {
        state.recent_losses.erase(state.recent_losses.begin());
      }
      clocks.read(state);
      step.seconds = state.seconds;
      for (TrainingObserver* observer : observers) observer->step(step);
      progress.advance(static_cast<std::int64_t>(batch->positions.size()));
      if (state.step % options_.resume_every == 0 && state.step < run.length.steps) {
        store(run, resume);
      }
    }
    keep_checkpoint(run, options_.checkpoints);  // where the source ended before its plan
    clocks.read(state);
    TrainingResult result;
    for (const ReachedCheckpoint& reached : state.checkpoints) {
      result.checkpoints.push_back(
          {reached.index, reached.samples, checkpoint_folder(job, reached.index)});
    }
    result.tokens = state.tokens;
    result.steps = state.step;
    result.cpu_seconds = state.cpu_seconds;
    result.skipped_steps = state.skipped;
    for (const double loss : state.recent_losses) {
      result.final_loss += loss / static_cast<double>(state.recent_losses.size());
    }
    std::filesystem::remove_all(resume);
    return result;
  }

 private:
  // 0: one epoch.
  std::int64_t samples_of(const TrainingJob& job) const {
    if (options_.pool_epochs == 0.0) return options_.samples;
    if (job.pool_rows == 0) {
      throw ConfigError("trainer sft: pool_epochs is set, and no pool is known; set samples");
    }
    return std::max<std::int64_t>(
        1, std::llround(options_.pool_epochs * static_cast<double>(job.pool_rows)));
  }

  // All that changes while a job is done.
  struct Run {
    VisionLanguageModel& model;
    const TrainingJob& job;
    std::unique_ptr<BatchSource> batches;
    RunLength length;
    AdamW optimizer;
    ShardedModel shards;
    RunState state;
  };

  // Steps done at the k-th checkpoint.
  std::int64_t boundary(std::int64_t k, std::int64_t steps) const {
    return steps * k / options_.checkpoints;
  }

  static std::filesystem::path checkpoint_folder(const TrainingJob& job, std::int64_t k) {
    return job.folder / ("checkpoint-" + std::to_string(k));
  }

  // The model as it is; nothing to do for a checkpoint that was reached before.
  static void keep_checkpoint(Run& run, std::int64_t k) {
    const std::vector<ReachedCheckpoint>& reached = run.state.checkpoints;
    if (std::any_of(reached.begin(), reached.end(),
                    [&](const ReachedCheckpoint& before) { return before.index == k; })) {
      return;
    }
    const std::filesystem::path folder = checkpoint_folder(run.job, k);
    if (!std::filesystem::exists(folder)) {
      PendingDirectory pending(folder);
      run.model.save(pending.path());
      pending.commit();
    }
    run.state.checkpoints.push_back({k, run.state.samples});
  }

  TrainingStep take_step(Run& run, const Batch& batch) const {
    RunState& state = run.state;
    run.optimizer.zero_gradients();
    const BatchGradient gradient = run.shards.backward(batch, run.job.input);
    state.cpu_seconds += gradient.cpu_seconds_elsewhere;
    TrainingStep step;
    step.loss = gradient.loss;
    step.gradient_norm = run.optimizer.clip_gradients(options_.maximum_gradient_norm);
    step.learning_rate = options_.learning_rate *
                         learning_rate_factor(state.step, run.length.steps, options_.warmup_share);
    if (!step.skipped()) {
      run.optimizer.step(step.learning_rate);
      state.recent_losses.push_back(step.loss);
    } else {
      ++state.skipped;
      const double allowed = options_.maximum_skipped_share * static_cast<double>(run.length.steps);
      if (static_cast<double>(state.skipped) > std::max(1.0, allowed)) {
        throw DataError(run.job.title + ": " + std::to_string(state.skipped) + " of " +
                        std::to_string(state.step + 1) +
                        " steps had a non-finite loss or gradient; lower trainer.learning_rate or "
                        "look at the data (trainer.maximum_skipped_share sets the limit)");
      }
    }
    run.batches->observe(state.step, gradient.sample_losses);
    step.step = ++state.step;
    step.samples = state.samples += static_cast<std::int64_t>(batch.positions.size());
    step.tokens = state.tokens += gradient.tokens;
    return step;
  }

  static void store(const Run& run, const std::filesystem::path& folder) {
    PendingDirectory pending(folder);
    std::map<std::string, torch::Tensor> weights;
    for (const auto& [name, parameter] : run.model.named_parameters()) weights[name] = parameter;
    write_safetensors(pending.path() / "weights.safetensors", weights);
    write_safetensors(pending.path() / "optimizer.safetensors", run.optimizer.state());
    winnow::create_directories(pending.path() / "batches");
    run.batches->save(pending.path() / "batches");
    write_file(pending.path() / "state.json", json::serialize(json::value_from(run.state)));
    pending.commit();
  }

  static void restore(Run& run, const std::filesystem::path& folder) {
    try {
      run.state = json::value_to<RunState>(json::parse(read_file(folder / "state.json")));
    } catch (const boost::system::system_error&) {
      spdlog::warn("{}: not a resume point of this program; training starts again",
                   folder.string());
      return;
    }
    const torch::NoGradGuard no_grad;
    const auto weights = read_safetensors(folder / "weights.safetensors");
    for (auto& [name, parameter] : run.model.named_parameters()) parameter.copy_(weights.at(name));
    run.optimizer.load_state(read_safetensors(folder / "optimizer.safetensors"));
    run.batches->load(folder / "batches");
  }

  SftOptions options_;
};

const bool registered = trainers().add<Sft, SftOptions>(
    "sft", "supervised fine-tuning for one epoch or a number of samples");

}  // namespace
}  // namespace winnow
