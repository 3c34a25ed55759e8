// An upper bound, not a method: it reads the micro world's hidden labels. If training on its rows
// does not reach a large uniform draw, no selector could have.

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <unordered_map>

#include "selectors/apportion.h"
#include "selectors/budget.h"
#include "selectors/candidates.h"
#include "worlds/micro_world.h"

namespace winnow {

struct OracleOptions : BudgetOptions {
  std::filesystem::path labels;
  std::optional<double> video_share;
  bool static_videos = false;
};
BOOST_DESCRIBE_STRUCT(OracleOptions, (BudgetOptions), (labels, video_share, static_videos))
inline config::Help help(const OracleOptions&) {
  return help_with_budget(
      {{"labels", "the world's labels.jsonl"},
       {"video_share",
        "share of video rows; without it every question type of either modality gets as many",
        config::between(0, 1)},
       {"static_videos", "whether videos in which nothing happens may be taken"}});
}

namespace {

class Oracle : public Selector {
 public:
  explicit Oracle(OracleOptions options) : options_(std::move(options)) {
    options_.check("oracle");
  }

  std::vector<std::string> required_columns() const override { return {}; }
  bool reads_hidden_labels() const override { return true; }

  Selection select(const SampleTable& table, std::uint64_t seed) const override {
    if (options_.labels.empty()) {
      throw ConfigError(
          "selector oracle: the pool has no hidden labels; selector.labels names a file of them, "
          "as "
          "a generated pool has it (labels.jsonl)");
    }
    std::unordered_map<std::string, micro_world::HiddenLabel> labels;
    for (auto& label : micro_world::read_hidden_labels(options_.labels)) {
      std::string id = label.id;
      labels.emplace(std::move(id), std::move(label));
    }
    Selection selection;
    const auto rows =
        candidate_rows(table, seed, "selector/oracle", selection, [&](std::size_t row) {
          return reject(label_of(labels, std::string(table.rows().id(row))));
        });

    // Rows in hash order, one of each group of duplicates.
    Groups groups;
    std::set<std::int64_t> seen;
    for (const auto row : rows) {
      const auto& label = label_of(labels, std::string(table.rows().id(row)));
      if (label.duplicate_group >= 0 && !seen.insert(label.duplicate_group).second) {
        selection.exclude(row, "repeats a question about a scene");
        continue;
      }
      groups[{table.rows().modality(row) == Modality::video, label.type}].push_back(row);
    }
    std::int64_t available = 0;
    for (const auto& [key, members] : groups)
      available += static_cast<std::int64_t>(members.size());
    const std::int64_t budget = options_.of(distinct_rows(table, selection), "oracle");
    require_rows("oracle", budget, available, selection);

    std::map<Group, std::int64_t> taken;
    if (options_.video_share) {
      const auto videos =
          static_cast<std::int64_t>(*options_.video_share * static_cast<double>(budget) + 0.5);
      take(groups, true, videos, selection, taken);
      take(groups, false, budget - videos, selection, taken);
    } else {
      take(groups, std::nullopt, budget, selection, taken);
    }
    for (const auto& [key, members] : groups) {
      selection.account.rank_rows((key.first ? "video, " : "still, ") + key.second, members,
                                  taken[key], taken[key]);
    }
    return selection;
  }

 private:
  using Group = std::pair<bool, std::string>;  // video or not, question type
  using Groups = std::map<Group, std::vector<std::size_t>>;

  const micro_world::HiddenLabel& label_of(
      const std::unordered_map<std::string, micro_world::HiddenLabel>& labels,
      const std::string& id) const {
    const auto found = labels.find(id);
    if (found == labels.end()) {
      throw DataError(
          fmt::format("{} has no label for row '{}' of the pool; it belongs to another world",
                      options_.labels.string(), id));
    }
    return found->second;
  }

  std::string reject(const micro_world::HiddenLabel& label) const {
    if (!label.wrong.empty()) return "wrong answer";
    if (label.near_duplicate) return "near duplicate";
    if (label.blind) return "answered by its own question";
    if (label.verbose) return "verbose answer";
    if (label.static_video && !options_.static_videos) return "static video";
    return "";
  }

  // Takes `total` rows of groups of the modality (or any), equally over question types.
  static void take(const Groups& groups, std::optional<bool> video, std::int64_t total,
                   Selection& selection, std::map<Group, std::int64_t>& taken) {
    std::vector<Group> keys;
    std::vector<std::int64_t> sizes;
    std::int64_t available = 0;
    for (const auto& [key, rows] : groups) {
      if (video && key.first != *video) continue;
      keys.push_back(key);
      sizes.push_back(static_cast<std::int64_t>(rows.size()));
      available += sizes.back();
    }
    if (available < total) {
      throw ConstraintError(fmt::format(
          "selector oracle: video_share asks for {} {} rows, but only {} are clean: {} short",
          total, *video ? "video" : "other", available, total - available));
    }
    const auto quotas = apportion(total, std::vector<double>(sizes.size(), 1.0), sizes,
                                  std::vector<double>(sizes.size(), 0.0));
    for (std::size_t g = 0; g < keys.size(); ++g) {
      taken[keys[g]] = quotas[g];
      for (std::int64_t i = 0; i < quotas[g]; ++i) {
        selection.rows.emplace_back(groups.at(keys[g])[static_cast<std::size_t>(i)], 0.0, "clean");
      }
    }
  }

  OracleOptions options_;
};

const bool registered = selectors().add<Oracle, OracleOptions>(
    "oracle", "clean rows by the micro world's hidden labels: an upper bound, not a method");

}  // namespace
}  // namespace winnow
