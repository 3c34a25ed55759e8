#include "gdo_release/select/fill/fill.h"

#include <algorithm>
#include <string>
#include <utility>

#include "gdo_release/select/scan/key_table.h"
#include "gdo_release/text/text.h"

namespace winnow::gdo_release {
namespace {

// How many pairs of each video were taken.
class VideoCounts {
 public:
  // Whether another pair of the candidate's video may be taken.
  bool has_room(const Candidate& candidate, std::int64_t maximum) const {
    if (!candidate.is_video() || candidate.video == 0) return true;
    const std::uint32_t place = videos_.find(candidate.video);
    return (place == KeyTable::kNone ? 0 : counts_[place]) < maximum;
  }
  void take(const Candidate& candidate) {
    if (!candidate.is_video() || candidate.video == 0) return;
    const std::uint32_t place = videos_.add(candidate.video);
    if (place == counts_.size()) counts_.push_back(0);
    ++counts_[place];
  }

 private:
  KeyTable videos_;
  std::vector<std::int64_t> counts_;
};

class Filler {
 public:
  Filler(const CandidatePool& pool, const SelectionPlan& plan, const SecondPass& pass,
         std::int64_t max_qa_per_video)
      : pool_(pool), plan_(plan), pass_(pass), max_qa_per_video_(max_qa_per_video) {
    OrderedCounts known;
    for (const StratumPlan& stratum : plan.strata) known.add(stratum.name);
    for (const Stratum& stratum : pool.strata) {
      const std::string group = normalize_text(stratum.source_group);
      groups_.add(group);
      strata_.push_back({known.place(stratum.name()), groups_.place(group),
                         stratum.video && plan.temporal_categories.contains(stratum.temporal)});
    }
    taken_of_stratum_.resize(plan.strata.size() + 1);
  }

  Subset fill() {
    hard_constraints();
    for (std::size_t i = 0; i < plan_.strata.size() && !is_full(); ++i) {
      const std::int64_t need = plan_.strata[i].quota - taken_of_stratum_[i];
      if (plan_.strata[i].quota > 0) from(pass_.heaps[i], need, "stratum_quota");
    }
    from(pass_.all, room(), "global_tail");
    for (std::size_t i = 0; i < pass_.reservoir.size() && !is_full(); ++i) {
      take(pass_.reservoir[i], "reservoir_fallback");
    }
    return std::move(subset_);
  }

 private:
  struct StratumFacts {
    std::size_t plan = 0;          // its place in plan.strata, or their number
    std::size_t source_group = 0;  // its place in groups_
    bool temporal_video = false;
  };

  void hard_constraints() {
    const auto keep_floor = [&](const std::string& constraint, const std::string& stage,
                                std::int64_t missing, const auto& belongs) {
      for (const RankedCandidate& ranked : pass_.all) {
        if (missing <= 0 || is_full()) break;
        const Candidate& candidate = pool_.candidates[ranked.candidate];
        if (belongs(candidate) && take(ranked.candidate, stage)) --missing;
      }
      if (missing > 0) subset_.unmet.add(constraint, missing);
    };
    keep_floor(
        "temporal_video_min", "hard_temporal_video", plan_.min_temporal_video_count,
        [&](const Candidate& candidate) { return strata_[candidate.stratum].temporal_video; });
    keep_floor("video_min", "hard_video", plan_.min_video_count - subset_.videos,
               [](const Candidate& candidate) { return candidate.is_video(); });
    for (const NamedCount& floor : plan_.source_group_floors) {
      const std::size_t group = groups_.place(floor.name);
      keep_floor("source_group::" + floor.name, "hard_source_group::" + floor.name,
                 floor.count - subset_.source_groups.count(floor.name),
                 [&](const Candidate& candidate) {
                   return strata_[candidate.stratum].source_group == group;
                 });
    }
  }

  std::int64_t room() const {
    return plan_.target_count - static_cast<std::int64_t>(subset_.candidates.size());
  }
  bool is_full() const { return room() <= 0; }

  void from(const std::vector<RankedCandidate>& ranked, std::int64_t need,
            const std::string& stage) {
    for (std::size_t i = 0; i < ranked.size() && need > 0 && !is_full(); ++i) {
      if (take(ranked[i].candidate, stage)) --need;
    }
  }

  bool take(std::uint32_t number, const std::string& stage) {
    const Candidate& candidate = pool_.candidates[number];
    if (uids_.contains(candidate.uid) || texts_.contains(candidate.text)) return false;
    if (candidate.is_video() && subset_.videos >= plan_.max_video_count) return false;
    if (!videos_.has_room(candidate, max_qa_per_video_)) return false;
    subset_.candidates.push_back(number);
    uids_.add(candidate.uid);
    texts_.add(candidate.text);
    videos_.take(candidate);
    const StratumFacts& stratum = strata_[candidate.stratum];
    ++taken_of_stratum_[stratum.plan];
    subset_.source_groups.add(groups_.entries()[stratum.source_group].name);
    if (candidate.is_video()) {
      ++subset_.videos;
      subset_.temporal_videos.add(pool_.strata[candidate.stratum].temporal);
    }
    subset_.stages.add(stage);
    subset_.stage_of.push_back(static_cast<std::uint32_t>(subset_.stages.place(stage)));
    return true;
  }

  const CandidatePool& pool_;
  const SelectionPlan& plan_;
  const SecondPass& pass_;
  const std::int64_t max_qa_per_video_;
  OrderedCounts groups_;  // normalised names
  std::vector<StratumFacts> strata_;
  std::vector<std::int64_t> taken_of_stratum_;
  KeyTable uids_, texts_;
  VideoCounts videos_;
  Subset subset_;
};

}  // namespace

Subset fill_subset(const CandidatePool& pool, const SelectionPlan& plan, const SecondPass& pass,
                   std::int64_t max_qa_per_video) {
  return Filler(pool, plan, pass, max_qa_per_video).fill();
}

Baseline draw_baseline(const CandidatePool& pool, const SelectionPlan& plan, SecondPass& pass,
                       std::int64_t max_qa_per_video) {
  Baseline baseline;
  std::vector<std::uint32_t>& drawn = baseline.candidates;
  if (plan.random_target_count <= 0) return baseline;
  std::vector<std::uint32_t> shuffled = std::move(pass.reservoir);
  pass.random.shuffle(shuffled);
  const auto most = std::min(static_cast<std::size_t>(plan.random_target_count), shuffled.size());
  KeyTable uids(most), texts(most);
  drawn.reserve(most);
  VideoCounts videos;
  const auto is_full = [&] {
    return static_cast<std::int64_t>(drawn.size()) >= plan.random_target_count;
  };
  constexpr std::size_t kAhead = 8;
  for (const bool distinct_texts : {true, false}) {
    for (std::size_t i = 0; i < shuffled.size() && !is_full(); ++i) {
      if (i + kAhead < shuffled.size()) pool.prefetch(shuffled[i + kAhead]);
      const Candidate& candidate = pool.candidates[shuffled[i]];
      if (uids.contains(candidate.uid)) continue;
      if (distinct_texts && texts.contains(candidate.text)) continue;
      if (!videos.has_room(candidate, max_qa_per_video)) continue;
      drawn.push_back(shuffled[i]);
      uids.add(candidate.uid);
      texts.add(candidate.text);
      videos.take(candidate);
    }
  }
  baseline.repeats = !is_full();
  for (std::size_t i = 0; i < shuffled.size() && !is_full(); ++i) drawn.push_back(shuffled[i]);
  return baseline;
}

}  // namespace winnow::gdo_release
