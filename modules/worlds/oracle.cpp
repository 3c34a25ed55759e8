// An upper bound, not a method: it reads hidden labels (pool/hidden_labels.h). If training on its
// rows does not reach a large uniform draw, no selector could have.

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <filesystem>
#include <map>
#include <set>
#include <sstream>
#include <unordered_map>

#include "core/errors.h"
#include "core/files.h"
#include "selectors/apportion.h"
#include "selectors/budget.h"
#include "selectors/candidates.h"
#include "worlds/planting.h"

namespace winnow {

struct OracleOptions : BudgetOptions {
  std::filesystem::path labels;
  std::optional<double> video_share;
  bool static_videos = false;
};
BOOST_DESCRIBE_STRUCT(OracleOptions, (BudgetOptions), (labels, video_share, static_videos))
inline config::Help help(const OracleOptions&) {
  return help_with_budget(
      {{"labels",
        "file of hidden labels; a row is clean that has none of wrong, near_duplicate, blind, "
        "verbose, static_video, nor an ill that generated pools plant (`winnow list "
        "table`)"},
       {"video_share",
        "share of video rows; without it every question type of either modality gets as many",
        config::between(0, 1)},
       {"static_videos", "whether videos in which nothing happens may be taken"}});
}

namespace {

// What a generated pool says of a row, or a user of his own: whatever is not said is not so.
struct OracleLabel {
  bool wrong = false, near_duplicate = false, blind = false, verbose = false, static_video = false;
  std::string planted_ill;            // one that it has, of those that can be planted
  std::string type;                   // of the question; empty: not said
  std::int64_t duplicate_group = -1;  // rows of one group ask the same of the same scene
};

OracleLabel label_from(const boost::json::object& row) {
  const auto flag = [&](const char* key) {
    const boost::json::value* value = row.if_contains(key);
    if (value == nullptr || value->is_null()) return false;
    return value->is_string() ? !value->as_string().empty() : value->as_bool();
  };
  OracleLabel label;
  label.wrong = flag("wrong");
  label.near_duplicate = flag("near_duplicate");
  label.blind = flag("blind");
  label.verbose = flag("verbose");
  label.static_video = flag("static_video");
  for (const auto& [key, value] : row) {
    const std::string name(key);
    if (micro_world::is_planted_ill(name) && flag(name.c_str())) label.planted_ill = name;
  }
  if (const auto* type = row.if_contains("type")) label.type = type->as_string();
  if (const auto* group = row.if_contains("duplicate_group")) {
    label.duplicate_group = group->to_number<std::int64_t>();
  }
  return label;
}

struct OracleLabels {
  std::filesystem::path file;
  std::unordered_map<std::string, OracleLabel> by_id;

  const OracleLabel& of(std::string_view id) const {
    const auto found = by_id.find(std::string(id));
    if (found != by_id.end()) return found->second;
    throw DataError(fmt::format(
        "{} has no label for row '{}' of the pool; it belongs to another one", file.string(), id));
  }
};

OracleLabels read_labels(const std::filesystem::path& file) {
  OracleLabels labels{file, {}};
  std::istringstream lines(read_file(file));
  std::int64_t number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    try {
      const boost::json::object row = boost::json::parse(line).as_object();
      labels.by_id.emplace(std::string(row.at("id").as_string()), label_from(row));
    } catch (const std::exception& error) {
      throw DataError(fmt::format("{}:{}: not a row of hidden labels: {}", file.string(), number,
                                  error.what()));
    }
  }
  return labels;
}

class Oracle : public Selector {
 public:
  explicit Oracle(OracleOptions options) : options_(std::move(options)) { options_.check(); }

  std::vector<std::string> required_columns() const override { return {}; }
  bool reads_hidden_labels() const override { return true; }
  std::vector<std::string> decided_by_run() const override { return {"labels"}; }

  Selection select(const SelectionInput& input) const override {
    const SampleTable& table = input.table;
    const OracleLabels labels = read_labels(input);
    Selection selection;
    const auto rows = candidate_rows(input, "selector/oracle", selection, [&](std::size_t row) {
      return reject(labels.of(table.rows().id(row)));
    });

    // Rows in hash order, one of each group of duplicates.
    Groups groups;
    std::set<std::int64_t> seen;
    for (const auto row : rows) {
      const OracleLabel& label = labels.of(table.rows().id(row));
      if (label.duplicate_group >= 0 && !seen.insert(label.duplicate_group).second) {
        selection.exclude(row, "repeats a question about a scene");
        continue;
      }
      groups[{table.rows().modality(row) == Modality::video,
              label.type.empty() ? std::string(table.rows().question_type(row)) : label.type}]
          .push_back(row);
    }
    std::int64_t available = 0;
    for (const auto& [key, members] : groups)
      available += static_cast<std::int64_t>(members.size());
    const std::int64_t budget = options_.of(distinct_rows(table, selection), input);
    require_rows(input, options_.option(), budget, available, selection);

    std::map<Group, std::int64_t> taken;
    if (options_.video_share) {
      const auto videos =
          static_cast<std::int64_t>(*options_.video_share * static_cast<double>(budget) + 0.5);
      take(input, groups, true, videos, selection, taken);
      take(input, groups, false, budget - videos, selection, taken);
    } else {
      take(input, groups, std::nullopt, budget, selection, taken);
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

  // Those that the options name, or else the pool's.
  OracleLabels read_labels(const SelectionInput& input) const {
    const std::filesystem::path& file = options_.labels.empty() ? input.labels : options_.labels;
    if (!file.empty()) return winnow::read_labels(file);
    throw ConfigError(input.key("labels") +
                      ": the pool has no hidden labels; name a file of them, as a generated pool "
                      "has it (labels.jsonl)");
  }

  std::string reject(const OracleLabel& label) const {
    if (label.wrong) return "wrong answer";
    if (label.near_duplicate) return "near duplicate";
    if (label.blind) return "answered by its own question";
    if (label.verbose) return "verbose answer";
    if (label.static_video && !options_.static_videos) return "static video";
    if (!label.planted_ill.empty()) return label.planted_ill;
    return "";
  }

  // Takes `total` rows of groups of the modality (or any), equally over question types.
  static void take(const SelectionInput& input, const Groups& groups, std::optional<bool> video,
                   std::int64_t total, Selection& selection, std::map<Group, std::int64_t>& taken) {
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
          "{}: it asks for {} {} rows, but only {} are clean: {} short", input.key("video_share"),
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
    "oracle", "clean rows by hidden labels: an upper bound, not a method");

}  // namespace
}  // namespace winnow
