// Speed of the model families on one thread: vision, prefill, decoding and training in tokens a
// second, the share of the matrix product's peak that they reach (MFU, the peak measured in the
// same run), scoring a sample on one shared prefix against the same work call by call, and what
// gradient checkpointing saves and costs.
//
//   build/release/tests/bench/models --benchmark_filter=training
//
// Multiplications counted: two FLOPs for each weight of a matrix and each token, attention over the
// tokens seen, the output layer where it is computed; training takes three times the forward pass.

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <opencv2/core.hpp>

#include "core/files.h"
#include "core/random.h"
#include "models/model_family.h"
#include "models/vision_language_model.h"
#include "peak_memory.h"
#include "support/cpu_time.h"
#include "support/one_thread.h"

namespace winnow {
namespace {

constexpr int kSharedAnswers = 5;
constexpr int kAnswerTokens = 32;

struct Size {
  const char* name;
  std::int64_t width, layers, heads, key_value_heads, vision_width, vision_layers;
};
constexpr Size kSizes[] = {{"1M", 128, 3, 4, 2, 64, 2}, {"20M", 512, 6, 8, 4, 192, 4}};
constexpr const char* kFamilies[] = {"qwen3_vl", "internvl"};

// Floating-point operations a second of the best of several matrix products, float32, one thread.
double matmul_peak() {
  static const double peak = [] {
    const torch::Tensor a = torch::randn({1024, 1024}), b = torch::randn({1024, 1024});
    double best = 0.0;
    for (int i = 0; i < 20; ++i) {
      const double begin = bench::cpu_seconds();
      benchmark::DoNotOptimize(torch::mm(a, b).data_ptr<float>());
      best = std::max(best, 2.0 * 1024 * 1024 * 1024 / (bench::cpu_seconds() - begin));
    }
    fmt::print(stderr, "matrix product: {:.1f} GFLOP/s on one thread\n", best / 1e9);
    return best;
  }();
  return peak;
}

std::unique_ptr<VisionLanguageModel> make_model(const char* family, const Size& size,
                                                bool checkpointing) {
  config::Value config;
  const auto set = [&](const char* key, std::int64_t value) {
    config.set(key, config::Value(value, {}));
  };
  config.set("type", config::Value(std::string(family), {}));
  set("width", size.width);
  set("layers", size.layers);
  set("heads", size.heads);
  set("key_value_heads", size.key_value_heads);
  set("vision_width", size.vision_width);
  set("vision_layers", size.vision_layers);
  config.set("gradient_checkpointing", config::Value(checkpointing, {}));
  config.set("freeze",
             config::Value(config::Value::Array{config::Value(std::string("vision"), {})}, {}));
  return models().create(config, "model")->create({read_file(WINNOW_SOURCE_DIR "/README.md")}, 1);
}

Frames clip(int frames) {
  cv::RNG noise(7);
  Frames result;
  result.kind = Media::Kind::video;
  for (int i = 0; i < frames; ++i) {
    result.images.emplace_back(128, 128, CV_8UC3);
    noise.fill(result.images.back(), cv::RNG::UNIFORM, 0, 255);
    result.timestamps.push_back(0.5 * i);
  }
  result.duration = 0.5 * frames;
  return result;
}

Sample question() {
  Sample sample;
  sample.id = "bench";
  sample.media.push_back({Media::Kind::video, {"clip.mp4"}, 0.0});
  sample.turns = {
      {Turn::Role::user, std::string(kMediaPlaceholder) +
                             "What does the program print when the pool is read once more?"},
      {Turn::Role::assistant, "It prints the table, with every stage taken from before."}};
  return sample;
}

// Weights of matrices that every token goes through: text layers, not embeddings, not the tower.
double text_weights(const VisionLanguageModel& model) {
  double count = 0.0;
  for (const auto& [name, tensor] : model.named_parameters()) {
    if (tensor.dim() == 2 && name.starts_with("text.layers.")) {
      count += static_cast<double>(tensor.numel());
    }
  }
  return count;
}

double forward_flops(const VisionLanguageModel& model, const Size& size, double batch,
                     double length, double output_tokens) {
  const double attention = 4.0 * static_cast<double>(size.layers * size.width) * length / 2.0;
  const double head =
      2.0 * static_cast<double>(size.width) * static_cast<double>(model.tokenizer().size());
  return batch * length * (2.0 * text_weights(model) + attention) + batch * output_tokens * head;
}

struct Bench {
  Bench(const char* family, const Size& size, int frames, bool checkpointing = false)
      : model(make_model(family, size, checkpointing)), sample(question()) {
    matmul_peak();
    const torch::NoGradGuard no_gradients;
    medium = model->preprocess(clip(frames));
    input = model->input(sample, model->encode_vision({medium}));
  }
  std::unique_ptr<VisionLanguageModel> model;
  Sample sample;
  PreprocessedMedium medium;
  ModelInput input;
};

// Processor time from here on; what a busy machine does beside it does not count.
class Meter {
 public:
  void report(benchmark::State& state, double tokens, double flops = 0.0) const {
    const double seconds = bench::cpu_seconds() - begin_;
    const auto iterations = static_cast<double>(state.iterations());
    state.counters["tokens/s"] = tokens * iterations / seconds;
    if (flops > 0.0) state.counters["MFU"] = flops * iterations / seconds / matmul_peak();
  }

 private:
  double begin_ = bench::cpu_seconds();
};

void encode(benchmark::State& state, const char* family, const Size& size) {
  Bench bench(family, size, static_cast<int>(state.range(0)));
  const torch::NoGradGuard no_gradients;
  const Meter meter;
  for (auto _ : state) bench.model->encode_vision({bench.medium});
  meter.report(state, static_cast<double>(bench.input.visual[0].tokens.size(0)));
}

void prefill(benchmark::State& state, const char* family, const Size& size) {
  Bench bench(family, size, static_cast<int>(state.range(0)));
  const torch::NoGradGuard no_gradients;
  const std::vector<ModelInput> batch(4, bench.input);
  const auto length = static_cast<double>(bench.input.length());
  const Meter meter;
  for (auto _ : state) bench.model->prefill(batch);
  meter.report(state, 4.0 * length, forward_flops(*bench.model, size, 4.0, length, 0.0));
}

void generate(benchmark::State& state, const char* family, const Size& size) {
  Bench bench(family, size, static_cast<int>(state.range(0)));
  const torch::NoGradGuard no_gradients;
  const auto prefix = bench.model->prefill({bench.input});
  const Meter meter;
  for (auto _ : state) {
    std::vector<RandomStream> streams = {RandomStream(1, "bench/decode")};
    bench.model->sample_answers(*prefix, kSharedAnswers, kAnswerTokens, 1.0, streams);
  }
  meter.report(state, kSharedAnswers * kAnswerTokens);
}

void train_on(VisionLanguageModel& model, const std::vector<ModelInput>& batch) {
  model.answer_loss(batch).mean().mean().backward();
  for (const auto& [name, tensor] : model.named_parameters()) {
    if (tensor.requires_grad()) tensor.mutable_grad() = torch::Tensor();
  }
}

void training(benchmark::State& state, const char* family, const Size& size) {
  Bench bench(family, size, 8);
  const auto examples = state.range(0);
  const std::vector<ModelInput> batch(static_cast<std::size_t>(examples), bench.input);
  double trained = 0.0;
  for (const std::int64_t label : bench.input.labels) trained += label != -100 ? 1.0 : 0.0;
  const Meter meter;
  for (auto _ : state) train_on(*bench.model, batch);
  const auto length = static_cast<double>(bench.input.length());
  meter.report(
      state, static_cast<double>(examples) * length,
      3.0 * forward_flops(*bench.model, size, static_cast<double>(examples), length, trained));
}

// Training whose blocks are computed again in the backward pass against plain training: `ratio` of
// the time, and the most memory that tensors take in a step, in MiB, gradients included.
void checkpointing(benchmark::State& state, const char* family, const Size& size) {
  Bench plain(family, size, 8), again(family, size, 8, true);
  const std::vector<ModelInput> batch(static_cast<std::size_t>(state.range(0)), plain.input);
  const auto mebibytes = [&](VisionLanguageModel& model) {
    const testing_support::PeakMemory memory;
    train_on(model, batch);
    return static_cast<double>(memory.bytes()) / (1 << 20);
  };
  state.counters["MiB"] = mebibytes(*again.model);
  state.counters["MiB_plain"] = mebibytes(*plain.model);
  double time = 0.0, plain_time = 0.0;
  for (auto _ : state) {
    const double begin = bench::cpu_seconds();
    train_on(*plain.model, batch);
    const double middle = bench::cpu_seconds();
    train_on(*again.model, batch);
    const double end = bench::cpu_seconds();
    plain_time += middle - begin;
    time += end - middle;
    state.SetIterationTime(end - middle);
  }
  state.counters["ratio"] = time / plain_time;
}

// Everything GDO's descriptors ask of a sample: loss with and without vision, five sampled answers,
// a yes-or-no probe. `ratio`: how many times as long it takes call by call.
void scoring(benchmark::State& state, const char* family, const Size& size) {
  Bench bench(family, size, static_cast<int>(state.range(0)));
  VisionLanguageModel& model = *bench.model;
  const torch::NoGradGuard no_gradients;
  const std::vector<std::vector<std::string>> answer = {{bench.sample.turns.back().text}},
                                              probe = {{"yes", "no"}};
  std::vector<RandomStream> streams = {RandomStream(1, "bench/scoring")};
  const auto seen = [&] { return model.input(bench.sample, model.encode_vision({bench.medium})); };
  double shared = 0.0, separate = 0.0;
  const auto blind_loss = [&] { model.answer_loss({model.blind_input(bench.sample)}); };
  for (auto _ : state) {
    const double begin = bench::cpu_seconds();
    const auto prefix = model.prefill({seen()});
    model.score_continuations(*prefix, answer);
    model.sample_answers(*prefix, kSharedAnswers, kAnswerTokens, 1.0, streams);
    model.score_continuations(*prefix, probe);
    blind_loss();
    const double middle = bench::cpu_seconds();
    model.answer_loss({seen()});
    blind_loss();
    for (int i = 0; i < kSharedAnswers; ++i) {
      model.sample_answers(*model.prefill({seen()}), 1, kAnswerTokens, 1.0, streams);
    }
    model.score_continuations(*model.prefill({seen()}), probe);
    const double end = bench::cpu_seconds();
    shared += middle - begin;
    separate += end - middle;
    state.SetIterationTime(middle - begin);
  }
  state.counters["ratio"] = separate / shared;
  state.counters["tokens"] = static_cast<double>(bench.input.length());
}

using Body = void (*)(benchmark::State&, const char*, const Size&);

void add(const char* what, Body body, const std::vector<std::int64_t>& arguments,
         bool manual = false) {
  for (const char* family : kFamilies) {
    for (const Size& size : kSizes) {
      auto* bench = benchmark::RegisterBenchmark(
          fmt::format("{}/{}/{}", what, family, size.name).c_str(),
          [=, &size](benchmark::State& state) { body(state, family, size); });
      for (const std::int64_t argument : arguments) bench->Arg(argument);
      bench->Unit(benchmark::kMillisecond);
      if (manual) bench->UseManualTime();
    }
  }
}

}  // namespace
}  // namespace winnow

int main(int count, char** arguments) {
  winnow::bench::use_one_thread();
  winnow::add("vision", winnow::encode, {8});
  winnow::add("prefill", winnow::prefill, {8});
  winnow::add("decode", winnow::generate, {8});
  winnow::add("training", winnow::training, {1, 8});
  winnow::add("checkpointing", winnow::checkpointing, {8}, true);
  winnow::add("scoring", winnow::scoring, {8, 16}, true);
  benchmark::Initialize(&count, arguments);
  if (benchmark::ReportUnrecognizedArguments(count, arguments)) return 2;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
}
