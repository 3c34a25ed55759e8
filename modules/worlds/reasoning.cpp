#include "worlds/reasoning.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cassert>

namespace winnow::micro_world {
namespace {

constexpr std::int64_t kMostObjects = 4, kMostCoins = 4;

const std::array<std::string, kShapes>& plurals() {
  static const std::array<std::string, kShapes> names = {"circles", "squares", "triangles",
                                                         "crosses"};
  return names;
}

std::string singular(const std::string& things) {
  for (std::size_t i = 0; i < kShapes; ++i) {
    if (plurals()[i] == things) return shape_names()[i];
  }
  assert(false);
  return {};
}

std::array<std::int64_t, kShapes> counts_of(const Scene& scene) {
  std::array<std::int64_t, kShapes> counts{};
  for (const SceneObject& object : scene.objects) ++counts[static_cast<std::size_t>(object.shape)];
  return counts;
}

// Two different shapes, the first of them to be seen.
std::pair<std::size_t, std::size_t> draw_shapes(const std::array<std::int64_t, kShapes>& counts,
                                                RandomStream& random) {
  std::vector<std::size_t> seen, others;
  for (std::size_t i = 0; i < kShapes; ++i) {
    if (counts[i] > 0) seen.push_back(i);
  }
  const std::size_t first = random.choose(seen);
  // One that is there, too, in most cases where there is one.
  const bool present = seen.size() > 1 && random.chance(0.8);
  for (std::size_t i = 0; i < kShapes; ++i) {
    if (i != first && (!present || counts[i] > 0)) others.push_back(i);
  }
  return {first, random.choose(others)};
}

std::int64_t one_off(std::int64_t value, bool upwards) {
  return upwards || value == 0 ? value + 1 : value - 1;
}

std::string count_of(std::int64_t count, const std::string& things) {
  return fmt::format("{} {}", count, count == 1 ? singular(things) : things);
}

}  // namespace

std::string to_string(ProblemKind kind) {
  static const std::array<std::string, 4> names = {"together", "difference", "taken", "price"};
  return names.at(static_cast<std::size_t>(kind));
}

std::string to_string(Corruption corruption) {
  static const std::array<std::string, 4> names = {"", "misread", "miscalculated", "miscopied"};
  return names.at(static_cast<std::size_t>(corruption));
}

std::vector<std::string> Problem::candidates() const {
  const std::int64_t most = kind == ProblemKind::price ? kMostObjects * kMostCoins : kMostObjects;
  std::vector<std::string> result;
  for (std::int64_t value = 0; value <= most; ++value) result.push_back(std::to_string(value));
  return result;
}

Problem pose(const Scene& scene, ProblemKind kind, RandomStream& random) {
  const auto counts = counts_of(scene);
  Problem problem;
  problem.kind = kind;
  auto [a, b] = draw_shapes(counts, random);
  if (kind == ProblemKind::difference && counts[a] < counts[b]) std::swap(a, b);
  problem.first_things = plurals()[a];
  problem.second_things = plurals()[b];
  problem.first = counts[a];
  problem.second = counts[b];
  const std::string &x = problem.first_things, &y = problem.second_things;
  const bool other_way = random.chance(0.5);
  switch (kind) {
    case ProblemKind::together:
      problem.text =
          fmt::format(fmt::runtime(other_way ? "What is the number of {} and {} together?"
                                             : "How many {} and {} are there?"),
                      x, y);
      problem.rephrased = fmt::format("Count the {} and the {} together.", x, y);
      break;
    case ProblemKind::difference:
      problem.text = fmt::format(fmt::runtime(other_way ? "There are how many more {} than {}?"
                                                        : "How many more {} than {} are there?"),
                                 x, y);
      problem.rephrased = fmt::format("Are there more {} than {}, and how many more?", x, y);
      break;
    case ProblemKind::taken:
      problem.second_things.clear();
      problem.first = static_cast<std::int64_t>(scene.objects.size());
      problem.second = random.integer(1, problem.first);
      problem.text =
          fmt::format(fmt::runtime(other_way ? "How many objects are left without {} of them?"
                                             : "How many objects are left when {} are taken away?"),
                      problem.second);
      problem.rephrased =
          fmt::format("When {} objects are taken away, how many are there?", problem.second);
      break;
    case ProblemKind::price:
      problem.first_price = random.integer(1, kMostCoins);
      problem.second_price = random.integer(1, kMostCoins);
      problem.text = fmt::format(
          fmt::runtime(
              other_way
                  ? "The price of {} is {} and of {} it is {}. What is the price of all of them?"
                  : "{} cost {} and {} cost {}. What do they cost together?"),
          x, problem.first_price, y, problem.second_price);
      problem.rephrased = fmt::format("What is the price of all {} at {} and all {} at {}?", x,
                                      problem.first_price, y, problem.second_price);
      break;
  }
  return problem;
}

std::string solve(const Problem& problem, Corruption corruption, bool upwards, RandomStream& random,
                  std::string& answer) {
  std::int64_t first = problem.first, second = problem.second;
  const bool takes = problem.kind == ProblemKind::taken;
  if (corruption == Corruption::misread) {
    // The counts that were read off the image; what is taken is given in the question.
    std::int64_t& misread = takes || random.chance(0.5) ? first : second;
    misread = one_off(misread, upwards);
  }
  // Which of the calculations goes wrong.
  std::int64_t wrong_one = corruption != Corruption::miscalculated ? -1
                           : problem.kind == ProblemKind::price    ? random.integer(0, 2)
                                                                   : 0;
  const auto result = [&](std::int64_t right) {
    return wrong_one-- == 0 ? one_off(right, upwards) : right;
  };
  std::string steps =
      takes ? fmt::format("There {} {} object{}.", first == 1 ? "is" : "are", first,
                          first == 1 ? "" : "s")
            : fmt::format("There are {} and {}.", count_of(first, problem.first_things),
                          count_of(second, problem.second_things));
  std::int64_t final_value = 0;
  const auto calculate = [&](std::int64_t a, const char* sign, std::int64_t b, std::int64_t right) {
    final_value = result(right);
    steps += fmt::format(" {} {} {} is {}.", a, sign, b, final_value);
    return final_value;
  };
  switch (problem.kind) {
    case ProblemKind::together:
      calculate(first, "plus", second, first + second);
      break;
    case ProblemKind::difference:
    case ProblemKind::taken:
      // A misread count may be less than what is taken from it; nobody owes objects.
      calculate(first, "minus", second, std::max<std::int64_t>(0, first - second));
      break;
    case ProblemKind::price: {
      const std::int64_t a =
          calculate(first, "times", problem.first_price, first * problem.first_price);
      const std::int64_t b =
          calculate(second, "times", problem.second_price, second * problem.second_price);
      calculate(a, "plus", b, a + b);
      break;
    }
  }
  if (corruption == Corruption::miscopied) final_value = one_off(final_value, upwards);
  answer = std::to_string(final_value);
  return fmt::format("{} The answer is {}.", steps, answer);
}

std::string solve(const Problem& problem, Wording wording) {
  RandomStream unused(0, "reasoning/right");  // a right solution draws nothing
  std::string answer;
  const std::string steps = solve(problem, Corruption::none, true, unused, answer);
  if (wording == Wording::pool) return steps;
  const std::string end = "The answer is " + answer + ".";
  if (wording == Wording::answer_alone) return end;
  if (problem.kind == ProblemKind::taken) {
    return fmt::format("I count {} in all. {} of them go and {} stay. {}", problem.first,
                       problem.second, answer, end);
  }
  const std::string first = count_of(problem.first, problem.first_things);
  const std::string second = count_of(problem.second, problem.second_things);
  switch (problem.kind) {
    case ProblemKind::together:
      return fmt::format("I count {} and {}. Together these are {}. {}", first, second, answer,
                         end);
    case ProblemKind::difference:
      return fmt::format("I count {} and {}. From {} to {} it is {}. {}", first, second,
                         problem.second, problem.first, answer, end);
    default:
      return fmt::format("I count {} for {} and {} for {}. All of them cost {} and {}. {}", first,
                         problem.first * problem.first_price, second,
                         problem.second * problem.second_price, problem.first * problem.first_price,
                         problem.second * problem.second_price, end);
  }
}

}  // namespace winnow::micro_world
