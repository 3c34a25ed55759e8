// measured_pool=gdo_release: a run's pool in the formats of LLaVA-OneVision and LLaVA-Video, and
// its measurements as the GDO release's extraction and merge step leave them, so that
// selector=gdo_release chooses from them.
//
// onevision.jsonl, video.jsonl: one pair a row, a sample's last question and answer, as it is the
// last answer whose losses were measured. A frame of a clip is named FILE#NUMBER; clips are not
// taken apart on disk. shards/sixd_metrics_rank0000.jsonl: what extraction writes of each pair.
// metrics.jsonl, centers.jsonl, merge_report.json: the merge step's output.

#include "experiments/comparison/measured_pool.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <map>
#include <opencv2/imgproc.hpp>

#include "core/errors.h"
#include "core/files.h"
#include "core/parallel.h"
#include "core/progress.h"
#include "gdo_release/frame_sampling.h"
#include "gdo_release/merge/frame_metrics.h"
#include "gdo_release/merge/merge.h"
#include "gdo_release/merge/shard_writer.h"
#include "gdo_release/merge/text_feature.h"
#include "gdo_release/text/text.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

struct GdoReleasePoolOptions {
  std::int64_t flow_frames = 8;
  gdo_release::MergeOptions merge;
};
BOOST_DESCRIBE_STRUCT(GdoReleasePoolOptions, (), (flow_frames, merge))
config::Help help(const GdoReleasePoolOptions&) {
  return {{"flow_frames", "frames of a video that motion and diversity are measured on",
           config::at_least(2)},
          {"merge", "options of the merge step"}};
}

constexpr const char* kLoss = "loss";
constexpr const char* kLossWithoutVision = "loss_without_vision";
constexpr const char* kSelfConsistency = "self_consistency";
constexpr const char* kOnevisionFile = "onevision.jsonl";
constexpr const char* kVideoFile = "video.jsonl";
constexpr const char* kMetricsFile = "metrics.jsonl";
constexpr std::int64_t kTargetFrames = 32;  // the extraction's --target-frames

// What extraction sees of a sample.
struct Pair {
  const Sample* sample = nullptr;
  std::size_t row = 0;
  bool video = false;
  std::string uid, video_uid, question, answer;
  std::vector<std::string> images;  // the row's list
};

std::string relative_name(const fs::path& path, const fs::path& root) {
  return root.empty() ? path.string() : path.lexically_proximate(root).string();
}

// The media's files, and the frames of clips by their numbers.
std::vector<std::string> image_names(const Sample& sample, FrameCache& frames) {
  std::vector<std::string> names;
  for (const Media& medium : sample.media) {
    if (medium.kind == Media::Kind::video) {
      const std::string clip = relative_name(medium.paths.at(0), medium.root);
      const std::size_t count = frames.get(medium)->images.size();
      for (std::size_t i = 0; i < count; ++i) names.push_back(fmt::format("{}#{}", clip, i));
    } else {
      for (const fs::path& path : medium.paths) names.push_back(relative_name(path, medium.root));
    }
  }
  return names;
}

std::string video_name(const Media& medium) {
  const fs::path& first = medium.paths.at(0);
  return relative_name(medium.kind == Media::Kind::frames ? first.parent_path() : first,
                       medium.root);
}

std::string with_image_marks(std::string text) {
  const std::string placeholder = kMediaPlaceholder;
  for (std::size_t at = 0; (at = text.find(placeholder, at)) != std::string::npos;) {
    text.replace(at, placeholder.size(), "<image>");
  }
  return text;
}

std::string pool_line(const Pair& pair) {
  json::object row{{"id", pair.sample->id}, {"data_source", pair.sample->source}};
  if (pair.video) row["video_id"] = pair.video_uid;
  row["images"] = json::array(pair.images.begin(), pair.images.end());
  row["messages"] = json::array{
      json::object{{"role", "user"}, {"content", with_image_marks(pair.sample->question())}},
      json::object{{"role", "assistant"}, {"content", pair.sample->answer()}}};
  return json::serialize(row) + "\n";
}

// Of an image row the release looks at the first image only.
std::vector<const Media*> media_looked_at(const Pair& pair) {
  std::vector<const Media*> media;
  for (const Media& medium : pair.sample->media) {
    media.push_back(&medium);
    if (!pair.video) break;
  }
  return media;
}

std::string key_of(const Pair& pair) {
  std::string key;
  for (const Media* medium : media_looked_at(pair)) key += medium->key() + "\n";
  return key;
}

class GdoReleasePool : public MeasuredPoolWriter {
 public:
  explicit GdoReleasePool(GdoReleasePoolOptions options)
      : options_(std::move(options)), meter_(options_.flow_frames) {}

  std::vector<std::string> required_columns() const override {
    return {kLoss, kLossWithoutVision, kSelfConsistency};
  }

  std::vector<SampleInFiles> write(const MeasuredPool& pool,
                                   const fs::path& folder) const override {
    std::vector<SampleInFiles> in_files;
    const std::vector<Pair> pairs = pairs_of(pool, in_files);
    std::string onevision, video, shard;
    const auto motions = measure_media(pairs, pool.frames);
    // Image rows first, as extraction reads the files.
    for (const bool videos : {false, true}) {
      for (const Pair& pair : pairs) {
        if (pair.video != videos) continue;
        (videos ? video : onevision) += pool_line(pair);
        shard += shard_row(pair, pool, motions.at(key_of(pair))) + "\n";
      }
    }
    write_file(folder / kOnevisionFile, onevision);
    write_file(folder / kVideoFile, video);
    const fs::path shards = folder / "shards";
    write_file(shards / "sixd_metrics_rank0000.jsonl", shard);
    const fs::path report = folder / "merge_report.json";
    gdo_release::MergeReport merged = gdo_release::merge(
        {shards, folder / kMetricsFile, report, folder / "centers.jsonl", options_.merge});
    // The folder may move.
    merged.input_dir = "shards";
    merged.output_jsonl = kMetricsFile;
    write_file(report, merged.json());
    return in_files;
  }

  std::map<std::string, fs::path> files(const fs::path& folder) const override {
    return {{"onevision", folder / kOnevisionFile},
            {"video", folder / kVideoFile},
            {"metrics", folder / kMetricsFile}};
  }

 private:
  // The pairs that the release would read, in the pool's order.
  static std::vector<Pair> pairs_of(const MeasuredPool& pool,
                                    std::vector<SampleInFiles>& in_files) {
    std::vector<Pair> pairs(pool.samples.size());
    parallel_for(pairs.size(), [&](std::size_t row) {
      const Sample& sample = pool.samples[row];
      Pair& pair = pairs[row];
      pair.sample = &sample;
      pair.row = row;
      pair.video = sample.modality() == Modality::video;
      pair.question = gdo_release::strip_media_tokens(with_image_marks(sample.question()));
      pair.answer = gdo_release::normalize_text(sample.answer());
      if (sample.media.empty()) return;
      pair.uid = fmt::format("{}::{}::t0", pair.video ? "vv" : "ov",
                             gdo_release::normalize_text(sample.id));
      if (pair.video) pair.video_uid = gdo_release::normalize_text(video_name(sample.media[0]));
      pair.images = image_names(sample, pool.frames);
    });
    std::map<std::string, const Sample*> owners;
    std::vector<Pair> result;
    for (Pair& pair : pairs) {
      const std::string reason = pair.uid.empty() ? "the release reads no rows without images"
                                 : pair.question.empty() || pair.answer.empty()
                                     ? "the release reads no pair without a question and an answer"
                                     : "";
      if (!reason.empty()) {
        in_files.push_back({"", reason});
        continue;
      }
      const auto [owner, is_new] = owners.emplace(pair.uid, pair.sample);
      if (!is_new) {
        throw DataError(fmt::format(
            "samples '{}' ({}:{}) and '{}' ({}:{}) have the same name '{}' in the release, which "
            "collapses white space; give them ids that differ",
            owner->second->id, owner->second->file, owner->second->line, pair.sample->id,
            pair.sample->file, pair.sample->line, pair.uid));
      }
      in_files.push_back({pair.uid, ""});
      result.push_back(std::move(pair));
    }
    return result;
  }

  // Each set of media once.
  std::map<std::string, gdo_release::FrameMetrics> measure_media(const std::vector<Pair>& pairs,
                                                                 FrameCache& frames) const {
    std::map<std::string, const Pair*> first;
    for (const Pair& pair : pairs) first.emplace(key_of(pair), &pair);
    std::map<std::string, gdo_release::FrameMetrics> metrics;
    std::vector<std::pair<const Pair*, gdo_release::FrameMetrics*>> work;
    for (const auto& [key, pair] : first) work.emplace_back(pair, &metrics[key]);
    Progress progress("motion as the release has it", static_cast<std::int64_t>(work.size()),
                      "media");
    parallel_for(work.size(), [&](std::size_t i) {
      *work[i].second = measure(*work[i].first, frames);
      progress.advance();
    });
    return metrics;
  }

  gdo_release::FrameMetrics measure(const Pair& pair, FrameCache& cache) const {
    std::vector<std::shared_ptr<const Frames>> held;
    std::vector<cv::Mat> pictures;  // RGB, of `held`
    for (const Media* medium : media_looked_at(pair)) {
      try {
        held.push_back(cache.get(*medium));
      } catch (const DataError&) {
        continue;  // the release passes over what it cannot read
      }
      pictures.insert(pictures.end(), held.back()->images.begin(), held.back()->images.end());
    }
    const auto count = static_cast<std::int64_t>(pictures.size());
    const std::vector<std::int64_t> listed = gdo_release::sample_frames(count, kTargetFrames);
    return meter_.measure(static_cast<std::int64_t>(listed.size()), [&](std::int64_t i) {
      cv::Mat bgr;
      const auto place = static_cast<std::size_t>(listed[static_cast<std::size_t>(i)]);
      cv::cvtColor(pictures[place], bgr, cv::COLOR_RGB2BGR);
      return bgr;
    });
  }

  static std::string shard_row(const Pair& pair, const MeasuredPool& pool,
                               const gdo_release::FrameMetrics& motion) {
    const auto value = [&](const char* name) -> std::optional<double> {
      const Column& column = pool.table.column(name);
      if (!column.valid(pair.row)) return std::nullopt;
      return column.values(pair.row);
    };
    gdo_release::ExtractedPair row;
    row.uid = pair.uid;
    row.video_uid = pair.video_uid;
    row.video = pair.video;
    row.loss_video = value(kLoss);
    row.loss_blind = value(kLossWithoutVision);
    row.self_consistency = value(kSelfConsistency);
    if (!row.loss_video || !row.loss_blind || !row.self_consistency) {
      const auto failure = pool.failures.find(pair.sample->id);
      row.error = failure == pool.failures.end() ? "not measured" : failure->second;
    }
    row.amm = motion.amm;
    row.frame_diversity = motion.frame_diversity;
    row.vis_feat = motion.vis_feat;
    // --tnc-mode regex: its other mode asks the model whether the question is temporal, which a
    // small model cannot say.
    row.tnc_score = gdo_release::temporal_category(pair.question) == "Temporal" ? 1.0 : 0.0;
    row.text_feat = gdo_release::text_feature(pair.question, pair.answer);
    row.frames =
        pair.video ? std::min(static_cast<std::int64_t>(pair.images.size()), kTargetFrames) : 1;
    row.question_tokens = gdo_release::count_tokens(pair.question);
    row.answer_tokens = gdo_release::count_tokens(pair.answer);
    return gdo_release::shard_row(row);
  }

  GdoReleasePoolOptions options_;
  gdo_release::FrameMeter meter_;
};

const auto registered = measured_pool_writers().add<GdoReleasePool, GdoReleasePoolOptions>(
    "gdo_release", "LLaVA JSONL and merged metrics, as the GDO release's programs leave them");

}  // namespace

}  // namespace winnow
