#include <algorithm>

#include "worlds/planting.h"

namespace winnow::micro_world {
namespace {

constexpr int kAttempts = 40;

class NearDuplicate : public Property {
 public:
  std::string help() const override {
    return "it asks what another row of its source asks, of the same scene seen again";
  }
  unsigned parts() const override { return kScene; }
  bool plant(std::size_t row, const Planting& planting) const override {
    const std::size_t original = find_original(row, planting);
    if (original == row) return false;
    PlannedRow& repeated = planting.plan.rows[original];
    repeated.duplicate_group = static_cast<std::int64_t>(original);
    repeated.decided |= kScene;
    PlannedRow& planned = planting.plan.rows[row];
    PlannedMedium medium = planting.plan.media[repeated.media[0]];
    // The file's kind is the row's own.
    medium.file = planting.plan.media[planned.media[0]].file;
    medium.scene = seen_again(medium.scene, planting.random);
    planned.media[0] = planting.plan.media.size();
    planting.plan.media.push_back(std::move(medium));
    planting.ask(planned, repeated.question);
    planned.static_video = repeated.static_video;
    planned.near_duplicate = true;
    planned.duplicate_group = repeated.duplicate_group;
    return true;
  }

 private:
  // Rows of a source are neighbours in the plan. Returns `row` where none was found.
  static std::size_t find_original(std::size_t row, const Planting& planting) {
    const std::vector<PlannedRow>& rows = planting.plan.rows;
    const std::size_t source = rows[row].source;
    const auto of_source = [&](const PlannedRow& other) { return other.source == source; };
    const auto first = std::find_if(rows.begin(), rows.end(), of_source);
    const auto end = std::find_if_not(first, rows.end(), of_source);
    const auto begin = static_cast<std::size_t>(first - rows.begin());
    const auto count = static_cast<std::uint64_t>(end - first);
    for (int attempt = 0; attempt < kAttempts; ++attempt) {
      const std::size_t other = begin + planting.random.below(count);
      const PlannedRow& candidate = rows[other];
      const bool is_original = candidate.duplicate_group == static_cast<std::int64_t>(other);
      const bool is_free = (candidate.decided & kScene) == 0;
      const bool is_plain = candidate.media.size() == 1 && candidate.earlier_turns.empty();
      if (other != row && is_plain && (is_original || is_free)) return other;
    }
    return row;
  }
};

const bool registered = add_property<NearDuplicate>("near_duplicate");

}  // namespace
}  // namespace winnow::micro_world
