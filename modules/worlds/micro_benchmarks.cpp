// The benchmark types `micro_world` and `micro_reasoning`: parts of the generated worlds.

#include "benchmarks/benchmark.h"
#include "benchmarks/question_reader.h"
#include "worlds/micro_world.h"
#include "worlds/reasoning.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;

// A trailing underscore: C++ reserves the words.
enum class MicroWorldPart { short_, mixed, long_, ultra, held_out };
BOOST_DESCRIBE_ENUM(MicroWorldPart, short_, mixed, long_, ultra, held_out)
enum class ReasoningPart { internal, external, held_out };
BOOST_DESCRIBE_ENUM(ReasoningPart, internal, external, held_out)

const char* const kQuestionsHelp = "questions it has";
const char* const kStyleHelp =
    "how far it looks from the base style; as the pool's, for a benchmark of that pool";

struct MicroWorldBenchmarkOptions {
  MicroWorldPart part = MicroWorldPart::mixed;
  std::int64_t questions = 750;
  double style_strength = 1.0;
};
BOOST_DESCRIBE_STRUCT(MicroWorldBenchmarkOptions, (), (part, questions, style_strength))
config::Help help(const MicroWorldBenchmarkOptions&) {
  return {
      {"part",
       "clips of 8 frames (short); images and clips of 8 and 16 (mixed); clips of 16 (long), of "
       "24 (ultra); all of these (held_out)"},
      {"questions", kQuestionsHelp, config::at_least(13)},
      {"style_strength", kStyleHelp, config::between(0, 2)}};
}

struct ReasoningBenchmarkOptions {
  ReasoningPart part = ReasoningPart::internal;
  std::int64_t questions = 500;
  double style_strength = 0.7;
};
BOOST_DESCRIBE_STRUCT(ReasoningBenchmarkOptions, (), (part, questions, style_strength))
config::Help help(const ReasoningBenchmarkOptions&) {
  return {{"part",
           "as the pool asks (internal); in the base style and other words (external); as the pool "
           "asks, of scenes of its own (held_out)"},
          {"questions", kQuestionsHelp, config::at_least(13)},
          {"style_strength", kStyleHelp, config::between(0, 2)}};
}

// `WorldOptions`, `write`: of the generator.
template <class Options, class WorldOptions, auto write>
class GeneratedBenchmark : public Benchmark {
 public:
  GeneratedBenchmark(std::string type, const Options& options)
      : type_(std::move(type)), table_(config::to_value(options)) {
    world_.questions_per_benchmark = options.questions;
    world_.style_strength = options.style_strength;
  }

  config::Value identity(std::uint64_t seed) const override {
    config::Value value = table_;
    value.set("type", config::Value(type_, {}));
    value.set("seed", config::Value(static_cast<std::int64_t>(seed), {}));
    return value;
  }
  bool is_generated() const override { return true; }
  void make(std::uint64_t seed, const fs::path& folder) const override {
    WorldOptions options = world_;
    options.seed = static_cast<std::int64_t>(seed);
    write(options, part(), folder);
  }
  std::vector<Question> questions(const fs::path& folder) const override {
    QuestionReaderOptions options;
    options.answer_form = AnswerForm::text;
    return read_questions(folder / (part() + ".jsonl"), options);
  }

 private:
  // As the config writes it.
  const std::string& part() const { return table_.at("part").string(); }

  std::string type_;
  config::Value table_;
  WorldOptions world_;
};

class MicroWorldBenchmark
    : public GeneratedBenchmark<MicroWorldBenchmarkOptions, micro_world::MicroWorldOptions,
                                micro_world::write_benchmark> {
 public:
  explicit MicroWorldBenchmark(const MicroWorldBenchmarkOptions& options)
      : GeneratedBenchmark("micro_world", options) {}
};

class ReasoningBenchmark
    : public GeneratedBenchmark<ReasoningBenchmarkOptions, micro_world::ReasoningOptions,
                                micro_world::write_reasoning_benchmark> {
 public:
  explicit ReasoningBenchmark(const ReasoningBenchmarkOptions& options)
      : GeneratedBenchmark("micro_reasoning", options) {}
};

const bool micro_world_registered =
    benchmarks().add<MicroWorldBenchmark, MicroWorldBenchmarkOptions>(
        "micro_world", "multiple choice about generated scenes, with clean labels");
const bool reasoning_registered = benchmarks().add<ReasoningBenchmark, ReasoningBenchmarkOptions>(
    "micro_reasoning", "word problems about generated images, solved step by step");

}  // namespace
}  // namespace winnow
