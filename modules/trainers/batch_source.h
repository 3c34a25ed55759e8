#pragma once
// Who is trained on next, and with what weight: the order of training as a component. The static
// order of epochs is one; a method that chooses while it trains is another.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/component.h"

namespace winnow {

// What there is to train on, by position.
struct TrainingSet {
  std::vector<std::int64_t> lengths;  // tokens of each input
  // Of each input's loss, with a mean of 1, so that learning rates keep their meaning; empty:
  // all 1.
  std::vector<double> weights;
};

// The samples of one step.
struct Batch {
  std::vector<std::size_t> positions;
  std::vector<double> weights;  // of each one's loss; empty: all 1
};

struct RunLength {
  std::int64_t steps = 0, samples = 0;
};

// Results depend on what it is given and on nothing else: every draw comes from
// RandomStream(seed, "batch_source/<name>").
class BatchSource {
 public:
  virtual ~BatchSource() = default;
  // The data; called once, first.
  virtual void start(TrainingSet set, std::uint64_t seed) = 0;
  // The recipe: steps of `batch_size` samples, `samples` of them altogether or, where it is 0, one
  // epoch; called once, then. Returns how long the run will be. That has to be known beforehand,
  // since the learning rate and the checkpoints are laid over it: a source that stops by what it
  // observes says the most that it may take.
  virtual RunLength plan(std::int64_t batch_size, std::int64_t samples) = 0;
  // The batch of a step. Steps count from 0; each is asked for once, in order. Nothing: there is no
  // more, and training ends here. It is not asked beyond the planned steps.
  virtual std::optional<Batch> next(std::int64_t step) = 0;
  // After each step: the mean loss over the trained tokens of each sample of its batch, before the
  // step changed the model. NaN where a loss was none.
  virtual void observe(std::int64_t /*step*/, const std::vector<double>& /*losses*/) {}
  // What later steps depend on beside the data and the recipe, to and from an empty folder of its
  // own. load() comes after plan(); then the step behind the last observed one is asked for.
  virtual void save(const std::filesystem::path& /*folder*/) const {}
  virtual void load(const std::filesystem::path& /*folder*/) {}
};

// Batch sources, by config `type`.
config::ComponentKind<BatchSource>& batch_sources();

// Makes a source that has been started, each time anew: a job that is done again starts again.
using MakeBatchSource = std::function<std::unique_ptr<BatchSource>()>;

// `table`: of the config, at `path`. Throws ConfigError as creating a component does.
MakeBatchSource started(const config::Value& table, const std::string& path, TrainingSet set,
                        std::uint64_t seed);
// The same of `epochs` with its defaults.
MakeBatchSource epochs(TrainingSet set, std::uint64_t seed);

}  // namespace winnow
