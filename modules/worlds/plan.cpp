#include "worlds/plan.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/errors.h"
#include "core/parallel.h"
#include "worlds/defects.h"
#include "worlds/mixture.h"
#include "worlds/planting.h"

namespace winnow::micro_world {
namespace {

// Largest remainder, so that the parts add up to `total`.
std::vector<std::int64_t> zipf_sizes(std::int64_t total, std::size_t parts, double exponent) {
  std::vector<double> exact(parts);
  for (std::size_t i = 0; i < parts; ++i) {
    exact[i] = std::pow(static_cast<double>(i + 1), -exponent);
  }
  const double sum = std::accumulate(exact.begin(), exact.end(), 0.0);
  std::vector<std::int64_t> sizes(parts);
  for (std::size_t i = 0; i < parts; ++i) {
    exact[i] *= static_cast<double>(total) / sum;
    sizes[i] = static_cast<std::int64_t>(exact[i]);
  }
  std::vector<std::size_t> order(parts);
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return exact[a] - std::floor(exact[a]) > exact[b] - std::floor(exact[b]);
  });
  std::int64_t left = total - std::accumulate(sizes.begin(), sizes.end(), std::int64_t{0});
  for (std::size_t i = 0; left > 0; ++i, --left) ++sizes[order[i % parts]];
  return sizes;
}

// What one source contributes; media indices are its own until the sources are joined.
struct SourcePlan {
  std::vector<PlannedMedium> media;
  std::vector<PlannedRow> rows;
};

FileKind draw_file_kind(bool video, const MicroWorldOptions& options, RandomStream& random) {
  if (video) return random.chance(options.mp4_share) ? FileKind::mp4 : FileKind::jpeg_frames;
  return random.chance(options.jpeg_share) ? FileKind::jpeg : FileKind::png;
}

void plan_scenes(SourcePlan& plan, std::size_t source, std::int64_t rows, double static_share,
                 const MicroWorldOptions& options) {
  const SourceProfile& profile = source_profiles()[source];
  const std::string stream = "world/pool/" + profile.name + "/";
  for (std::size_t index = 0; static_cast<std::int64_t>(plan.rows.size()) < rows; ++index) {
    RandomStream random(static_cast<std::uint64_t>(options.seed), stream + std::to_string(index));
    PlannedMedium medium;
    medium.source = source;
    medium.file = draw_file_kind(profile.video, options, random);
    bool is_static = false;
    SceneRequest request;
    if (profile.video) {
      const int frames = kEventFrames * (random.chance(options.long_video_share) ? 2 : 1);
      is_static = random.chance(static_share);
      do {
        request = draw_clip_request(frames, random);
      } while (!is_static && request.event == Event::quiet && !request.may_pan);
      if (is_static) {
        request.event = Event::quiet;
        request.may_pan = false;
      }
    }
    medium.scene = draw_scene(request, random);
    const std::int64_t wanted =
        std::min(random.integer(profile.questions_per_scene - 1, profile.questions_per_scene + 1),
                 rows - static_cast<std::int64_t>(plan.rows.size()));
    for (Question& question : ask_several(medium.scene, static_cast<int>(wanted), random)) {
      PlannedRow row;
      row.source = source;
      row.media = {plan.media.size()};
      row.question = std::move(question);
      row.static_video = is_static;
      plan.rows.push_back(std::move(row));
    }
    plan.media.push_back(std::move(medium));
  }
}

void plan_near_duplicates(SourcePlan& plan, std::size_t source, std::int64_t count,
                          const MicroWorldOptions& options) {
  const std::size_t originals = plan.rows.size();
  for (std::int64_t i = 0; i < count; ++i) {
    RandomStream random(
        static_cast<std::uint64_t>(options.seed),
        "world/duplicate/" + source_profiles()[source].name + "/" + std::to_string(i));
    const std::size_t original = random.below(originals);
    plan.rows[original].duplicate_group = static_cast<std::int64_t>(original);
    PlannedRow row = plan.rows[original];
    PlannedMedium medium = plan.media[row.media[0]];
    medium.scene = seen_again(medium.scene, random);
    medium.file = draw_file_kind(source_profiles()[source].video, options, random);
    row.media = {plan.media.size()};
    row.near_duplicate = true;
    plan.media.push_back(std::move(medium));
    plan.rows.push_back(std::move(row));
  }
}

PoolPlan join(std::vector<SourcePlan> parts) {
  PoolPlan plan;
  for (SourcePlan& part : parts) {
    const std::size_t first_medium = plan.media.size();
    const auto first_row = static_cast<std::int64_t>(plan.rows.size());
    std::move(part.media.begin(), part.media.end(), std::back_inserter(plan.media));
    for (PlannedRow& row : part.rows) {
      row.media[0] += first_medium;
      if (row.duplicate_group >= 0) row.duplicate_group += first_row;
      plan.rows.push_back(std::move(row));
    }
  }
  return plan;
}

// Some rows show a second image beside the one they ask about, some have an earlier turn.
void plan_further_media_and_turns(PoolPlan& plan, const MicroWorldOptions& options) {
  std::vector<std::pair<std::size_t, std::size_t>> ranges(source_profiles().size(),
                                                          {plan.rows.size(), 0});
  for (std::size_t i = 0; i < plan.rows.size(); ++i) {
    auto& [begin, end] = ranges[plan.rows[i].source];
    begin = std::min(begin, i);
    end = std::max(end, i + 1);
  }
  for (std::size_t i = 0; i < plan.rows.size(); ++i) {
    RandomStream random(static_cast<std::uint64_t>(options.seed),
                        "world/shape_of_row/" + std::to_string(i));
    PlannedRow& row = plan.rows[i];
    const bool video = source_profiles()[row.source].video;
    const bool two_images = !video && random.chance(options.multi_image_share);
    const bool two_turns = random.chance(options.multi_turn_share);
    if (two_images) {
      const auto [begin, end] = ranges[row.source];
      // Rows of one scene are neighbours, and its own medium twice would not be a pair.
      for (int attempt = 0; attempt < 20 && row.media.size() == 1; ++attempt) {
        const PlannedRow& other = plan.rows[begin + random.below(end - begin)];
        const std::size_t second = other.media[other.asked_medium];
        if (second == row.media[0]) continue;
        row.asked_medium = random.below(2);
        row.media.insert(row.asked_medium == 0 ? row.media.end() : row.media.begin(), second);
      }
    }
    if (two_turns && row.media.size() == 1) {
      for (Question& question : ask_several(plan.media[row.media[0]].scene, 4, random)) {
        if (question.type == row.question.type) continue;
        row.earlier_turns.push_back(std::move(question));
        break;
      }
    }
  }
}

}  // namespace

const std::vector<SourceProfile>& source_profiles() {
  // name, video, questions per scene, wrong, wrong temporal, habit, near duplicates, blind,
  // verbose, static videos
  static const std::vector<SourceProfile> profiles = {
      {"shapes_crawl", false, 3, 1.6, 0, WrongKind::confused_colours, 0.5, 0.6, 0.5, 0},
      {"shapes_instruct", false, 2, 0.15, 0, WrongKind::none, 0.2, 0.2, 0.4, 0},
      {"shapes_dense", false, 9, 0.8, 0, WrongKind::off_by_one, 0.3, 0.3, 0.3, 0},
      {"figures_web", false, 3, 1.2, 0, WrongKind::mirrored, 3.0, 0.4, 0.5, 0},
      {"figures_caption", false, 2, 0.7, 0, WrongKind::off_by_one, 0.3, 0.8, 5.0, 0},
      {"figures_quiz", false, 2, 0.6, 0, WrongKind::none, 0.3, 6.0, 0.4, 0},
      {"cutouts_machine", false, 4, 2.0, 0, WrongKind::confused_colours, 1.0, 0.5, 0.5, 0},
      {"cutouts_expert", false, 2, 0.05, 0, WrongKind::none, 0, 0, 0.1, 0},
      {"clips_4_8_s_tube", true, 3, 1.0, 1.2, WrongKind::reversed_time, 0.8, 0.5, 0.8, 1.0},
      {"clips_4_8_s_lab", true, 2, 0.15, 0.2, WrongKind::none, 0.2, 0.1, 0.4, 0.3},
      {"clips_4_8_s_stock", true, 3, 0.8, 1.0, WrongKind::off_by_one, 1.5, 0.6, 0.5, 3.0},
      {"clips_4_8_s_action", true, 3, 0.9, 1.4, WrongKind::mirrored, 0.5, 0.5, 0.5, 0.2},
      {"clips_4_8_s_dense", true, 8, 0.8, 1.0, WrongKind::confused_colours, 0.5, 0.5, 2.5, 0.8},
      {"clips_4_8_s_expert", true, 2, 0.05, 0.05, WrongKind::none, 0, 0, 0.1, 0.1},
  };
  return profiles;
}

std::vector<double> spread(double share, const std::vector<double>& weights,
                           const std::vector<std::int64_t>& counts, const std::string& option) {
  constexpr double kMost = 0.95;
  const auto reached = [&](double factor) {
    double sum = 0;
    for (std::size_t i = 0; i < weights.size(); ++i) {
      sum += std::min(kMost, factor * weights[i]) * static_cast<double>(counts[i]);
    }
    return sum;
  };
  const double wanted =
      share * static_cast<double>(std::accumulate(counts.begin(), counts.end(), std::int64_t{0}));
  double low = 0, high = 1e6;
  if (reached(high) < wanted) {
    throw ConfigError(option + " asks for a share of " + std::to_string(share) +
                      ", more than the sources that have this defect can hold; lower it");
  }
  for (int i = 0; i < 100; ++i) {
    const double middle = (low + high) / 2;
    (reached(middle) < wanted ? low : high) = middle;
  }
  std::vector<double> result;
  for (const double weight : weights) result.push_back(std::min(kMost, high * weight));
  return result;
}

PoolPlan plan_pool(const MicroWorldOptions& options) {
  check_properties(options.properties);
  const auto& profiles = source_profiles();
  const auto is_video = [](const SourceProfile& profile) { return profile.video; };
  const auto videos =
      static_cast<std::size_t>(std::count_if(profiles.begin(), profiles.end(), is_video));
  const auto image_rows =
      std::llround(options.image_share * static_cast<double>(options.questions));
  std::vector<std::int64_t> sizes =
      zipf_sizes(image_rows, profiles.size() - videos, options.source_skew);
  const auto video_sizes = zipf_sizes(options.questions - image_rows, videos, options.source_skew);
  sizes.insert(sizes.end(), video_sizes.begin(), video_sizes.end());

  std::vector<double> duplicate_weights, static_weights;
  std::vector<std::int64_t> video_counts;
  for (std::size_t i = 0; i < profiles.size(); ++i) {
    duplicate_weights.push_back(profiles[i].near_duplicate);
    static_weights.push_back(profiles[i].static_video);
    video_counts.push_back(profiles[i].video ? sizes[i] : 0);
  }
  const auto duplicates =
      spread(options.near_duplicate_share, duplicate_weights, sizes, "near_duplicate_share");
  const auto statics =
      spread(options.static_video_share, static_weights, video_counts, "static_video_share");

  std::vector<SourcePlan> parts(profiles.size());
  parallel_for(profiles.size(), [&](std::size_t i) {
    const std::int64_t repeated = std::min<std::int64_t>(
        sizes[i] - 1, std::llround(duplicates[i] * static_cast<double>(sizes[i])));
    plan_scenes(parts[i], i, sizes[i] - repeated, statics[i], options);
    plan_near_duplicates(parts[i], i, repeated, options);
  });
  PoolPlan plan = join(std::move(parts));
  plan_further_media_and_turns(plan, options);
  add_defects(plan, options);
  plant(plan, options, kSkill | kScene | kTruth);
  word_rows(plan, options);
  plant(plan, options, kWording | kForm);
  if (!options.properties.empty()) drop_unseen_media(plan);
  return plan;
}

}  // namespace winnow::micro_world
