#include "selectors/allocation.h"

#include <algorithm>
#include <deque>
#include <limits>

namespace winnow {
namespace {

// Rewards and fines of a unit of flow. Deviating from the desired counts costs at most 2 * 16 a
// unit, less than any constraint; a relaxed constraint yields to a hard one, and leaving budget
// unused is worse than a hard constraint only when the budget is hard itself.
constexpr std::int64_t kRelaxed = 10'000;
constexpr std::int64_t kBudgetRelaxed = 1'000'000;
constexpr std::int64_t kHard = 100'000'000;
constexpr std::int64_t kBudgetHard = 1'000'000'000'000;

// Successive shortest paths; paths by a queue-based Bellman-Ford, as costs may be negative.
class Flow {
 public:
  explicit Flow(std::size_t nodes) : outgoing_(nodes) {}

  std::size_t add(std::size_t from, std::size_t to, std::int64_t capacity, std::int64_t cost) {
    outgoing_[from].push_back(edges_.size());
    edges_.push_back({to, capacity, cost});
    outgoing_[to].push_back(edges_.size());
    edges_.push_back({from, 0, -cost});
    return edges_.size() - 2;
  }

  void push(std::size_t source, std::size_t sink, std::int64_t amount) {
    constexpr auto infinite = std::numeric_limits<std::int64_t>::max() / 4;
    while (amount > 0) {
      std::vector<std::int64_t> distance(outgoing_.size(), infinite);
      std::vector<std::size_t> arrived_by(outgoing_.size());
      std::vector<bool> queued(outgoing_.size(), false);
      std::deque<std::size_t> queue = {source};
      distance[source] = 0;
      while (!queue.empty()) {
        const std::size_t node = queue.front();
        queue.pop_front();
        queued[node] = false;
        for (const std::size_t e : outgoing_[node]) {
          const Edge& edge = edges_[e];
          if (edge.capacity == 0 || distance[node] + edge.cost >= distance[edge.to]) continue;
          distance[edge.to] = distance[node] + edge.cost;
          arrived_by[edge.to] = e;
          if (!queued[edge.to]) {
            queued[edge.to] = true;
            queue.push_back(edge.to);
          }
        }
      }
      if (distance[sink] == infinite) return;
      std::int64_t step = amount;
      for (std::size_t node = sink; node != source; node = edges_[arrived_by[node] ^ 1].to) {
        step = std::min(step, edges_[arrived_by[node]].capacity);
      }
      for (std::size_t node = sink; node != source; node = edges_[arrived_by[node] ^ 1].to) {
        edges_[arrived_by[node]].capacity -= step;
        edges_[arrived_by[node] ^ 1].capacity += step;
      }
      amount -= step;
    }
  }

  std::int64_t flow_of(std::size_t edge) const { return edges_[edge ^ 1].capacity; }

 private:
  struct Edge {
    std::size_t to;
    std::int64_t capacity, cost;
  };
  std::vector<Edge> edges_;  // an edge and its reverse at 2k and 2k + 1
  std::vector<std::vector<std::size_t>> outgoing_;
};

// Edges from source to kind whose cost rises with the relative distance from `desired`.
std::vector<std::size_t> add_cell(Flow& flow, std::size_t from, std::size_t to,
                                  std::int64_t available, std::int64_t desired) {
  struct Piece {
    double up_to;  // times `desired`
    std::int64_t cost;
  };
  static constexpr Piece pieces[] = {{.25, -16}, {.5, -12}, {.7, -8},  {.8, -6}, {.9, -4},
                                     {.95, -2},  {1, -1},   {1.05, 1}, {1.1, 2}, {1.2, 4},
                                     {1.4, 6},   {2, 8},    {4, 12}};
  std::vector<std::size_t> edges;
  std::int64_t placed = 0;
  for (const auto& piece : pieces) {
    const auto limit = std::min(
        available, static_cast<std::int64_t>(piece.up_to * static_cast<double>(desired) + 0.5));
    if (limit > placed) edges.push_back(flow.add(from, to, limit - placed, piece.cost));
    placed = std::max(placed, limit);
  }
  if (available > placed) edges.push_back(flow.add(from, to, available - placed, 16));
  return edges;
}

// A connection that should carry at least `floor` and at most `cap`.
void add_bounded(Flow& flow, std::size_t from, std::size_t to, std::int64_t floor, std::int64_t cap,
                 bool floor_relaxed, bool cap_relaxed, std::int64_t infinite) {
  if (floor > 0) flow.add(from, to, floor, -(floor_relaxed ? kRelaxed : kHard));
  if (cap > floor) flow.add(from, to, cap - floor, 0);
  flow.add(from, to, infinite, cap_relaxed ? kRelaxed : kHard);
}

}  // namespace

RowKind kind_of(const RowTable& rows, std::size_t row) {
  if (rows.modality(row) != Modality::video) return RowKind::still;
  return rows.question_type(row) == "temporal" ? RowKind::temporal : RowKind::video;
}

std::vector<ConstraintReport> judge(const Constraints& constraints,
                                    const std::vector<KindCounts>& counts) {
  KindCounts kinds{};
  std::vector<std::int64_t> sources;
  for (const auto& of_source : counts) {
    sources.push_back(0);
    for (std::size_t k = 0; k < kRowKinds; ++k) {
      kinds[k] += of_source[k];
      sources.back() += of_source[k];
    }
  }
  const std::int64_t videos = kinds[1] + kinds[2];
  std::vector<ConstraintReport> reports;
  const auto add = [&](const std::string& name, std::int64_t wanted, std::int64_t achieved,
                       bool met) {
    reports.push_back({name, static_cast<double>(wanted), static_cast<double>(achieved), met});
  };
  add("budget", constraints.budget, kinds[0] + videos, kinds[0] + videos == constraints.budget);
  if (constraints.video_minimum > 0) {
    add("video_share_minimum", constraints.video_minimum, videos,
        videos >= constraints.video_minimum);
  }
  if (constraints.video_maximum < constraints.budget) {
    add("video_share_maximum", constraints.video_maximum, videos,
        videos <= constraints.video_maximum);
  }
  if (constraints.temporal_minimum > 0) {
    add("temporal_share_minimum", constraints.temporal_minimum, kinds[2],
        kinds[2] >= constraints.temporal_minimum);
  }
  for (std::size_t s = 0; s < sources.size(); ++s) {
    if (constraints.source_floor[s] > 0) {
      add("source_floors/" + constraints.source_names[s], constraints.source_floor[s], sources[s],
          sources[s] >= constraints.source_floor[s]);
    }
    if (constraints.source_cap[s] < constraints.budget) {
      add("source_share_maximum/" + constraints.source_names[s], constraints.source_cap[s],
          sources[s], sources[s] <= constraints.source_cap[s]);
    }
  }
  return reports;
}

std::vector<KindCounts> allocate(const Constraints& constraints,
                                 const std::vector<KindCounts>& available,
                                 const std::vector<KindCounts>& desired,
                                 const std::set<std::string>& relaxed) {
  const std::size_t sources = available.size();
  const std::size_t start = 0, end = 1, still = 2, video = 3, temporal = 4, videos = 5, first = 6;
  const std::int64_t all = constraints.budget;
  Flow flow(first + sources);
  std::vector<std::array<std::vector<std::size_t>, kRowKinds>> cells(sources);
  for (std::size_t s = 0; s < sources; ++s) {
    add_bounded(flow, start, first + s, constraints.source_floor[s], constraints.source_cap[s],
                relaxed.count("source_floors") > 0, relaxed.count("source_share_maximum") > 0, all);
    for (std::size_t k = 0; k < kRowKinds; ++k) {
      cells[s][k] = add_cell(flow, first + s, still + k, available[s][k], desired[s][k]);
    }
  }
  flow.add(still, end, all, 0);
  flow.add(video, videos, all, 0);
  add_bounded(flow, temporal, videos, constraints.temporal_minimum, all,
              relaxed.count("temporal_share_minimum") > 0, true, all);
  add_bounded(flow, videos, end, constraints.video_minimum, constraints.video_maximum,
              relaxed.count("video_share_minimum") > 0, relaxed.count("video_share_maximum") > 0,
              all);
  flow.add(start, end, all, relaxed.count("budget") > 0 ? kBudgetRelaxed : kBudgetHard);
  flow.push(start, end, all);

  std::vector<KindCounts> result(sources, KindCounts{});
  for (std::size_t s = 0; s < sources; ++s) {
    for (std::size_t k = 0; k < kRowKinds; ++k) {
      for (const auto edge : cells[s][k]) result[s][k] += flow.flow_of(edge);
    }
  }
  return result;
}

}  // namespace winnow
