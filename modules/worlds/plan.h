#pragma once
// The pool on paper: which source asks what of which scene, and with which defect. Nothing is
// rendered yet.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "worlds/micro_world.h"

namespace winnow::micro_world {

enum class WrongKind { none, random, reversed_time, mirrored, confused_colours, off_by_one };
std::string to_string(WrongKind kind);  // "" for none

// One source's character. The weights say how a defect is spread over the sources; their total is
// set by MicroWorldOptions.
struct SourceProfile {
  std::string name;  // says nothing about its defects
  bool video = false;
  int questions_per_scene = 3;
  double wrong = 0, wrong_temporal = 0;                                 // weights
  WrongKind habit = WrongKind::none;                                    // its systematic mistake
  double near_duplicate = 0, blind = 0, verbose = 0, static_video = 0;  // weights
};
// Image sources first, each kind in order of size.
const std::vector<SourceProfile>& source_profiles();

enum class FileKind { png, jpeg, mp4, jpeg_frames };

struct PlannedMedium {
  Scene scene;
  std::size_t source = 0;
  FileKind file = FileKind::png;
  double style_share = 1.0;           // of the way from the base style to the pool's
  std::optional<int> frozen_at = {};  // the frame that every frame of the clip shows
};

struct PlannedRow {
  std::size_t source = 0;
  std::vector<std::size_t> media;  // one, or two images
  std::size_t asked_medium = 0;    // which of them the question is about
  Question question;
  std::vector<Question> earlier_turns;  // truthfully answered
  WrongKind wrong = WrongKind::none;
  std::string given_answer;  // what the row says, before any wordiness
  std::string text;          // of the question, hints included
  std::string answer;        // as written
  bool blind = false, verbose = false, static_video = false, near_duplicate = false;
  std::int64_t duplicate_group = -1;
  std::string other_type;  // of a question that is none of the base world's; empty: question.type
  std::map<std::string, double> planted;  // properties by name, with their strength (planting.h)
  unsigned decided = 0;                   // Parts that something has decided

  bool is_temporal() const { return other_type.empty() && micro_world::is_temporal(question.type); }
};

struct PoolPlan {
  std::vector<PlannedMedium> media;
  std::vector<PlannedRow> rows;  // by source
};

// Throws ConfigError when the wanted shares cannot be reached together.
PoolPlan plan_pool(const MicroWorldOptions& options);

// A permutation without fixed points: which colour a source takes each colour for.
std::vector<int> confused_colours(std::uint64_t seed);

// The answer a habitual mistake leads to; empty when it does not apply to the question.
std::string mistaken_answer(WrongKind habit, const Question& question,
                            const std::vector<int>& confusion, RandomStream& random);

// Probabilities p_i = min(0.95, f * weight_i) with sum(p_i * count_i) = share * sum(count_i).
// Throws ConfigError naming `option` when no f reaches it.
std::vector<double> spread(double share, const std::vector<double>& weights,
                           const std::vector<std::int64_t>& counts, const std::string& option);

}  // namespace winnow::micro_world
