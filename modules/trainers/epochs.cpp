// The static order: epoch after epoch, each sample once in each, in a seeded order of its own.
// Batches hold samples of like length, so that little of them is padding.

#include <cassert>

#include "trainers/batch_source.h"
#include "trainers/batches.h"

namespace winnow {
namespace {

struct EpochsOptions {
  std::int64_t bucket_window = 16;
};
BOOST_DESCRIBE_STRUCT(EpochsOptions, (), (bucket_window))

config::Help help(const EpochsOptions&) {
  return {{"bucket_window", "batches that are sorted by length together", config::at_least(1)}};
}

class Epochs : public BatchSource {
 public:
  explicit Epochs(EpochsOptions options) : options_(options) {}

  void start(TrainingSet set, std::uint64_t seed) override {
    assert(set.weights.empty() || set.weights.size() == set.lengths.size());
    set_ = std::move(set);
    seed_ = seed;
  }

  // One epoch, or the first ceil(samples / batch_size) batches of as many epochs as they take:
  // equal numbers of steps for subsets of any size.
  RunLength plan(std::int64_t batch_size, std::int64_t samples) override {
    const auto all = static_cast<std::int64_t>(set_.lengths.size());
    batch_size_ = batch_size;
    epoch_steps_ = (all + batch_size - 1) / batch_size;
    if (samples == 0 || all == 0) return {epoch_steps_, all};
    const std::int64_t steps = (samples + batch_size - 1) / batch_size;
    // Only the last batch of an epoch is smaller.
    return {steps, steps / epoch_steps_ * all + steps % epoch_steps_ * batch_size};
  }

  std::optional<Batch> next(std::int64_t step) override {
    const std::int64_t epoch = step / epoch_steps_;
    if (epoch != epoch_) {
      batches_ = epoch_batches(set_.lengths, static_cast<std::size_t>(batch_size_),
                               static_cast<std::size_t>(options_.bucket_window), seed_,
                               static_cast<std::uint64_t>(epoch));
      epoch_ = epoch;
    }
    Batch batch;
    batch.positions = batches_[static_cast<std::size_t>(step % epoch_steps_)];
    for (std::size_t i = 0; i < batch.positions.size() && !set_.weights.empty(); ++i) {
      batch.weights.push_back(set_.weights[batch.positions[i]]);
    }
    return batch;
  }

 private:
  EpochsOptions options_;
  TrainingSet set_;
  std::uint64_t seed_ = 0;
  std::int64_t batch_size_ = 0, epoch_steps_ = 0;
  std::int64_t epoch_ = -1;  // whose batches these are
  std::vector<std::vector<std::size_t>> batches_;
};

const bool registered = batch_sources().add<Epochs, EpochsOptions>(
    "epochs", "each sample once an epoch, in a seeded order, with those of like length");

}  // namespace
}  // namespace winnow
