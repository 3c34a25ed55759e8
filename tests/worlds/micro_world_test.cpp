#include "worlds/micro_world.h"

#include <gmock/gmock.h>

#include <boost/json.hpp>
#include <fstream>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/videoio.hpp>
#include <set>

#include "core/errors.h"
#include "core/hash.h"
#include "core/parallel.h"
#include "core/progress.h"
#include "pool/pool.h"
#include "pool/temporary_folder.h"
#include "worlds/colour_eye.h"
#include "worlds/media_files.h"
#include "worlds/plan.h"

namespace winnow::micro_world {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

MicroWorldOptions small(std::int64_t seed) {
  MicroWorldOptions options;
  options.seed = seed;
  options.questions = 400;
  options.questions_per_benchmark = 30;
  return options;
}

std::map<std::string, std::string> digests(const fs::path& folder) {
  std::map<std::string, std::string> result;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) {
      result[entry.path().lexically_relative(folder)] = digest_of_file(entry.path());
    }
  }
  return result;
}

std::vector<boost::json::object> rows_of(const fs::path& file) {
  std::ifstream stream(file);
  std::vector<boost::json::object> rows;
  for (std::string line; std::getline(stream, line);) {
    rows.push_back(boost::json::parse(line).as_object());
  }
  return rows;
}

const std::vector<std::string> kBenchmarks = {"short", "mixed", "long", "ultra"};
const std::vector<std::string> kPoolFiles = {"images_messages.jsonl", "images_conversations.jsonl",
                                             "videos_messages.jsonl", "videos_conversations.jsonl"};

// One world for all tests that only read it.
class WrittenWorld : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    Progress::set_enabled(false);
    folder_ = new TemporaryFolder;
    summary_ = new WorldSummary(write_world(small(3), folder_->path()));
  }
  static void TearDownTestSuite() {
    delete folder_;
    delete summary_;
  }
  static TemporaryFolder* folder_;
  static WorldSummary* summary_;
};
TemporaryFolder* WrittenWorld::folder_ = nullptr;
WorldSummary* WrittenWorld::summary_ = nullptr;

TEST_F(WrittenWorld, HasTheSameBytesOnAnyNumberOfThreadsAndOthersForAnotherSeed) {
  const std::size_t workers = worker_count();
  TemporaryFolder again, other;
  set_worker_count(1);
  write_world(small(3), again.path());
  set_worker_count(workers);
  write_world(small(4), other.path());
  const auto first = digests(folder_->path());
  EXPECT_GT(first.size(), 200u);
  EXPECT_EQ(first, digests(again.path()));
  EXPECT_NE(first.at("pool/images_messages.jsonl"),
            digests(other.path()).at("pool/images_messages.jsonl"));
}

// What a seed stands for: numbers that were measured on a world mean nothing for another one.
TEST_F(WrittenWorld, HasTheRowsAndLabelsOfItsSeed) {
  const std::map<std::string, std::string> all = digests(folder_->path());
  std::string texts;
  for (const std::string& file : kPoolFiles) texts += all.at("pool/" + file);
  EXPECT_EQ(digest_of(texts), "94213f20ecd202bb964530ef03304975");
  EXPECT_EQ(all.at("labels.jsonl"), "3575af9bc264ba509e4ba95b3e47a122");
}

TEST_F(WrittenWorld, PoolAndBenchmarksAreMadeOneByOneToTheSameBytes) {
  TemporaryFolder parts;
  const WorldSummary pool = write_pool(small(3), parts.path());
  EXPECT_EQ(pool.labels.size(), summary_->labels.size());
  EXPECT_FALSE(fs::exists(parts / "benchmarks"));
  fs::create_directories(parts / "benchmarks");
  for (const char* name : {"ultra", "short", "long", "mixed"}) {
    write_benchmark(small(3), name, parts / "benchmarks");
  }
  EXPECT_EQ(digests(parts.path()), digests(folder_->path()));
  EXPECT_THROW(write_benchmark(small(3), "shorts", parts / "benchmarks"), ConfigError);
}

TEST_F(WrittenWorld, IsReadByThePoolReaderWithoutALedger) {
  PoolOptions options;
  for (const std::string& file : kPoolFiles) options.files.push_back(*folder_ / ("pool/" + file));
  const Pool pool = Pool::read(options);
  EXPECT_TRUE(pool.ledger().empty());
  ASSERT_EQ(pool.size(), 400u);
  const auto labels = read_hidden_labels(*folder_ / "labels.jsonl");
  ASSERT_EQ(labels.size(), 400u);
  std::int64_t images = 0;
  std::set<std::size_t> media_counts, turn_counts;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const Sample sample = pool.sample(i);
    EXPECT_EQ(sample.id, labels[i].id);
    EXPECT_EQ(sample.source, labels[i].source);
    const bool right = sample.answer().find(labels[i].true_answer) != std::string::npos;
    EXPECT_EQ(right, labels[i].wrong.empty()) << sample.id << ": " << sample.answer();
    EXPECT_EQ(sample.answer().size() > 12, labels[i].verbose);
    images += sample.modality() == Modality::image ? 1 : 0;
    media_counts.insert(sample.media.size());
    turn_counts.insert(sample.turns.size());
  }
  EXPECT_EQ(images, 260);
  EXPECT_EQ(media_counts, (std::set<std::size_t>{1, 2}));
  EXPECT_EQ(turn_counts, (std::set<std::size_t>{2, 4}));
}

TEST_F(WrittenWorld, RowsHoldNothingHidden) {
  const std::set<std::string> allowed = {"id",       "data_source", "images",        "video",
                                         "video_id", "messages",    "conversations", "fps"};
  for (const std::string& file : kPoolFiles) {
    for (const auto& row : rows_of(*folder_ / ("pool/" + file))) {
      for (const auto& entry : row) EXPECT_TRUE(allowed.count(std::string(entry.key())));
    }
  }
}

TEST_F(WrittenWorld, EveryMediumDecodes) {
  std::map<std::string, int> kinds;
  for (const auto& entry : fs::recursive_directory_iterator(folder_->path())) {
    const std::string extension = entry.path().extension();
    if (extension == ".mp4") {
      cv::VideoCapture clip(entry.path().string());
      int frames = 0;
      for (cv::Mat frame; clip.read(frame); ++frames) EXPECT_EQ(frame.size(), cv::Size(64, 64));
      EXPECT_TRUE(frames == 8 || frames == 16 || frames == 24) << entry.path();
      EXPECT_DOUBLE_EQ(clip.get(cv::CAP_PROP_FPS), kFramesPerSecond);
    } else if (extension == ".png" || extension == ".jpg") {
      EXPECT_EQ(cv::imread(entry.path().string()).size(), cv::Size(64, 64)) << entry.path();
    } else {
      continue;
    }
    ++kinds[extension];
  }
  EXPECT_GT(kinds[".mp4"], 40);
  EXPECT_GT(kinds[".png"], 40);
  EXPECT_GT(kinds[".jpg"], 40);
}

TEST_F(WrittenWorld, BenchmarksRiseInDuration) {
  const std::map<std::string, std::set<std::int64_t>> durations = {
      {"short", {4}}, {"mixed", {0, 4, 8}}, {"long", {8}}, {"ultra", {12}}};
  for (const std::string& name : kBenchmarks) {
    std::set<std::int64_t> found;
    const auto rows = rows_of(*folder_ / ("benchmarks/" + name + ".jsonl"));
    EXPECT_EQ(rows.size(), 30u);
    for (const auto& row : rows) {
      const std::int64_t duration = row.at("duration").as_int64();
      found.insert(duration);
      const auto candidates = boost::json::value_to<std::vector<std::string>>(row.at("candidates"));
      EXPECT_THAT(candidates,
                  ::testing::Contains(boost::json::value_to<std::string>(row.at("answer"))));
      const char* medium = duration == 0 ? "image" : "video";
      EXPECT_TRUE(
          fs::exists(*folder_ / "benchmarks" / boost::json::value_to<std::string>(row.at(medium))));
    }
    EXPECT_EQ(found, durations.at(name));
  }
}

TEST(MicroWorldMedia, ColoursAndPlacesSurviveTheClipFile) {
  TemporaryFolder folder;
  for (int i = 0; i < 25; ++i) {
    RandomStream random(13, "test/" + std::to_string(i));
    const Scene scene = draw_scene({static_cast<Event>(i % 5), kEventFrames, true, 0}, random);
    const auto frames = render(scene, Style{});
    write_clip(folder / "clip.mp4", frames, kFramesPerSecond);
    cv::VideoCapture clip((folder / "clip.mp4").string());
    for (const cv::Mat& frame : frames) {
      cv::Mat decoded;
      ASSERT_TRUE(clip.read(decoded));
      cv::cvtColor(decoded, decoded, cv::COLOR_BGR2RGB);
      const auto before = see(frame), after = see(decoded);
      ASSERT_EQ(before.size(), after.size()) << i;
      for (const auto& [name, blob] : before) {
        ASSERT_TRUE(after.count(name)) << name;
        EXPECT_NEAR(after.at(name).x, blob.x, 1.0);
        EXPECT_NEAR(after.at(name).y, blob.y, 1.0);
      }
    }
  }
  EXPECT_THROW(write_clip(folder / "no/such/folder.mp4", {cv::Mat::zeros(64, 64, CV_8UC3)}, 2),
               IoError);
}

TEST(MicroWorldPlan, MeetsTheSharesAskedFor) {
  MicroWorldOptions options;
  options.seed = 14;
  options.questions = 8000;
  const PoolPlan plan = plan_pool(options);
  ASSERT_EQ(plan.rows.size(), 8000u);
  double wrong = 0, temporal = 0, wrong_temporal = 0, duplicates = 0, blind = 0, verbose = 0,
         images = 0, two_images = 0, two_turns = 0;
  std::map<std::string, int> wrong_kinds;
  std::map<std::size_t, std::array<double, 2>> by_source;
  for (const PlannedRow& row : plan.rows) {
    const bool is_wrong = row.wrong != WrongKind::none;
    EXPECT_EQ(is_wrong, row.given_answer != row.question.answer);
    EXPECT_THAT(row.answer, HasSubstr(row.given_answer));
    EXPECT_TRUE(!row.blind || row.text.find(row.given_answer) != std::string::npos);
    const bool image = !source_profiles()[row.source].video;
    wrong += is_wrong;
    ++wrong_kinds[to_string(row.wrong)];
    temporal += is_temporal(row.question.type);
    wrong_temporal += is_wrong && is_temporal(row.question.type);
    duplicates += row.near_duplicate;
    blind += row.blind;
    verbose += row.verbose;
    images += image;
    two_images += row.media.size() == 2;
    two_turns += !row.earlier_turns.empty();
    by_source[row.source][0] += is_wrong;
    by_source[row.source][1] += 1;
  }
  EXPECT_EQ(images, 5200);
  EXPECT_NEAR(wrong / 8000, options.wrong_share, 0.02);
  EXPECT_NEAR(wrong_temporal / temporal, options.wrong_temporal_share, 0.03);
  EXPECT_NEAR(duplicates / 8000, options.near_duplicate_share, 0.005);
  EXPECT_NEAR(blind / 8000, options.blind_share, 0.002);
  EXPECT_NEAR(verbose / 8000, options.verbose_share, 0.002);
  EXPECT_NEAR(two_images / images, options.multi_image_share, 0.01);
  EXPECT_NEAR(two_turns / 8000, options.multi_turn_share, 0.01);
  EXPECT_EQ(wrong_kinds.size(), 6u);  // each kind occurs
  EXPECT_EQ(by_source.size(), source_profiles().size());
  double least = 1, most = 0;
  for (const auto& [source, counts] : by_source) {
    least = std::min(least, counts[0] / counts[1]);
    most = std::max(most, counts[0] / counts[1]);
  }
  EXPECT_LT(least, 0.06);
  EXPECT_GT(most, 0.6);
}

TEST(MicroWorldPlan, HabitualMistakesFollowTheirRule) {
  const auto confusion = confused_colours(1);
  for (int colour = 0; colour < kColours; ++colour) {
    EXPECT_NE(confusion[static_cast<std::size_t>(colour)], colour);
  }
  RandomStream random(1, "test");
  const Question direction{
      QuestionType::direction, "?", {"left", "right", "up", "down"}, "left", "right"};
  EXPECT_EQ(mistaken_answer(WrongKind::mirrored, direction, confusion, random), "right");
  EXPECT_EQ(mistaken_answer(WrongKind::reversed_time, direction, confusion, random), "right");
  EXPECT_EQ(mistaken_answer(WrongKind::off_by_one, direction, confusion, random), "");
  const Question count{QuestionType::count, "?", {"one", "two", "three", "four"}, "one", ""};
  EXPECT_EQ(mistaken_answer(WrongKind::off_by_one, count, confusion, random), "two");
  EXPECT_EQ(mistaken_answer(WrongKind::mirrored, count, confusion, random), "");
}

TEST(MicroWorldPlan, ContradictingSharesAreAnError) {
  MicroWorldOptions options = small(1);
  options.wrong_share = 0.05;
  options.wrong_temporal_share = 0.8;
  options.image_share = 0.2;
  EXPECT_THROW(plan_pool(options), ConfigError);
  EXPECT_THROW(spread(0.5, {1.0, 0.0}, {10, 90}, "blind_share"), ConfigError);
}

TEST(MicroWorldCorpus, IsTheSameFromAnyOrderAndSharesScenes) {
  CleanCorpusOptions options;
  options.images = 21;
  options.videos = 20;
  options.augmentation = 0.5;
  const CleanCorpus corpus(options), again(options);
  EXPECT_EQ(corpus.size(), 41u);
  EXPECT_EQ(corpus.scenes(), 21u);
  std::set<std::string> ids;
  for (std::size_t i = corpus.size(); i-- > 0;) {
    const ImaginedSample sample = corpus.at(i), twin = again.at(i);
    EXPECT_EQ(sample.sample.content_digest(), twin.sample.content_digest());
    EXPECT_EQ(cv::norm(sample.frames[0][0], twin.frames[0][0], cv::NORM_INF), 0);
    EXPECT_EQ(sample.frames[0].size(), sample.truth.frames.size());
    EXPECT_EQ(sample.sample.modality(), i < 21 ? Modality::image : Modality::video);
    EXPECT_THAT(sample.sample.question(), HasSubstr(sample.question.text));
    ids.insert(sample.sample.id);
  }
  EXPECT_EQ(ids.size(), 41u);
  EXPECT_EQ(corpus.scene_of(0), corpus.scene_of(1));
  EXPECT_NE(corpus.scene_of(20), corpus.scene_of(21));
}

TEST(MicroWorldHiddenLabels, ABadLineIsNamed) {
  TemporaryFolder folder;
  const auto path = folder.write("labels.jsonl", "{\"id\":\"a\"}\n");
  try {
    read_hidden_labels(path);
    FAIL() << "no error";
  } catch (const DataError& error) {
    EXPECT_THAT(error.what(), HasSubstr("labels.jsonl:1"));
  }
}

}  // namespace
}  // namespace winnow::micro_world
