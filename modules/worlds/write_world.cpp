#include <fmt/format.h>

#include <boost/json.hpp>
#include <cmath>

#include "core/errors.h"
#include "core/files.h"
#include "core/parallel.h"
#include "core/progress.h"
#include "worlds/labels.h"
#include "worlds/media_files.h"
#include "worlds/micro_world.h"
#include "worlds/mixture.h"
#include "worlds/plan.h"

namespace winnow::micro_world {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr std::size_t kFilesPerFolder = 1000;
constexpr int kBenchmarkQuestionsPerScene = 3;

// `share`: of the way from the base style.
Style world_style(const MicroWorldOptions& options, double share = 1.0) {
  RandomStream random(static_cast<std::uint64_t>(options.seed), "world/style");
  return Style::draw(random, share * options.style_strength);
}

// Paths relative to the pool's folder: one file, or the frames of a clip.
std::vector<std::string> paths_of(const PlannedMedium& medium, std::size_t index) {
  const std::string place = fmt::format("{:03}/{:06}", index / kFilesPerFolder, index);
  switch (medium.file) {
    case FileKind::png:
      return {"images/" + place + ".png"};
    case FileKind::jpeg:
      return {"images/" + place + ".jpg"};
    case FileKind::mp4:
      return {"videos/" + place + ".mp4"};
    case FileKind::jpeg_frames:
      break;
  }
  std::vector<std::string> frames;
  for (int frame = 0; frame < medium.scene.frames; ++frame) {
    frames.push_back(fmt::format("frames/{}/{:02}.jpg", place, frame));
  }
  return frames;
}

void write_pool_media(const PoolPlan& plan, const MicroWorldOptions& options,
                      const fs::path& folder) {
  std::vector<Style> styles;
  const Style style = world_style(options);
  for (const SourceProfile& profile : source_profiles()) {
    RandomStream random(static_cast<std::uint64_t>(options.seed),
                        "world/source_style/" + profile.name);
    styles.push_back(style.jittered(
        random, options.source_style_jitter * std::min(1.0, options.style_strength)));
  }
  for (std::size_t i = 0; i < plan.media.size(); i += kFilesPerFolder) {
    for (const char* kind : {"images", "videos", "frames"}) {
      winnow::create_directories(folder / kind / fmt::format("{:03}", i / kFilesPerFolder));
    }
  }
  Progress progress("micro world: pool", static_cast<std::int64_t>(plan.media.size()), "media");
  parallel_for(plan.media.size(), [&](std::size_t i) {
    const PlannedMedium& medium = plan.media[i];
    const bool as_its_source = medium.style_share == 1.0;
    std::vector<cv::Mat> frames =
        render(medium.scene,
               as_its_source ? styles[medium.source] : world_style(options, medium.style_share));
    if (medium.frozen_at) {
      frames.assign(frames.size(), frames.at(static_cast<std::size_t>(*medium.frozen_at)));
    }
    const std::vector<std::string> paths = paths_of(medium, i);
    if (medium.file == FileKind::mp4) {
      write_clip(folder / paths[0], frames, kFramesPerSecond);
    } else {
      if (medium.file == FileKind::jpeg_frames)
        winnow::create_directories((folder / paths[0]).parent_path());
      for (std::size_t frame = 0; frame < frames.size(); ++frame) {
        write_picture(folder / paths[frame], frames[frame]);
      }
    }
    progress.advance();
  });
}

// The two JSONL families of the papers' pools differ in these keys.
struct Family {
  const char *list, *speaker, *text, *user, *assistant;
};
constexpr Family kMessages = {"messages", "role", "content", "user", "assistant"};
constexpr Family kConversations = {"conversations", "from", "value", "human", "gpt"};

json::object row_of(const PlannedRow& row, const PoolPlan& plan, const std::string& id,
                    const Family& family) {
  const PlannedMedium& medium = plan.media[row.media[0]];
  json::object result = {{"id", id}, {"data_source", source_profiles()[row.source].name}};
  std::string marks = "<image>";
  if (medium.file == FileKind::mp4) {
    result["video"] = paths_of(medium, row.media[0])[0];
    marks = "<video>";
  } else {
    json::array images;
    for (const std::size_t index : row.media) {
      for (const std::string& path : paths_of(plan.media[index], index)) {
        images.emplace_back(path);
      }
    }
    result["images"] = images;
    if (row.media.size() == 2) marks = "<image><image>";
    if (medium.file == FileKind::jpeg_frames) {
      result["video_id"] = fmt::format("clip{:06}", row.media[0]);
      result["fps"] = static_cast<std::int64_t>(kFramesPerSecond);
    }
  }
  json::array turns;
  const auto say = [&](const char* speaker, const std::string& text) {
    turns.push_back(json::object{{family.speaker, speaker}, {family.text, text}});
  };
  marks += "\n";
  for (const Question& question : row.earlier_turns) {
    say(family.user, marks + question.text);
    say(family.assistant, question.answer);
    marks.clear();
  }
  say(family.user, marks + row.text);
  say(family.assistant, row.answer);
  result[family.list] = turns;
  return result;
}

HiddenLabel label_of(const PlannedRow& row, const MicroWorldOptions& options,
                     const std::string& id) {
  HiddenLabel label;
  label.id = id;
  label.source = source_profiles()[row.source].name;
  label.type = row.other_type.empty() ? to_string(row.question.type) : row.other_type;
  label.temporal = row.is_temporal();
  label.wrong = to_string(row.wrong);
  label.true_answer = row.question.answer;
  label.blind = row.blind;
  label.verbose = row.verbose;
  label.static_video = row.static_video;
  label.near_duplicate = row.near_duplicate;
  label.duplicate_group = row.duplicate_group;
  for (const auto& [name, wanted] : options.properties) {
    const auto planted = row.planted.find(name);
    label.properties[name] =
        planted == row.planted.end() ? std::nullopt : std::optional(planted->second);
  }
  return label;
}

// Sources take turns between the families; rows of a file are in random order and ids follow it,
// so that neither tells anything about a row.
void write_pool_rows(const PoolPlan& plan, const MicroWorldOptions& options, const fs::path& folder,
                     WorldSummary& summary) {
  std::int64_t next = 0;
  for (const bool video : {false, true}) {
    for (const bool messages : {true, false}) {
      const Family& family = messages ? kMessages : kConversations;
      std::vector<std::size_t> rows;
      for (std::size_t i = 0; i < plan.rows.size(); ++i) {
        const std::size_t source = plan.rows[i].source;
        if (source_profiles()[source].video == video && (source % 2 == 0) == messages) {
          rows.push_back(i);
        }
      }
      const std::string name = std::string(video ? "videos_" : "images_") + family.list;
      RandomStream random(static_cast<std::uint64_t>(options.seed), "world/rows/" + name);
      random.shuffle(rows);
      std::string lines;
      for (const std::size_t i : rows) {
        const std::string id = fmt::format("micro-{:06}", next++);
        lines += json::serialize(row_of(plan.rows[i], plan, id, family)) + "\n";
        summary.labels.push_back(label_of(plan.rows[i], options, id));
      }
      write_plain(folder / (name + ".jsonl"), lines);
    }
  }
}

struct BenchmarkScene {
  Scene scene;
  std::vector<Question> questions;
};

struct BenchmarkProfile {
  const char* name;
  std::vector<double> lengths;  // weights of: image, 8, 16 and 24 frames
};

constexpr const char* kHeldOut = "held_out";

const std::vector<BenchmarkProfile>& benchmark_profiles() {
  static const std::vector<BenchmarkProfile> profiles = {
      {"short", {0, 1, 0, 0}},
      {"mixed", {0.45, 0.3, 0.25, 0}},
      {"long", {0, 0, 1, 0}},
      {"ultra", {0, 0, 0, 1}},
  };
  return profiles;
}

void write_questions(const BenchmarkProfile& profile, const MicroWorldOptions& options,
                     const fs::path& folder) {
  const std::string name = profile.name;
  std::vector<BenchmarkScene> scenes;
  for (std::int64_t asked = 0; asked < options.questions_per_benchmark;) {
    RandomStream random(static_cast<std::uint64_t>(options.seed),
                        "world/benchmark/" + name + "/" + std::to_string(scenes.size()));
    const std::size_t length = random.weighted(profile.lengths);
    SceneRequest request;
    if (length > 0) request = draw_clip_request(kEventFrames * static_cast<int>(length), random);
    BenchmarkScene scene{draw_scene(request, random), {}};
    const std::int64_t wanted = std::min<std::int64_t>(kBenchmarkQuestionsPerScene,
                                                       options.questions_per_benchmark - asked);
    scene.questions = ask_several(scene.scene, static_cast<int>(wanted), random);
    asked += static_cast<std::int64_t>(scene.questions.size());
    scenes.push_back(std::move(scene));
  }
  const Style style = world_style(options);
  winnow::create_directories(folder / name);
  const auto path_of = [&](std::size_t i) {
    return fmt::format("{}/{:05}.{}", name, i, scenes[i].scene.frames == 1 ? "png" : "mp4");
  };
  Progress progress("micro world: " + name, static_cast<std::int64_t>(scenes.size()), "media");
  parallel_for(scenes.size(), [&](std::size_t i) {
    const std::vector<cv::Mat> frames = render(scenes[i].scene, style);
    if (frames.size() == 1) {
      write_picture(folder / path_of(i), frames[0]);
    } else {
      write_clip(folder / path_of(i), frames, kFramesPerSecond);
    }
    progress.advance();
  });
  std::string lines;
  std::int64_t count = 0;
  for (std::size_t i = 0; i < scenes.size(); ++i) {
    const int frames = scenes[i].scene.frames;
    for (const Question& question : scenes[i].questions) {
      const json::object row = {
          {"id", fmt::format("{}-{:05}", name, count++)},
          {frames == 1 ? "image" : "video", path_of(i)},
          {"question", question.text},
          {"candidates", json::value_from(question.candidates)},
          {"answer", question.answer},
          {"subtask", to_string(question.type)},
          {"duration", frames == 1 ? 0 : std::llround(frames / kFramesPerSecond)},
      };
      lines += json::serialize(row) + "\n";
    }
  }
  write_plain(folder / (name + ".jsonl"), lines);
}

}  // namespace

WorldSummary write_pool(const MicroWorldOptions& options, const fs::path& folder) {
  WorldSummary summary;
  const PoolPlan plan = plan_pool(options);
  for (const PlannedMedium& medium : plan.media) {
    const bool image = medium.file == FileKind::png || medium.file == FileKind::jpeg;
    ++(image ? summary.images : summary.videos);
    summary.mp4_files += medium.file == FileKind::mp4 ? 1 : 0;
  }
  winnow::create_directories(folder / "pool");
  write_pool_media(plan, options, folder / "pool");
  write_pool_rows(plan, options, folder / "pool", summary);
  std::string lines;
  for (const HiddenLabel& label : summary.labels) lines += to_json_line(label);
  write_plain(folder / "labels.jsonl", lines);
  return summary;
}

void write_benchmark(const MicroWorldOptions& options, const std::string& part,
                     const fs::path& folder) {
  BenchmarkProfile profile{kHeldOut, {0.4, 0.3, 0.2, 0.1}};
  std::vector<std::string> names = {kHeldOut};
  for (const BenchmarkProfile& known : benchmark_profiles()) {
    names.emplace_back(known.name);
    if (part == known.name) profile = known;
  }
  if (part != profile.name) {
    throw ConfigError("the micro world has no benchmark '" + part + "'." + suggestion(part, names));
  }
  write_questions(profile, options, folder);
}

WorldSummary write_world(const MicroWorldOptions& options, const fs::path& folder) {
  WorldSummary summary = write_pool(options, folder);
  winnow::create_directories(folder / "benchmarks");
  for (const BenchmarkProfile& profile : benchmark_profiles()) {
    write_questions(profile, options, folder / "benchmarks");
    summary.benchmark_questions[profile.name] = options.questions_per_benchmark;
  }
  return summary;
}

void write_held_out(const MicroWorldOptions& options, std::int64_t questions,
                    const fs::path& folder) {
  MicroWorldOptions own = options;
  own.questions_per_benchmark = questions;
  write_benchmark(own, kHeldOut, folder);
}

}  // namespace winnow::micro_world
