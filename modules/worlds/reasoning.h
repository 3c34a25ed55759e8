#pragma once
// The reasoning world: word problems about what an image shows, answered step by step, of which a
// stated share is corrupted. The stand-in for the mathematics pool of One-Step-Train (sections on
// its data and protocol).

#include <boost/describe.hpp>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "config/options.h"
#include "core/random.h"
#include "worlds/micro_world.h"
#include "worlds/scene.h"

namespace winnow::micro_world {

// What the pool is made of, but for its seed.
struct ReasoningPoolOptions {
  std::int64_t questions = 12000;
  double style_strength = 0.7;
  double wrong_share = 0.4;
};
BOOST_DESCRIBE_STRUCT(ReasoningPoolOptions, (), (questions, style_strength, wrong_share))
inline config::Help help(const ReasoningPoolOptions&) {
  return {{"questions", "problems in the pool", config::at_least(200)},
          {"style_strength", "how far the pool looks from the base style; 0: not at all",
           config::between(0, 2)},
          {"wrong_share", "share of problems with a wrong step or a wrong final answer",
           config::between(0, 0.8)}};
}

struct ReasoningOptions : ReasoningPoolOptions {
  std::int64_t seed = 1;
  std::int64_t questions_per_benchmark = 500;
};
BOOST_DESCRIBE_STRUCT(ReasoningOptions, (ReasoningPoolOptions), (seed, questions_per_benchmark))
inline config::Help help(const ReasoningOptions& options) {
  config::Help help_of_all = help(static_cast<const ReasoningPoolOptions&>(options));
  help_of_all.push_back({"seed", "seed of everything that is drawn", config::at_least(0)});
  help_of_all.push_back(
      {"questions_per_benchmark", "questions in each of the benchmarks", config::at_least(13)});
  return help_of_all;
}

enum class ProblemKind {
  together,    // objects of two shapes, added
  difference,  // how many more of one shape than of another
  taken,       // how many are left of all objects
  price,       // of all objects of two shapes
};
std::string to_string(ProblemKind kind);

enum class Corruption {
  none,
  misread,        // a count that is not what is to be seen, and all that follows from it
  miscalculated,  // a wrong result of right numbers, and all that follows from it
  miscopied,      // right steps, and another final answer
};
std::string to_string(Corruption corruption);  // "" for none

// What is asked of a scene. The numbers are those of the true solution.
struct Problem {
  ProblemKind kind = ProblemKind::together;
  std::string text;                         // of the question, as pools have it
  std::string rephrased;                    // the same asked in other words
  std::string first_things, second_things;  // plural shape names; the second is empty for `taken`
  std::int64_t first = 0, second = 0;       // how many of them; for `taken` how many are taken
  std::int64_t first_price = 0, second_price = 0;  // for `price`

  // The final answers that some scene has.
  std::vector<std::string> candidates() const;
};

inline constexpr std::size_t kProblemKinds = 4, kProblemsPerScene = 3;

// A problem of this kind about the scene; what it asks for is drawn.
Problem pose(const Scene& scene, ProblemKind kind, RandomStream& random);

// The steps and "The answer is N." in one line. Where it is corrupted, the wrong number is one off:
// one more where `upwards` and possible, else one less. `answer` gets the final answer.
std::string solve(const Problem& problem, Corruption corruption, bool upwards, RandomStream& random,
                  std::string& answer);

// How a right solution is told.
enum class Wording {
  pool,         // as solve() above has it
  told,         // "I count 2 circles and 1 square. Together these are 3. The answer is 3."
  answer_alone  // "The answer is 3."
};
std::string solve(const Problem& problem, Wording wording);

// Fills `folder` (which exists) as write_world() does, with the benchmarks `internal` (as the pool,
// all clean) and `external` (in the base style and other words). A benchmark's rows have the whole
// right solution in `solution`. Labels: HiddenLabel with the source, the kind of problem as type
// and the corruption as `wrong`.
WorldSummary write_reasoning_world(const ReasoningOptions& options,
                                   const std::filesystem::path& folder);

// Its parts, as those of write_world(). `part`: "internal", "external"; or "held_out", as
// write_reasoning_held_out has it. Throws ConfigError for another part.
WorldSummary write_reasoning_pool(const ReasoningOptions& options,
                                  const std::filesystem::path& folder);
void write_reasoning_benchmark(const ReasoningOptions& options, const std::string& part,
                               const std::filesystem::path& folder);

// held_out.jsonl with its images: problems as the pool's, all clean, about scenes of their own.
void write_reasoning_held_out(const ReasoningOptions& options, std::int64_t questions,
                              const std::filesystem::path& folder);

}  // namespace winnow::micro_world
