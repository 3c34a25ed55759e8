// What every utility estimator costs per sample and how well it ranks as one_step does, side by
// side in one run, on one thread. A gradient's inner product with the anchors' is there in five
// ways: forward_mode, finite_difference, two backward passes for a batch (gradient_dot), a forward
// and a backward pass for each sample alone, and a backward pass for each sample through the graph
// of its batch, which goes through the whole batch every time.
//
// Samples are scenes of the micro world, of which a share gets a wrong answer; anchors are others
// of it with right ones. The proxy is a micro model: one from a folder (--model, a checkpoint or
// base of a run), or one of any size trained here for a moment.

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <fstream>
#include <numeric>

#include "core/errors.h"
#include "core/progress.h"
#include "core/random.h"
#include "report/ranks.h"
#include "support/cpu_time.h"
#include "support/micro_scenes.h"
#include "support/one_thread.h"
#include "trainers/trainer.h"
#include "utility/estimator.h"
#include "utility/step.h"

namespace winnow {
namespace {

struct Options {
  std::string model;
  std::int64_t width = 128, layers = 3, heads = 4;
  std::int64_t train = 3000, samples = 320, slow_samples = 64, anchors = 100, batch = 8;
  double eta = 1e-3, wrong_share = 0.4;
  std::vector<std::string> without;
  std::vector<double> sweep = {1e-4, 1e-3, 1e-2, 3e-2, 1e-1, 1.0};
};

std::unique_ptr<micro::MicroModel> make_model(const Options& options) {
  micro::MicroOptions micro;
  micro.width = options.width;
  micro.layers = options.layers;
  micro.heads = options.heads;
  auto model = std::make_unique<micro::MicroModel>(micro);
  if (!options.model.empty()) {
    model->load(options.model);
    return model;
  }
  const auto corpus = bench::corpus_of(3, std::max<std::int64_t>(500, options.train));
  model->initialise(micro::WordTokenizer::train(bench::texts_of(corpus), 1024), 1);
  if (options.train == 0) return model;
  TrainingJob job;
  job.folder = std::filesystem::temp_directory_path() /
               ("winnow-bench-utility-" + std::to_string(::getpid()));
  job.title = "training";
  std::vector<ModelInput> inputs;
  TrainingSet set;
  for (std::size_t i = 0; i < corpus.size(); ++i) {
    const auto imagined = corpus.at(i);
    inputs.push_back(bench::input_of(*model, imagined.sample, imagined.frames));
    set.lengths.push_back(inputs.back().length());
  }
  job.batches = epochs(std::move(set), 0);
  job.input = [&](std::size_t i, VisionLanguageModel&) { return inputs[i]; };
  config::Value sft;
  sft.set("type", config::Value(std::string("sft"), {}));
  sft.set("checkpoints", config::Value(std::int64_t{1}, {}));
  trainers().create(sft, "trainer")->train(*model, job);
  std::filesystem::remove_all(job.folder);
  return model;
}

// Over the first values of both.
double spearman(std::vector<double> a, std::vector<double> b) {
  const std::size_t count = std::min(a.size(), b.size());
  a.resize(count);
  b.resize(count);
  return rank_correlation(a, b);
}

// The most memory held since the last call, in MiB; Linux forgets the earlier peak when told so.
double peak_since_last_call() {
  double peak = 0;
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:")) peak = std::stod(line.substr(6)) / 1024.0;
  }
  std::ofstream("/proc/self/clear_refs") << "5";
  return peak;
}

constexpr const char* kThroughTheBatch = "backward through the batch";

struct Row {
  std::string label, type;
  std::map<std::string, config::Value> options;
  bool slow = false;
};

// The plain way to many gradients: one graph for the batch, a backward pass for each of its losses.
class BackwardThroughTheBatch : public UtilityScorer {
 public:
  explicit BackwardThroughTheBatch(Tensors direction) : direction_(std::move(direction)) {}

  torch::Tensor score(VisionLanguageModel& model,
                      const std::vector<UtilityInput>& batch) const override {
    const torch::AutoGradMode with_gradients(true);
    const Tensors parameters = stepped_parameters(model, {});
    const torch::Tensor losses = sample_losses(model, batch, TokenReduction::mean);
    torch::Tensor result = torch::empty({losses.size(0), 1}, torch::kDouble);
    for (std::int64_t b = 0; b < losses.size(0); ++b) {
      const bool more = b + 1 < losses.size(0);
      result[b][0] = dot(gradient_of(losses[b], parameters, more), direction_);
    }
    return result;
  }

 private:
  Tensors direction_;
};

struct Measured {
  std::vector<double> values;
  double microseconds = 0, prepare_seconds = 0, peak = 0;
};

std::unique_ptr<UtilityScorer> prepare(const Row& row, micro::MicroModel& model,
                                       const std::vector<AnchorSet>& anchors) {
  if (row.label == kThroughTheBatch) {
    StepOptions step;
    step.eta = row.options.at("eta").number();
    return std::make_unique<BackwardThroughTheBatch>(
        first_order_directions(model, anchors, step).front());
  }
  config::Value table;
  table.set("type", config::Value(row.type, {}));
  for (const auto& [key, value] : row.options) table.set(key, value);
  return utilities().create(table, row.label)->prepare(model, anchors, 1);
}

Measured measure(const Row& row, micro::MicroModel& model, const std::vector<AnchorSet>& anchors,
                 const std::vector<UtilityInput>& inputs, const Options& options) {
  Measured result;
  const std::size_t count = std::min(
      inputs.size(), static_cast<std::size_t>(row.slow ? options.slow_samples : options.samples));
  peak_since_last_call();
  const double start = bench::cpu_seconds();
  const auto scorer = prepare(row, model, anchors);
  const double prepared = bench::cpu_seconds();
  // In batches of similar length, as the pass has them.
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return inputs[a].input.length() < inputs[b].input.length();
  });
  result.values.resize(count);
  const auto size = static_cast<std::size_t>(options.batch);
  for (std::size_t first = 0; first < count; first += size) {
    std::vector<UtilityInput> batch;
    const std::size_t last = std::min(count, first + size);
    for (std::size_t i = first; i < last; ++i) batch.push_back(inputs[order[i]]);
    const torch::Tensor values = scorer->score(model, batch);
    for (std::size_t i = first; i < last; ++i) {
      result.values[order[i]] = values[static_cast<std::int64_t>(i - first)][0].item<double>();
    }
  }
  result.prepare_seconds = prepared - start;
  result.microseconds = 1e6 * (bench::cpu_seconds() - prepared) / static_cast<double>(count);
  result.peak = peak_since_last_call();
  return result;
}

void run(const Options& options) {
  Progress::set_enabled(false);
  bench::use_one_thread();
  const auto model = make_model(options);
  double parameters = 0;
  for (const auto& [name, parameter] : model->named_parameters()) {
    parameters += static_cast<double>(parameter.numel());
  }
  const auto pool = bench::corpus_of(1, options.samples),
             held_out = bench::corpus_of(2, options.anchors);
  std::vector<Sample> samples;
  std::vector<ModelInput> pool_inputs;
  std::vector<bool> wrong;
  std::vector<std::size_t> shuffled(pool.size());
  std::iota(shuffled.begin(), shuffled.end(), std::size_t{0});
  RandomStream(1, "bench/utility/order").shuffle(shuffled);  // slow rows see any part of the pool
  for (const std::size_t i : shuffled) {
    auto imagined = pool.at(i);
    RandomStream random(1, "bench/utility/" + std::to_string(i));
    wrong.push_back(random.chance(options.wrong_share));
    if (wrong.back()) {
      std::vector<std::string> others;
      for (const std::string& candidate : imagined.question.candidates) {
        if (candidate != imagined.question.answer) others.push_back(candidate);
      }
      imagined.sample.turns.back().text = random.choose(others);
    }
    samples.push_back(imagined.sample);
    pool_inputs.push_back(bench::input_of(*model, samples.back(), imagined.frames));
  }
  std::vector<UtilityInput> inputs;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    inputs.push_back({&samples[i], std::move(pool_inputs[i])});
  }
  std::vector<AnchorSet> anchors(1);
  anchors[0].name = "all";
  for (std::size_t i = 0; i < held_out.size(); ++i) {
    const auto imagined = held_out.at(i);
    anchors[0].ids.push_back(imagined.sample.id);
    anchors[0].inputs.push_back(bench::input_of(*model, imagined.sample, imagined.frames));
  }

  const config::Value eta(options.eta, {}), yes(true, {});
  const auto step = [&](const char* label, const char* type, bool slow) {
    return Row{label, type, {{"eta", eta}}, slow};
  };
  std::vector<Row> rows = {step("one_step", "one_step", true),
                           step("second_order", "second_order", true),
                           step("forward_mode", "forward_mode", false),
                           step("finite_difference", "finite_difference", false),
                           step("gradient_dot", "gradient_dot", false)};
  rows.push_back({"gradient_dot, per sample", "gradient_dot", {{"eta", eta}, {"per_sample", yes}}});
  rows.push_back({kThroughTheBatch, "gradient_dot", {{"eta", eta}}});
  rows.push_back({"gradient_dot, cosine", "gradient_dot", {{"eta", eta}, {"cosine", yes}}});
  for (const std::string& name : utilities().names()) {
    if (std::none_of(rows.begin(), rows.end(), [&](const Row& row) { return row.type == name; })) {
      rows.push_back({name, name, {}});
    }
  }
  std::erase_if(rows, [&](const Row& row) {
    return std::find(options.without.begin(), options.without.end(), row.type) !=
           options.without.end();
  });
  fmt::print(
      "{:.2f} M parameters, {} anchors in one batch, eta {}, {} samples ({} for the first two "
      "rows), batches of {}; one thread\n",
      parameters / 1e6, options.anchors, options.eta, options.samples, options.slow_samples,
      options.batch);
  std::vector<Measured> all;
  std::vector<double> first_order;
  double cheap = 0;
  for (const Row& row : rows) {
    all.push_back(measure(row, *model, anchors, inputs, options));
    if (row.label != "forward_mode") continue;
    first_order = all.back().values;
    cheap = all.back().microseconds;
  }
  const Measured& reference = all.front();
  fmt::print("{:<34}{:>12}{:>15}{:>19}{:>11}{:>10}{:>10}{:>11}\n", "estimator", "us/sample",
             "one_step / it", "it / forward_mode", "prepare s", "peak MiB", "Spearman",
             "AUC right");
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const Measured& measured = all[i];
    fmt::print("{:<34}{:>12.0f}{:>15.1f}{:>19.2f}{:>11.2f}{:>10.0f}{:>10.3f}{:>11.2f}\n",
               rows[i].label, measured.microseconds, reference.microseconds / measured.microseconds,
               measured.microseconds / cheap, measured.prepare_seconds, measured.peak,
               spearman(reference.values, measured.values),
               1.0 - area_under_roc(measured.values, wrong));
  }
  std::fflush(stdout);
  if (options.sweep == std::vector<double>{0.0}) return;
  fmt::print("\nSpearman with one_step at other step lengths, and AUC of one_step there\n");
  fmt::print("{:<12}{:>14}{:>14}{:>12}\n", "eta", "first order", "second order", "AUC");
  for (const double length : options.sweep) {
    const config::Value value(length, {});
    const auto exact =
        measure({"one_step", "one_step", {{"eta", value}}, true}, *model, anchors, inputs, options);
    const auto second = measure({"second_order", "second_order", {{"eta", value}}, true}, *model,
                                anchors, inputs, options);
    fmt::print("{:<12}{:>14.3f}{:>14.3f}{:>12.2f}\n", length, spearman(exact.values, first_order),
               spearman(exact.values, second.values), 1.0 - area_under_roc(exact.values, wrong));
    std::fflush(stdout);
  }
}

}  // namespace
}  // namespace winnow

int main(int count, char** words) {
  using namespace winnow;
  CLI::App app("Measures the utility estimators: cost per sample, agreement with one_step");
  Options options;
  app.add_option("--model", options.model, "Folder of a micro model of this size");
  app.add_option("--width", options.width)->capture_default_str();
  app.add_option("--layers", options.layers)->capture_default_str();
  app.add_option("--heads", options.heads)->capture_default_str();
  app.add_option("--train", options.train, "Samples to train on without --model")
      ->capture_default_str();
  app.add_option("--samples", options.samples)->capture_default_str()->check(CLI::PositiveNumber);
  app.add_option("--slow-samples", options.slow_samples, "Samples of one_step and second_order")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  app.add_option("--anchors", options.anchors)->capture_default_str()->check(CLI::PositiveNumber);
  app.add_option("--batch", options.batch)->capture_default_str()->check(CLI::PositiveNumber);
  app.add_option("--eta", options.eta)->capture_default_str()->check(CLI::PositiveNumber);
  app.add_option("--without", options.without,
                 "Estimators to leave out; neither one_step nor forward_mode")
      ->delimiter(',');
  app.add_option("--sweep", options.sweep, "Other step lengths to compare at; 0: none")
      ->delimiter(',');
  CLI11_PARSE(app, count, words);
  try {
    run(options);
  } catch (const Error& error) {
    fmt::print(stderr, "{}\n", error.what());
    return error.exit_status();
  }
  return 0;
}
