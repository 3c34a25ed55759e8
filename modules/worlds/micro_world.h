#pragma once
// The micro world: a procedural stand-in for LLaVA-OneVision, LLaVA-Video and the four benchmarks,
// rendered to real files. README.md describes the folder it fills.

#include <boost/describe.hpp>
#include <cstdint>
#include <filesystem>
#include <map>
#include <opencv2/core.hpp>
#include <optional>
#include <string>
#include <vector>

#include "config/options.h"
#include "pool/sample.h"
#include "worlds/question.h"
#include "worlds/scene.h"

namespace winnow::micro_world {

// A table `properties.<name>`: how much of a planted property a pool has (planting.h).
struct PropertyOptions {
  double share = 0.0;
  double strength = 1.0;
  double concentration = 1.0;
};
BOOST_DESCRIBE_STRUCT(PropertyOptions, (), (share, strength, concentration))
config::Help help(const PropertyOptions&);

// What a pool of the micro world is made of, but for its seed. The shares of ills here are those of
// the mixture `noisy`; `properties` plants them one by one.
struct MicroPoolOptions {
  std::int64_t questions = 24000;
  double image_share = 0.65;
  double source_skew = 0.8;
  double style_strength = 1.0;
  double source_style_jitter = 0.1;
  double wrong_share = 0.35;
  double wrong_temporal_share = 0.5;
  double systematic_share = 0.6;
  double near_duplicate_share = 0.08;
  double blind_share = 0.06;
  double verbose_share = 0.12;
  double static_video_share = 0.2;
  double multi_image_share = 0.03;
  double multi_turn_share = 0.04;
  double long_video_share = 0.1;
  double jpeg_share = 0.25;
  double mp4_share = 0.6;
  std::map<std::string, PropertyOptions> properties;
};
BOOST_DESCRIBE_STRUCT(MicroPoolOptions, (),
                      (questions, image_share, source_skew, style_strength, source_style_jitter,
                       wrong_share, wrong_temporal_share, systematic_share, near_duplicate_share,
                       blind_share, verbose_share, static_video_share, multi_image_share,
                       multi_turn_share, long_video_share, jpeg_share, mp4_share, properties))

inline config::Help help(const MicroPoolOptions&) {
  const config::Range share = config::between(0, 1);
  return {
      {"questions", "question-answer pairs in the pool", config::at_least(200)},
      {"image_share", "share of pairs about images; the others are about videos",
       config::between(0.05, 0.95)},
      {"source_skew", "Zipf exponent of the sources' sizes; 0: all equal", config::between(0, 2)},
      {"style_strength", "how far pool and benchmarks look from the base style; 0: not at all",
       config::between(0, 2)},
      {"source_style_jitter", "how far each source's camera is from the world's", share},
      {"wrong_share", "share of pairs whose answer is wrong", config::between(0, 0.8)},
      {"wrong_temporal_share", "the same among temporal questions", config::between(0, 0.8)},
      {"systematic_share",
       "share of a source's wrong answers that follow its habitual mistake where one applies",
       share},
      {"near_duplicate_share", "share of pairs that repeat an earlier one on a re-rendered scene",
       config::between(0, 0.5)},
      {"blind_share", "share of pairs whose question gives the answer away",
       config::between(0, 0.5)},
      {"verbose_share", "share of pairs whose answer is a wordy sentence", config::between(0, 0.5)},
      {"static_video_share", "share of videos in which nothing happens", config::between(0, 0.8)},
      {"multi_image_share", "share of image pairs that show two images", config::between(0, 0.5)},
      {"multi_turn_share", "share of pairs with an earlier turn", config::between(0, 0.5)},
      {"long_video_share", "share of pool videos of 16 instead of 8 frames", share},
      {"jpeg_share", "share of images in JPEG files; the others are PNG", share},
      {"mp4_share", "share of pool videos in MP4 files; the others are lists of JPEG frames",
       share},
      {"properties", "what is planted, by name: `winnow list table`"},
  };
}

struct MicroWorldOptions : MicroPoolOptions {
  std::int64_t seed = 1;
  std::int64_t questions_per_benchmark = 750;
};
BOOST_DESCRIBE_STRUCT(MicroWorldOptions, (MicroPoolOptions), (seed, questions_per_benchmark))

inline config::Help help(const MicroWorldOptions& options) {
  config::Help help_of_all = help(static_cast<const MicroPoolOptions&>(options));
  help_of_all.push_back({"seed", "seed of everything that is drawn", config::at_least(0)});
  help_of_all.push_back({"questions_per_benchmark", "questions in each of the four benchmarks",
                         config::at_least(13)});
  return help_of_all;
}

// What is hidden from every method about a pool row: for the oracle and for diagnosis only.
struct HiddenLabel {
  std::string id;
  std::string source;
  std::string type;  // to_string(QuestionType)
  bool temporal = false;
  std::string wrong;        // "" or "random", "reversed_time", "mirrored", "confused_colours",
                            // "off_by_one"
  std::string true_answer;  // the word itself, also where the row's answer is verbose
  bool blind = false;
  bool verbose = false;
  bool static_video = false;
  bool near_duplicate = false;        // repeats an earlier row
  std::int64_t duplicate_group = -1;  // rows that ask the same of the same scene; -1: alone
  // In a pool with planted properties, each by name: its strength here, nothing where the row does
  // not have it. The labels `wrong`, `blind` and `near_duplicate` are set, too.
  std::map<std::string, std::optional<double>> properties;

  bool clean() const;  // no ill
};

struct WorldSummary {
  std::vector<HiddenLabel> labels;                     // in the order of the pool's files
  std::int64_t images = 0, videos = 0, mp4_files = 0;  // of the pool
  std::map<std::string, std::int64_t> benchmark_questions;
};

inline constexpr double kFramesPerSecond = 2.0;  // of every clip

// Fills `folder` (which exists): pool/*.jsonl with their media, benchmarks/*.jsonl with theirs,
// labels.jsonl. The same options give the same bytes, on any number of threads. Throws ConfigError
// when the shares contradict each other, IoError when a file cannot be written.
WorldSummary write_world(const MicroWorldOptions& options, const std::filesystem::path& folder);

// The parts of write_world(): pool/ and labels.jsonl; and one of its benchmarks: <part>.jsonl and
// <part>/ in `folder`, which exists. Each needs nothing of the others. `part`: "short", "mixed",
// "long", "ultra"; or "held_out", as write_held_out has it. Of the options seed, style_strength and
// questions_per_benchmark count. Throws ConfigError for another part.
WorldSummary write_pool(const MicroWorldOptions& options, const std::filesystem::path& folder);
void write_benchmark(const MicroWorldOptions& options, const std::string& part,
                     const std::filesystem::path& folder);

// Fills `folder` with held-out samples to measure utility against: held_out.jsonl in the format of
// the benchmarks, with its media. Clean labels in the style of the pool and the benchmarks, images
// and clips of all lengths; scenes of their own.
void write_held_out(const MicroWorldOptions& options, std::int64_t questions,
                    const std::filesystem::path& folder);

// Reads labels.jsonl. Throws IoError, DataError (naming the line).
std::vector<HiddenLabel> read_hidden_labels(const std::filesystem::path& path);

struct CleanCorpusOptions {
  std::int64_t seed = 1;
  std::int64_t images = 20000;           // samples about an image, which come first
  std::int64_t videos = 24000;           // samples about a clip
  std::int64_t questions_per_scene = 2;  // consecutive samples share their scene and frames
  std::int64_t problem_scenes = 0;       // images of which word problems are asked (reasoning.h)
  double long_video_share = 0.1;         // clips of 16 frames
  double ultra_video_share = 0.0;        // clips of 24 frames
  double augmentation = 0.0;             // strength of a style drawn for each scene; 0: base style
  double caption_share = 0.0;            // share of conversations that end with a caption
  bool caption_comparisons = false;      // captions say which of two things is to the left
  double motion_weight = 1.0;            // how many times as often as in pools objects move
  std::map<std::string, double> question_weights;
};
BOOST_DESCRIBE_STRUCT(CleanCorpusOptions, (),
                      (seed, images, videos, questions_per_scene, problem_scenes, long_video_share,
                       ultra_video_share, augmentation, caption_share, caption_comparisons,
                       motion_weight, question_weights))
inline config::Help help(const CleanCorpusOptions&) {
  return {{"seed", "seed of everything that is drawn", config::at_least(0)},
          {"images", "samples about an image", config::at_least(0)},
          {"videos", "samples about a clip", config::at_least(0)},
          {"questions_per_scene", "samples that share a scene", config::between(1, 8)},
          {"problem_scenes", "images with word problems, three each, after all other scenes",
           config::at_least(0)},
          {"long_video_share", "share of clips of 16 frames", config::between(0, 1)},
          {"ultra_video_share", "share of clips of 24 frames", config::between(0, 1)},
          {"augmentation", "strength of the style drawn for each scene; 0: the base style",
           config::between(0, 2)},
          {"caption_share", "share of the scenes whose conversation ends with a caption",
           config::between(0, 1)},
          {"caption_comparisons", "whether captions say which of two things is to the left"},
          {"motion_weight", "how many times as often as in pools and benchmarks objects move",
           config::above(0)},
          {"question_weights",
           "how often a kind of question is asked of a scene that allows it, by kind; 1 where none "
           "is given. Empty: every kind in turn"}};
}

// A scene that exists in memory only.
struct ImaginedScene {
  std::string id;               // names the scene in caches
  std::vector<cv::Mat> frames;  // RGB, 8 bits, 64 x 64; one for an image
  SceneTruth truth;
  std::vector<Question> questions;  // questions_per_scene; three word problems have type count
  std::string caption;              // empty: not asked for
};

struct ImaginedSample {
  Sample sample;  // its medium's path names the scene; there is no such file
  std::vector<std::vector<cv::Mat>> frames;  // of each medium
  SceneTruth truth;
  Question question;
};

// Clean labels in the base style, rendered on demand: what base models and vision towers are
// trained on. Deterministic by index and safe to use from several threads.
class CleanCorpus {
 public:
  explicit CleanCorpus(const CleanCorpusOptions& options);

  std::size_t size() const;    // samples, images first; word problems are none of them
  std::size_t scenes() const;  // image scenes first, those with word problems last
  ImaginedScene scene(std::size_t index) const;
  // Sample i is a question of scene scene_of(i).
  std::size_t scene_of(std::size_t index) const;
  ImaginedSample at(std::size_t index) const;
  // The conversation of question q of a scene, as at() has it.
  Sample sample_of(const ImaginedScene& scene, std::size_t question) const;
  // One conversation that asks all questions of a scene, one after the other.
  Sample conversation_of(const ImaginedScene& scene) const;

 private:
  ImaginedScene problem_scene(std::size_t index) const;
  std::string id_of(std::size_t scene) const;
  // Frames and truth, in a style that is drawn where augmentation asks for one.
  void show(const Scene& scene, RandomStream& random, ImaginedScene& imagined) const;

  CleanCorpusOptions options_;
  std::size_t image_scenes_, video_scenes_;
  std::map<QuestionType, double> weights_;
};

}  // namespace winnow::micro_world
