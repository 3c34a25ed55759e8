// What the answers say and what the pictures show: they agree, and neither gives the other away.

#include <gtest/gtest.h>

#include <array>
#include <map>

#include "worlds/colour_eye.h"
#include "worlds/micro_world.h"
#include "worlds/plan.h"

namespace winnow::micro_world {
namespace {

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

}  // namespace
}  // namespace winnow::micro_world
