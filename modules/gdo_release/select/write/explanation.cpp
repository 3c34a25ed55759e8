#include "gdo_release/select/write/explanation.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "core/errors.h"

namespace winnow::gdo_release {
namespace {

// What of the selection concerns one pair.
class PairCase {
 public:
  PairCase(const ExplanationInput& input, std::uint32_t number)
      : input_(input),
        number_(number),
        pair_(input.pool.candidates[number]),
        stratum_(input.pool.strata[pair_.stratum].name()) {
    for (std::size_t i = 0; i < input.plan.strata.size(); ++i) {
      if (input.plan.strata[i].name == stratum_) plan_ = i;
    }
    const auto& taken = input.subset.candidates;
    const auto found = std::find(taken.begin(), taken.end(), number);
    if (found != taken.end()) place_ = static_cast<std::size_t>(found - taken.begin());
  }

  std::string text() const {
    const std::string& stage =
        place_ ? input_.subset.stages.entries()[input_.subset.stage_of[*place_]].name : stratum_;
    std::string text = place_ ? fmt::format("TAKEN by stage '{}', as number {} of {}\n", stage,
                                            *place_ + 1, input_.subset.candidates.size())
                              : "NOT TAKEN: " + why_not() + "\n";
    std::int64_t rows = 0, better = 0, taken = 0;
    const double own = input_.score(pair_).score;
    for (std::size_t i = 0; i < input_.pool.candidates.size(); ++i) {
      const Candidate& other = input_.pool.candidates[i];
      if (!shares_stratum(other)) continue;
      ++rows;
      better += input_.score(other).score > own ? 1 : 0;
    }
    for (const std::uint32_t other : input_.subset.candidates) {
      taken += shares_stratum(input_.pool.candidates[other]) ? 1 : 0;
    }
    text += fmt::format("  stratum  {}: {} pairs, quota {}, {} taken\n", stratum_, rows,
                        plan_ ? input_.plan.strata[*plan_].quota : 0, taken);
    text += fmt::format("  rank     {} of {} there, source {}, line {}\n", better + 1, rows,
                        input_.pool.sources.entries()[pair_.source].name, pair_.line);
    return text + terms();
  }

 private:
  bool shares_stratum(const Candidate& other) const {
    return other.stratum == pair_.stratum || input_.pool.strata[other.stratum].name() == stratum_;
  }

  // The first rule of the release that keeps the pair out.
  std::string why_not() const {
    std::int64_t of_video = 0;
    for (const std::uint32_t other : input_.subset.candidates) {
      const Candidate& taken = input_.pool.candidates[other];
      if (taken.uid == pair_.uid) return fmt::format("line {} with its uid was taken", taken.line);
      if (taken.text == pair_.text) {
        return fmt::format("line {} with its question and answer was taken", taken.line);
      }
      of_video += pair_.is_video() && pair_.video != 0 && taken.video == pair_.video ? 1 : 0;
    }
    if (of_video >= input_.max_qa_per_video) {
      return fmt::format("{} pairs of its video were taken, which is max_qa_per_video", of_video);
    }
    if (!plan_ || input_.plan.strata[*plan_].heap_size <= 0) {
      return "its stratum's quota rounds to 0, so no pairs of it are kept as candidates";
    }
    const auto& heap = input_.pass.heaps[*plan_];
    const bool kept = std::any_of(heap.begin(), heap.end(), [&](const RankedCandidate& ranked) {
      return ranked.candidate == number_;
    });
    if (!kept) {
      return fmt::format("the {} best of its stratum are kept, and it is not among them",
                         heap.size());
    }
    if (pair_.is_video() && input_.subset.videos >= input_.plan.max_video_count) {
      return fmt::format("{} videos are taken, which is the most there may be",
                         input_.subset.videos);
    }
    return "the rows were all taken before its turn: strata are filled in the order of the pool, "
           "what is left goes to the highest scores";
  }

  std::string terms() const {
    const ScoreParts own = input_.score(pair_);
    // The pair at the border: the lowest score that was taken.
    std::optional<ScoreParts> border;
    for (const std::uint32_t other : input_.subset.candidates) {
      const ScoreParts parts = input_.score(input_.pool.candidates[other]);
      const bool same_kind = input_.pool.candidates[other].is_video() == pair_.is_video();
      if (same_kind && (!border || parts.score < border->score)) border = parts;
    }
    std::string text = fmt::format("  {:<21}{:>11}{}\n", "term", "this pair",
                                   border ? fmt::format("{:>28}", "lowest taken of its kind") : "");
    const auto line = [&](const char* name, double value, double ScoreParts::*member) {
      text += fmt::format("  {:<21}{:>+11.4f}{}\n", name, value,
                          border ? fmt::format("{:>+28.4f}", (*border).*member) : "");
    };
    line("base_score", own.base, &ScoreParts::base);
    line("legacy_vds3", own.vds3, &ScoreParts::vds3);
    line("legacy_quality_score", own.quality, &ScoreParts::quality);
    line("score", own.score, &ScoreParts::score);
    return text;
  }

  const ExplanationInput& input_;
  const std::uint32_t number_;
  const Candidate& pair_;
  const std::string stratum_;
  std::optional<std::size_t> plan_, place_;
};

}  // namespace

std::string explain_pair(const ExplanationInput& input, const std::string& uid) {
  const std::uint64_t key = key_of(uid);
  std::string text;
  for (std::size_t i = 0; i < input.pool.candidates.size(); ++i) {
    if (input.pool.candidates[i].uid != key) continue;
    text += (text.empty() ? "" : "\n") + PairCase(input, static_cast<std::uint32_t>(i)).text();
  }
  if (!text.empty()) return text;
  std::string excluded;
  for (const NamedCount& reason : input.pool.excluded.entries()) {
    excluded += fmt::format("{}{} by {}", excluded.empty() ? "" : ", ", reason.count, reason.name);
  }
  throw DataError(
      fmt::format("no pair has the uid '{}' among {} candidates (uids are as in subset.jsonl: "
                  "ov::ID::tTURN for "
                  "images, vv::ID::tTURN for videos){}",
                  uid, input.pool.candidates.size(),
                  excluded.empty() ? "" : "; left out by the exclusion references: " + excluded));
}

}  // namespace winnow::gdo_release
