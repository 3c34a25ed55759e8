#include "gdo_release/select/fill/second_pass.h"

#include <algorithm>
#include <cmath>

#include "gdo_release/select/scan/key_table.h"

namespace winnow::gdo_release {
namespace {

// A total order, so that sorting is safe whatever the weights make of a score: what is no number
// comes last.
bool is_better(const RankedCandidate& left, const RankedCandidate& right) {
  const bool left_nan = std::isnan(left.score), right_nan = std::isnan(right.score);
  if (left_nan != right_nan) return right_nan;
  if (!left_nan && left.score != right.score) return left.score > right.score;
  return left.tie > right.tie;
}

// For each of the pool's strata its heap, or null for one that keeps no candidates.
struct HeapPlace {
  std::vector<RankedCandidate>* heap = nullptr;
  std::size_t size = 0;
};

std::vector<HeapPlace> heap_places(const CandidatePool& pool, const SelectionPlan& plan,
                                   std::vector<std::vector<RankedCandidate>>& heaps) {
  OrderedCounts known;
  for (const StratumPlan& stratum : plan.strata) known.add(stratum.name);
  std::vector<HeapPlace> places(pool.strata.size());
  for (std::size_t i = 0; i < places.size(); ++i) {
    const std::size_t place = known.place(pool.strata[i].name());
    if (place == plan.strata.size() || plan.strata[place].heap_size <= 0) continue;
    places[i] = {&heaps[place], static_cast<std::size_t>(plan.strata[place].heap_size)};
  }
  return places;
}

}  // namespace

SecondPass second_pass(const CandidatePool& pool, const SelectionPlan& plan, const Score& score,
                       std::int64_t seed) {
  SecondPass result{std::vector<std::vector<RankedCandidate>>(plan.strata.size()),
                    {},
                    {},
                    0,
                    python::Random(seed)};
  const std::vector<HeapPlace> places = heap_places(pool, plan, result.heaps);
  const auto capacity = static_cast<std::size_t>(plan.reservoir_size);
  const std::size_t count = pool.candidates.size();
  result.reservoir.reserve(std::min(capacity, count));
  for (std::size_t i = 0; i < count; ++i) {
    const Candidate& candidate = pool.candidates[i];
    const auto number = static_cast<std::uint32_t>(i);
    result.with_metrics += candidate.metric != KeyTable::kNone;
    const double tie = result.random.random();
    if (result.reservoir.size() < capacity) {
      result.reservoir.push_back(number);
    } else if (capacity > 0) {
      const std::uint64_t place = result.random.below(i + 1);
      if (place < capacity) result.reservoir[place] = number;
    }
    const auto& [heap, size] = places[candidate.stratum];
    if (heap == nullptr) continue;
    const RankedCandidate ranked{score(candidate).score, tie, number};
    if (heap->size() < size) {
      heap->push_back(ranked);
      std::push_heap(heap->begin(), heap->end(), is_better);
    } else if (ranked.score > heap->front().score) {  // an equal score stays out, whatever its tie
      std::pop_heap(heap->begin(), heap->end(), is_better);
      heap->back() = ranked;
      std::push_heap(heap->begin(), heap->end(), is_better);
    }
  }
  for (auto& heap : result.heaps) {
    std::sort_heap(heap.begin(), heap.end(), is_better);
    result.all.insert(result.all.end(), heap.begin(), heap.end());
  }
  std::sort(result.all.begin(), result.all.end(), is_better);
  return result;
}

}  // namespace winnow::gdo_release
