// What OpenBLAS's kernels are worth on this processor, each in a process of its own: float32
// products and a training step of the micro model on one thread, and the ratio of winnow's choice
// to each. "library" is what OpenBLAS takes by itself. Rounds alternate between kernels and the
// best of each counts, in processor time, so that a busy machine is busy for all.
//
//   build/release/tests/bench/blas_kernels --rounds 5

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <sstream>

#include "core/blas_kernel.h"
#include "core/errors.h"
#include "support/cpu_time.h"
#include "support/micro_scenes.h"
#include "support/one_thread.h"

namespace winnow {
namespace {

constexpr std::array<std::int64_t, 6> kSizes = {64, 128, 256, 512, 768, 1024};
constexpr std::int64_t kBatch = 16;

// Seconds of one call, the best of several stretches.
template <class Work>
double best_seconds(const Work& work) {
  constexpr int kStretches = 4;
  constexpr double kStretch = 0.05;
  work();
  double best = 1e9;
  for (int i = 0; i < kStretches; ++i) {
    const double begin = bench::cpu_seconds();
    double elapsed = 0.0;
    int calls = 0;
    for (; elapsed < kStretch; ++calls) {
      work();
      elapsed = bench::cpu_seconds() - begin;
    }
    best = std::min(best, elapsed / calls);
  }
  return best;
}

// Billions of operations a second.
double product_rate(std::int64_t size) {
  const torch::NoGradGuard no_gradients;
  const torch::Tensor a = torch::randn({size, size}), b = torch::randn({size, size});
  torch::Tensor c = torch::empty({size, size});
  const double flops = 2.0 * static_cast<double>(size * size * size);
  return flops / best_seconds([&] { torch::mm_out(c, a, b); }) / 1e9;
}

// Samples a second of forward and backward pass of a batch, visual features given.
double training_rate() {
  micro::MicroModel model{micro::MicroOptions{}};
  const auto corpus = bench::corpus_of(1, 4 * kBatch);
  model.initialise(micro::WordTokenizer::train(bench::texts_of(corpus), 1024), 1);
  std::vector<ModelInput> batch;
  for (std::size_t i = 0; i < kBatch; ++i) {
    const auto scene = corpus.at(i * corpus.size() / kBatch);
    batch.push_back(bench::input_of(model, scene.sample, scene.frames));
  }
  const double seconds = best_seconds([&] {
    model.answer_loss(batch).mean().mean().backward();
    for (const auto& [name, tensor] : model.named_parameters())
      tensor.mutable_grad() = torch::Tensor();
  });
  return static_cast<double>(kBatch) / seconds;
}

struct Rates {
  std::string core;
  std::array<double, kSizes.size() + 1> values{};  // products by size, then training
};

void print_rates() {
  bench::use_one_thread();
  fmt::print("{}", OpenBlas::loaded().core());
  for (const std::int64_t size : kSizes) fmt::print(" {}", product_rate(size));
  fmt::print(" {}\n", training_rate());
}

// Of this program in a process with that environment.
Rates rates_with(const std::string& assignment) {
  const std::string program = std::filesystem::read_symlink("/proc/self/exe");
  FILE* pipe = ::popen(fmt::format("{} '{}' --print", assignment, program).c_str(), "r");
  if (pipe == nullptr) throw IoError("no process can be started");
  std::string text;
  for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe)) text += static_cast<char>(c);
  const int status = ::pclose(pipe);
  Rates rates;
  std::istringstream words(text);
  words >> rates.core;
  for (double& value : rates.values) words >> value;
  if (status != 0 || !words)
    throw DataError("the process with '" + assignment + "' failed: " + text);
  return rates;
}

struct Row {
  std::string label, assignment;
  Rates best;
};

std::vector<Row> rows() {
  const BlasKernel& kernel = blas_kernel();
  if (kernel.choice == BlasKernel::Choice::none) {
    throw ConfigError("LibTorch has no OpenBLAS here: there are no kernels to compare");
  }
  if (kernel.choice == BlasKernel::Choice::user) {
    throw ConfigError("OPENBLAS_CORETYPE is set: unset it, so that winnow's choice is compared");
  }
  std::vector<Row> rows;
  for (const std::string core : {"Prescott", "Haswell", "Zen", "SkylakeX"}) {
    const bool runs = vector_unit_of_core(core) <= this_processor().vectors;
    if (runs && OpenBlas::loaded().has_core(core)) {
      rows.push_back({core, "OPENBLAS_CORETYPE=" + core, {}});
    }
  }
  const bool changed = kernel.choice == BlasKernel::Choice::winnow;
  rows.push_back({"library", changed ? "OPENBLAS_CORETYPE=" + kernel.first_core : "", {}});
  rows.push_back({"winnow", "", {}});
  return rows;
}

void compare(int rounds) {
  std::vector<Row> all = rows();
  for (int round = 0; round < rounds; ++round) {
    for (Row& row : all) {
      const Rates rates = rates_with(row.assignment);
      row.best.core = rates.core;
      for (std::size_t i = 0; i < rates.values.size(); ++i) {
        row.best.values[i] = std::max(row.best.values[i], rates.values[i]);
      }
    }
  }
  fmt::print("{}, {}\n{}\n", processor_name(), name_of(this_processor().vectors),
             OpenBlas::loaded().config());
  fmt::print("\n{:<10}{:<12}", "chosen by", "core");
  for (const std::int64_t size : kSizes) fmt::print("{:>8}", size);
  fmt::print("{:>12}{:>10}\n{:<22}{:>8}{:>52}{:>10}\n", "training", "winnow /", "", "GFLOP/s",
             "samples/s", "this");
  const double chosen = all.back().best.values.back();
  for (const Row& row : all) {
    fmt::print("{:<10}{:<12}", row.label == row.best.core ? "variable" : row.label, row.best.core);
    for (std::size_t i = 0; i < kSizes.size(); ++i) fmt::print("{:>8.1f}", row.best.values[i]);
    fmt::print("{:>12.0f}{:>10.2f}\n", row.best.values.back(), chosen / row.best.values.back());
  }
}

}  // namespace
}  // namespace winnow

int main(int count, char** words) {
  using namespace winnow;
  CLI::App app("Measures OpenBLAS's kernels on this processor");
  int rounds = 3;
  bool print = false;
  app.add_option("--rounds", rounds)->capture_default_str()->check(CLI::PositiveNumber);
  app.add_flag("--print", print, "Print the rates of this process alone");
  CLI11_PARSE(app, count, words);
  try {
    if (print) {
      print_rates();
    } else {
      compare(rounds);
    }
  } catch (const Error& error) {
    fmt::print(stderr, "{}\n", error.what());
    return error.exit_status();
  }
  return 0;
}
