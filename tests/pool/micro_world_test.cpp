#include "pool/micro_world/micro_world.h"

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
#include "pool/colour_eye.h"
#include "pool/micro_world/media_files.h"
#include "pool/micro_world/plan.h"
#include "pool/pool.h"
#include "pool/temporary_folder.h"

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

TEST_F(WrittenWorld, IsReadByThePoolReaderWithoutALedger) {
  PoolOptions options;
  for (const std::string& file : kPoolFiles) options.files.push_back(*folder_ / ("pool/" + file));
  const Pool pool = Pool::read(options);
  EXPECT_TRUE(pool.ledger().empty());
  ASSERT_EQ(pool.samples().size(), 400u);
  const auto labels = read_hidden_labels(*folder_ / "labels.jsonl");
  ASSERT_EQ(labels.size(), 400u);
  std::int64_t images = 0;
  std::set<std::size_t> media_counts, turn_counts;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const Sample& sample = pool.samples()[i];
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

// The label is what the pixels show, for every question type.
TEST(MicroWorldLabels, AgreeWithThePixels) {
  CleanCorpusOptions options;
  options.seed = 5;
  options.images = 600;
  options.videos = 1800;
  options.long_video_share = 0;
  const CleanCorpus corpus(options);
  ASSERT_EQ(corpus.size(), 2400u);
  std::map<QuestionType, std::pair<int, int>> right;
  for (std::size_t i = 0; i < corpus.scenes(); ++i) {
    const ImaginedScene scene = corpus.scene(i);
    for (const Question& question : scene.questions) {
      auto& [agreed, asked] = right[question.type];
      ++asked;
      agreed += look(question, scene.frames) == question.answer ? 1 : 0;
    }
  }
  EXPECT_EQ(right.size(), 13u);
  for (const auto& [type, counts] : right) {
    EXPECT_GT(counts.second, 30) << to_string(type);
    // Hue and outline at 64 pixels are not perfect; chance is 25 to 50 per cent.
    EXPECT_GE(counts.first, 0.97 * counts.second) << to_string(type) << " of " << counts.second;
  }
}

TEST(MicroWorldLabels, AnswersAreUniformOverCandidates) {
  std::map<std::pair<QuestionType, std::string>, std::array<double, 3>> words;
  std::map<std::pair<QuestionType, std::size_t>, std::array<double, 3>> places;
  for (int i = 0; i < 12000; ++i) {
    RandomStream random(9, "test/" + std::to_string(i));
    SceneRequest request;
    request.event = static_cast<Event>(i % 5);
    request.frames = request.event == Event::quiet ? 1 : kEventFrames;
    const Scene scene = draw_scene(request, random);
    for (const QuestionType type : askable(scene)) {
      const Question question = ask(scene, type, random);
      const double chance = 1.0 / static_cast<double>(question.candidates.size());
      for (std::size_t place = 0; place < question.candidates.size(); ++place) {
        const std::string& candidate = question.candidates[place];
        for (auto* cell : {&words[{type, candidate}], &places[{type, place}]}) {
          (*cell)[0] += candidate == question.answer ? 1 : 0;
          (*cell)[1] += chance;
          (*cell)[2] += chance * (1 - chance);
        }
      }
    }
  }
  const auto deviation = [](const std::array<double, 3>& cell) {
    return std::abs(cell[0] - cell[1]) / std::sqrt(cell[2]);
  };
  for (const auto& [key, cell] : words) {
    EXPECT_LT(deviation(cell), 4.5) << to_string(key.first) << " " << key.second;
  }
  for (const auto& [key, cell] : places) {
    EXPECT_LT(deviation(cell), 4.5) << to_string(key.first) << " " << key.second;
  }
}

// In the middle of the clip a mover's place says nothing about where it goes, neither in the
// picture nor in its quarter. This is the frame that descriptors show when they show one.
TEST(MicroWorldLabels, TheMiddleFrameDoesNotTellTheDirection) {
  const cv::Point2f picture(31.5f, 31.5f);
  const auto quarter = [](cv::Point2f place) {
    return cv::Point2f(place.x < 32 ? 21.5f : 41.5f, place.y < 32 ? 21.5f : 41.5f);
  };
  const auto outwards = [](cv::Point2f place, cv::Point2f from) {
    const cv::Point2f centre = place - from;
    if (std::abs(centre.x) > std::abs(centre.y)) {
      return centre.x < 0 ? Direction::left : Direction::right;
    }
    return centre.y < 0 ? Direction::up : Direction::down;
  };
  const std::map<Direction, Direction> opposite = {{Direction::left, Direction::right},
                                                   {Direction::right, Direction::left},
                                                   {Direction::up, Direction::down},
                                                   {Direction::down, Direction::up}};
  double asked = 0, right[2] = {0, 0}, right_axis[2] = {0, 0};
  for (int i = 0; i < 4000; ++i) {
    RandomStream random(10, "test/" + std::to_string(i));
    const Scene scene = draw_scene({Event::motion, kEventFrames, false, 0}, random);
    for (const SceneObject& object : scene.objects) {
      if (object.direction == Direction::none) continue;
      const cv::Point2f start = scene.centre(object, 0);
      const cv::Point2f end = scene.centre(object, kEventFrames - 1);
      EXPECT_GE(cv::norm(end - start), 6.0);  // a motion that can be seen
      const cv::Point2f middle = (start + end) / 2;
      ++asked;
      for (const int of_quarter : {0, 1}) {
        const Direction guess = outwards(middle, of_quarter == 1 ? quarter(middle) : picture);
        const bool is_right = guess == object.direction;
        right[of_quarter] += is_right ? 1 : 0;
        right_axis[of_quarter] += is_right || opposite.at(guess) == object.direction ? 1 : 0;
      }
    }
  }
  EXPECT_GT(asked, 3000);
  for (const int of_quarter : {0, 1}) {
    EXPECT_NEAR(right[of_quarter] / asked, 0.25, 0.03);
    EXPECT_NEAR(right_axis[of_quarter] / asked, 0.5, 0.04);
  }
}

// A path has to fit into the picture, so the first frame tells a little; the best guess that can be
// learnt from a mover's first place and radius must stay far from an answer.
TEST(MicroWorldLabels, TheFirstFrameTellsLittleOfTheDirection) {
  std::map<std::tuple<int, int, int>, std::array<int, 4>> seen;
  std::vector<std::pair<std::tuple<int, int, int>, Direction>> unseen;
  for (int i = 0; i < 12000; ++i) {
    RandomStream random(13, "test/" + std::to_string(i));
    const Scene scene = draw_scene({Event::motion, kEventFrames, false, 0}, random);
    for (const SceneObject& object : scene.objects) {
      if (object.direction == Direction::none) continue;
      const cv::Point2f start = scene.centre(object, 0);
      const std::tuple<int, int, int> cell(
          static_cast<int>(start.x / 4), static_cast<int>(start.y / 4), object.radius > 9 ? 1 : 0);
      if (i % 3 == 0) {
        unseen.emplace_back(cell, object.direction);
      } else {
        ++seen[cell][static_cast<std::size_t>(object.direction)];
      }
    }
  }
  int right = 0;
  for (const auto& [cell, direction] : unseen) {
    const std::array<int, 4>& counts = seen[cell];
    const auto best = std::max_element(counts.begin(), counts.end()) - counts.begin();
    right += static_cast<Direction>(best) == direction ? 1 : 0;
  }
  EXPECT_GT(unseen.size(), 3000u);
  EXPECT_LT(right / static_cast<double>(unseen.size()), 0.57);
}

TEST(MicroWorldScenes, FillersAreEmptyWhereTheyWouldMakeTheAnswerWrong) {
  int with_filler = 0;
  for (int i = 0; i < 1000; ++i) {
    RandomStream random(11, "test/" + std::to_string(i));
    const auto event = static_cast<Event>(i % 5);
    const Scene scene = draw_scene({event, 3 * kEventFrames, false, 0}, random);
    with_filler += scene.fillers.empty() ? 0 : 1;
    if (event == Event::motion || event == Event::flash) continue;
    const SceneTruth truth = truth_of(scene);
    for (int frame = 0; frame < scene.frames; ++frame) {
      const int elapsed = frame - scene.event_begins;
      const bool during_event = elapsed >= 0 && elapsed < kEventFrames;
      EXPECT_TRUE(during_event || truth.frames[static_cast<std::size_t>(frame)].empty());
    }
  }
  EXPECT_GT(with_filler, 100);
}

TEST(MicroWorldScenes, TruthIsWhereThePixelsAre) {
  for (int i = 0; i < 200; ++i) {
    RandomStream random(12, "test/" + std::to_string(i));
    const Scene scene = draw_scene({}, random);
    const auto blobs = see(render(scene, Style{})[0]);
    const SceneTruth truth = truth_of(scene);
    ASSERT_EQ(truth.frames.size(), 1u);
    ASSERT_EQ(blobs.size(), truth.frames[0].size());
    for (const ObjectTruth& object : truth.frames[0]) {
      const Blob& blob = blobs.at(colour_names()[static_cast<std::size_t>(object.colour)]);
      const double x = (object.cell % kGrid + 0.5 + object.offset_x) * kPictureSize / kGrid - 0.5;
      const double y = (object.cell / kGrid + 0.5 + object.offset_y) * kPictureSize / kGrid - 0.5;
      EXPECT_NEAR(blob.x, x, 1.0);
      EXPECT_NEAR(blob.y, y, 1.0);
      EXPECT_LE(std::abs(object.offset_x), 0.5f);
    }
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

TEST(MicroWorldHeldOut, IsOfScenesOfItsOwnAndTheSameEachTime) {
  const TemporaryFolder folder;
  fs::create_directories(folder / "a");
  fs::create_directories(folder / "b");
  fs::create_directories(folder / "world");
  write_held_out(small(3), 60, folder / "a");
  write_held_out(small(3), 60, folder / "b");
  EXPECT_EQ(digests(folder / "a"), digests(folder / "b"));
  const auto rows = rows_of(folder / "a" / "held_out.jsonl");
  ASSERT_EQ(rows.size(), 60U);
  std::set<std::string> subtasks;
  std::size_t images = 0;
  for (const auto& row : rows) {
    subtasks.emplace(row.at("subtask").as_string());
    images += row.contains("image") ? 1 : 0;
    const auto candidates = boost::json::value_to<std::vector<std::string>>(row.at("candidates"));
    EXPECT_NE(
        std::find(candidates.begin(), candidates.end(), std::string(row.at("answer").as_string())),
        candidates.end());
  }
  EXPECT_GT(subtasks.size(), 6U);
  EXPECT_GT(images, 10U);
  EXPECT_LT(images, 40U);
  // No file of the world is among them.
  write_world(small(3), folder / "world");
  std::set<std::string> world;
  for (const auto& [path, digest] : digests(folder / "world")) world.insert(digest);
  for (const auto& [path, digest] : digests(folder / "a"))
    EXPECT_EQ(world.count(digest), 0U) << path;
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
