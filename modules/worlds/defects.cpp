#include "worlds/defects.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <functional>

#include "core/errors.h"
#include "worlds/planting.h"

namespace winnow::micro_world {
namespace {

// {a} is the answer, {q} the question.
const std::vector<std::string>& hints() {
  static const std::vector<std::string> all = {"The answer is {a}. {q}",
                                               "It is {a}, as everyone knows. {q}",
                                               "{q} Hint: {a}.", "{q} (The answer is {a}.)"};
  return all;
}

const std::vector<std::string>& wordy_answers() {
  static const std::vector<std::string> all = {
      "Looking closely at what is shown here, I would say that the answer is {a}.",
      "That is a good question, and after a careful look the answer to it is {a}.",
      "As can be seen when one looks at it for a while, it is {a}, without any doubt.",
      "The answer is {a}, because that is what can be seen here when looking closely."};
  return all;
}

std::string fill(std::string text, const std::string& mark, const std::string& value) {
  const auto at = text.find(mark);
  assert(at != std::string::npos);
  return text.replace(at, mark.size(), value);
}

std::string another_candidate(const Question& question, RandomStream& random) {
  std::vector<std::string> others;
  for (const std::string& candidate : question.candidates) {
    if (candidate != question.answer) others.push_back(candidate);
  }
  return random.choose(others);
}

std::vector<std::int64_t> rows_by_source(const PoolPlan& plan,
                                         const std::function<bool(const PlannedRow&)>& counts) {
  std::vector<std::int64_t> result(source_profiles().size(), 0);
  for (const PlannedRow& row : plan.rows) result[row.source] += counts(row) ? 1 : 0;
  return result;
}

template <class Weight>
std::vector<double> weights_of(Weight weight) {
  std::vector<double> result;
  for (const SourceProfile& profile : source_profiles()) result.push_back(profile.*weight);
  return result;
}

// The rows of each source for which `eligible` holds, in an order drawn for `name`.
std::vector<std::vector<std::size_t>> shuffled_rows(
    const PoolPlan& plan, const MicroWorldOptions& options, const std::string& name,
    const std::function<bool(const PlannedRow&)>& eligible) {
  std::vector<std::vector<std::size_t>> rows(source_profiles().size());
  for (std::size_t i = 0; i < plan.rows.size(); ++i) {
    if (eligible(plan.rows[i])) rows[plan.rows[i].source].push_back(i);
  }
  for (std::size_t source = 0; source < rows.size(); ++source) {
    RandomStream random(static_cast<std::uint64_t>(options.seed),
                        "world/defect/" + name + "/" + source_profiles()[source].name);
    random.shuffle(rows[source]);
  }
  return rows;
}

std::size_t rounded(double probability, std::size_t count) {
  return static_cast<std::size_t>(std::llround(probability * static_cast<double>(count)));
}

// Draws wrong rows among those of one kind (temporal or not). Rows to which a source's habitual
// mistake applies come first until systematic_share of the wrong ones are of that kind.
void draw_wrong(PoolPlan& plan, const MicroWorldOptions& options, bool temporal, double share) {
  const auto of_kind = [temporal](const PlannedRow& row) {
    return is_temporal(row.question.type) == temporal;
  };
  const auto weights =
      temporal ? weights_of(&SourceProfile::wrong_temporal) : weights_of(&SourceProfile::wrong);
  const auto probabilities = spread(share, weights, rows_by_source(plan, of_kind),
                                    temporal ? "wrong_temporal_share" : "wrong_share");
  const std::vector<int> confusion = confused_colours(static_cast<std::uint64_t>(options.seed));
  // A near-duplicate says what its original says, so originals are drawn.
  const auto rows =
      shuffled_rows(plan, options, temporal ? "wrong_temporal" : "wrong",
                    [&](const PlannedRow& row) { return of_kind(row) && !row.near_duplicate; });
  for (std::size_t source = 0; source < rows.size(); ++source) {
    const WrongKind habit = source_profiles()[source].habit;
    RandomStream random(static_cast<std::uint64_t>(options.seed),
                        std::string("world/wrong_answer/") + (temporal ? "temporal/" : "static/") +
                            source_profiles()[source].name);
    const std::size_t wanted = rounded(probabilities[source], rows[source].size());
    std::size_t systematic = rounded(options.systematic_share, wanted);
    std::size_t drawn = 0;
    for (const std::size_t index : rows[source]) {
      PlannedRow& row = plan.rows[index];
      if (systematic == 0 || drawn == wanted) break;
      const std::string mistaken = mistaken_answer(habit, row.question, confusion, random);
      if (mistaken.empty()) continue;
      row.wrong = habit;
      row.given_answer = mistaken;
      --systematic;
      ++drawn;
    }
    for (const std::size_t index : rows[source]) {
      PlannedRow& row = plan.rows[index];
      if (drawn == wanted) break;
      if (row.wrong != WrongKind::none) continue;
      row.wrong = WrongKind::random;
      row.given_answer = another_candidate(row.question, random);
      ++drawn;
    }
  }
}

void copy_answers_to_duplicates(PoolPlan& plan) {
  for (PlannedRow& row : plan.rows) {
    if (!row.near_duplicate) continue;
    const PlannedRow& original = plan.rows[static_cast<std::size_t>(row.duplicate_group)];
    row.wrong = original.wrong;
    row.given_answer = original.given_answer;
  }
}

void draw_flag(PoolPlan& plan, const MicroWorldOptions& options, double share,
               double SourceProfile::*weight, bool PlannedRow::*flag, const std::string& name) {
  const auto all = [](const PlannedRow&) { return true; };
  const auto probabilities =
      spread(share, weights_of(weight), rows_by_source(plan, all), name + "_share");
  const auto rows = shuffled_rows(plan, options, name, all);
  for (std::size_t source = 0; source < rows.size(); ++source) {
    const std::size_t wanted = rounded(probabilities[source], rows[source].size());
    for (std::size_t i = 0; i < wanted; ++i) plan.rows[rows[source][i]].*flag = true;
  }
}

}  // namespace

std::string to_string(WrongKind kind) {
  switch (kind) {
    case WrongKind::none:
      return "";
    case WrongKind::random:
      return "random";
    case WrongKind::reversed_time:
      return "reversed_time";
    case WrongKind::mirrored:
      return "mirrored";
    case WrongKind::confused_colours:
      return "confused_colours";
    case WrongKind::off_by_one:
      return "off_by_one";
  }
  return "";
}

std::vector<int> confused_colours(std::uint64_t seed) {
  RandomStream random(seed, "world/confused_colours");
  const auto cycle = random.sample_indices(kColours, kColours);
  std::vector<int> result(kColours);
  for (std::size_t i = 0; i < cycle.size(); ++i) {
    result[cycle[i]] = static_cast<int>(cycle[(i + 1) % cycle.size()]);
  }
  return result;
}

std::string mistaken_answer(WrongKind habit, const Question& question,
                            const std::vector<int>& confusion, RandomStream& random) {
  const auto place_in = [&](const std::vector<std::string>& names) {
    return std::find(names.begin(), names.end(), question.answer) - names.begin();
  };
  switch (habit) {
    case WrongKind::none:
    case WrongKind::random:
      return "";
    case WrongKind::reversed_time:
      return question.answer_reversed;
    case WrongKind::mirrored:
      if (question.answer == "left") return "right";
      if (question.answer == "right") return "left";
      return "";
    case WrongKind::confused_colours: {
      const auto colour = static_cast<std::size_t>(place_in(colour_names()));
      if (colour == colour_names().size()) return "";
      return colour_names()[static_cast<std::size_t>(confusion[colour])];
    }
    case WrongKind::off_by_one: {
      const auto number = place_in(number_words());
      if (number == static_cast<std::ptrdiff_t>(number_words().size())) return "";
      std::vector<std::string> near;
      for (const std::ptrdiff_t other : {number - 1, number + 1}) {
        if (other < 0 || other >= static_cast<std::ptrdiff_t>(number_words().size())) continue;
        const std::string& word = number_words()[static_cast<std::size_t>(other)];
        const auto& candidates = question.candidates;
        if (std::find(candidates.begin(), candidates.end(), word) != candidates.end()) {
          near.push_back(word);
        }
      }
      return random.choose(near);
    }
  }
  return "";
}

void add_defects(PoolPlan& plan, const MicroWorldOptions& options) {
  for (PlannedRow& row : plan.rows) row.given_answer = row.question.answer;
  double temporal = 0;
  for (const PlannedRow& row : plan.rows) temporal += is_temporal(row.question.type) ? 1 : 0;
  const double rows = static_cast<double>(plan.rows.size());
  const double static_wrong = options.wrong_share * rows - options.wrong_temporal_share * temporal;
  if (static_wrong < 0) {
    throw ConfigError("wrong_share (" + std::to_string(options.wrong_share) +
                      ") is less than what wrong_temporal_share (" +
                      std::to_string(options.wrong_temporal_share) +
                      ") alone contributes; raise the one or lower the other");
  }
  draw_wrong(plan, options, true, options.wrong_temporal_share);
  draw_wrong(plan, options, false, static_wrong / (rows - temporal));
  copy_answers_to_duplicates(plan);
  draw_flag(plan, options, options.blind_share, &SourceProfile::blind, &PlannedRow::blind, "blind");
  draw_flag(plan, options, options.verbose_share, &SourceProfile::verbose, &PlannedRow::verbose,
            "verbose");
  for (PlannedRow& row : plan.rows) {
    if (row.wrong != WrongKind::none) row.decided |= kSkill | kScene | kTruth;
    if (row.near_duplicate || row.duplicate_group >= 0) row.decided |= kSkill | kScene;
    if (row.blind) row.decided |= kWording;
    if (row.verbose) row.decided |= kForm;
  }
}

void word_rows(PoolPlan& plan, const MicroWorldOptions& options) {
  for (std::size_t i = 0; i < plan.rows.size(); ++i) {
    RandomStream random(static_cast<std::uint64_t>(options.seed),
                        "world/wording/" + std::to_string(i));
    PlannedRow& row = plan.rows[i];
    row.text = row.question.text;
    if (row.media.size() == 2) {
      row.text = (row.asked_medium == 0 ? "In picture one: " : "In picture two: ") + row.text;
    }
    if (row.blind) {
      row.text = with_hint(row.text, row.given_answer, random);
    }
    row.answer = row.verbose ? fill(random.choose(wordy_answers()), "{a}", row.given_answer)
                             : row.given_answer;
  }
}

void answer_wrongly(PlannedRow& row, const MicroWorldOptions& options, RandomStream& random) {
  const WrongKind habit = source_profiles()[row.source].habit;
  std::string mistaken;
  if (row.other_type.empty() && random.chance(options.systematic_share)) {
    mistaken = mistaken_answer(habit, row.question,
                               confused_colours(static_cast<std::uint64_t>(options.seed)), random);
  }
  row.wrong = mistaken.empty() ? WrongKind::random : habit;
  row.given_answer = mistaken.empty() ? another_candidate(row.question, random) : mistaken;
}

std::string with_hint(const std::string& question, const std::string& answer,
                      RandomStream& random) {
  return fill(fill(random.choose(hints()), "{a}", answer), "{q}", question);
}

}  // namespace winnow::micro_world
