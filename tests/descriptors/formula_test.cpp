// Each descriptor's number against one worked out by hand.

#include <gmock/gmock.h>

#include <opencv2/imgproc.hpp>

#include "support.h"

namespace winnow {
namespace {

using test::integer_value;
using test::make_descriptor;
using test::make_sample;
using test::text_value;

Media medium_of(Media::Kind kind, std::optional<double> rate = {}) {
  Media medium;
  medium.kind = kind;
  medium.frames_per_second = rate;
  return medium;
}

Sample video_sample(const std::string& question = "What colour is the ball?") {
  return make_sample("v", question, "red", {medium_of(Media::Kind::video)});
}
Sample image_sample() {
  return make_sample("i", "Colour?", "red", {medium_of(Media::Kind::image)});
}
Sample text_sample() { return make_sample("t", "Capital of France?", "Paris", {}); }

// Frames half a second apart.
std::shared_ptr<const Frames> frames_of(std::vector<cv::Mat> images) {
  auto frames = std::make_shared<Frames>();
  for (std::size_t i = 0; i < images.size(); ++i) {
    frames->timestamps.push_back(0.5 * static_cast<double>(i));
  }
  frames->images = std::move(images);
  frames->kind = Media::Kind::video;
  return frames;
}

// A smooth random texture, moved to the right by `shift` pixels a frame.
std::vector<cv::Mat> moving_texture(int count, int shift) {
  cv::Mat noise(120, 200, CV_8UC3), texture;
  cv::RNG random(7);
  random.fill(noise, cv::RNG::UNIFORM, 0, 256);
  cv::GaussianBlur(noise, texture, {0, 0}, 3.0);
  cv::normalize(texture, texture, 0, 255, cv::NORM_MINMAX);
  std::vector<cv::Mat> images;
  for (int i = 0; i < count; ++i) {
    images.push_back(texture(cv::Rect(50 - i * shift, 10, 100, 75)).clone());
  }
  return images;
}

TEST(OpticalFlow, IsDisplacementPerSecondAndDiagonal) {
  const Sample sample = video_sample();
  Observation observation{sample};
  observation.frames = {frames_of(moving_texture(4, 3))};
  const double expected = 3.0 / 0.5 / 125.0;  // the diagonal of 100 x 75
  for (const std::string method : {"farneback", "dis"}) {
    const auto flow = make_descriptor("optical_flow", {{"flow", text_value(method)}});
    const Cell cell = flow->measure(observation).at(0);
    ASSERT_EQ(cell.state, CellState::valid);
    EXPECT_NEAR(cell.value, expected, 0.1 * expected) << method;
  }
}

TEST(OpticalFlow, DoesNotDependOnTheSizeOfThePicture) {
  const Sample sample = video_sample();
  Observation small{sample}, large{sample};
  const std::vector<cv::Mat> images = moving_texture(3, 2);
  std::vector<cv::Mat> doubled(images.size());
  for (std::size_t i = 0; i < images.size(); ++i) {
    cv::resize(images[i], doubled[i], {400, 300}, 0, 0, cv::INTER_CUBIC);
  }
  small.frames = {frames_of(images)};
  large.frames = {frames_of(doubled)};
  const auto flow = make_descriptor("optical_flow", {{"maximum_side", integer_value(100)}});
  const double value = flow->measure(small).at(0).value;
  EXPECT_GT(value, 0.0);
  EXPECT_NEAR(flow->measure(large).at(0).value, value, 0.1 * value);
}

TEST(OpticalFlow, TakesFrameNumbersForTimesWhereTheRateIsUnknown) {
  const Sample timed = make_sample("a", "?", "x", {medium_of(Media::Kind::frames, 2.0)});
  const Sample untimed = make_sample("b", "?", "x", {medium_of(Media::Kind::frames)});
  Observation first{timed}, second{untimed};
  first.frames = {frames_of(moving_texture(3, 2))};
  second.frames = {frames_of(moving_texture(3, 2))};
  const auto flow = make_descriptor(
      "optical_flow", {{"unknown_frame_interval", config::Value(4.0, config::Origin{"test", 0})}});
  // The frames' times are half a second apart: of a list without a rate neighbours by number.
  EXPECT_DOUBLE_EQ(flow->measure(second).at(0).value, flow->measure(first).at(0).value / 8.0);
}

TEST(OpticalFlow, DiversityIsTheMeanDifferenceOfAllPairs) {
  const Sample sample = video_sample();
  const auto grey = [](int brightness) {
    return cv::Mat(24, 24, CV_8UC3, cv::Scalar::all(brightness));
  };
  Observation observation{sample};
  observation.frames = {frames_of({grey(0), grey(255), grey(51)})};
  const auto flow = make_descriptor("optical_flow");
  // |0 - 255|, |0 - 51|, |255 - 51| over 255: 1, 0.2, 0.8.
  EXPECT_NEAR(flow->measure(observation).at(1).value, 2.0 / 3.0, 1e-12);
  observation.frames = {frames_of({grey(9), grey(9)})};
  EXPECT_EQ(flow->measure(observation).at(1).value, 0.0);
}

TEST(OpticalFlow, IsNotApplicableWithoutMotion) {
  const Sample image = image_sample(), text = text_sample(), video = video_sample();
  const auto flow = make_descriptor("optical_flow");
  EXPECT_EQ(flow->measure(Observation{image}).at(0).state, CellState::not_applicable);
  EXPECT_EQ(flow->measure(Observation{text}).at(1).state, CellState::not_applicable);
  Observation single{video};
  single.frames = {frames_of(moving_texture(1, 0))};
  EXPECT_EQ(flow->measure(single).at(0).state, CellState::not_applicable);
}

TEST(Duration, IsThatOfTheClipWhateverIsSampledOfIt) {
  const Sample video = video_sample(), image = image_sample();
  const auto duration = make_descriptor("duration");
  const auto cells_of = [&](std::optional<double> seconds) {
    const auto frames = std::make_shared<Frames>();
    frames->images = moving_texture(2, 0);
    frames->timestamps = {0.0, 0.5};
    frames->duration = seconds;
    frames->kind = Media::Kind::video;
    Observation observation{video};
    observation.frames = {frames};
    return duration->measure(observation);
  };
  EXPECT_EQ(cells_of(12.5).at(0).value, 12.5);
  EXPECT_EQ(cells_of(12.5).at(1).value, 0.0);
  EXPECT_EQ(cells_of(30.0).at(1).value, 1.0);
  EXPECT_EQ(cells_of(600.0).at(1).value, 2.0);
  EXPECT_EQ(cells_of({}).at(0).state, CellState::missing);  // a frame list without a rate
  EXPECT_EQ(duration->measure(Observation{image}).at(0).state, CellState::not_applicable);
}

TEST(VisualDependency, IsLossWithoutMinusLossWithVision) {
  const Sample sample = image_sample();
  Observation observation{sample};
  observation.loss_with_vision = 0.25;
  observation.loss_without_vision = 2.0;
  const auto cells = make_descriptor("visual_dependency")->measure(observation);
  EXPECT_DOUBLE_EQ(cells.at(0).value, 1.75);
  EXPECT_DOUBLE_EQ(cells.at(1).value, 2.0);
  const Sample text = text_sample();
  EXPECT_EQ(make_descriptor("visual_dependency")->measure(Observation{text}).at(0).state,
            CellState::not_applicable);
}

TEST(Perplexity, IsTheExponentialOfTheLoss) {
  const Sample sample = text_sample();
  Observation observation{sample};
  observation.loss_with_vision = std::log(3.0);
  const auto perplexity = make_descriptor("perplexity");
  EXPECT_DOUBLE_EQ(perplexity->measure(observation).at(0).value, 3.0);
  EXPECT_DOUBLE_EQ(perplexity->measure(observation).at(1).value, std::log(3.0));
  observation.loss_with_vision = 1e6;  // overflows: no number, rather than a clamped one
  EXPECT_EQ(perplexity->measure(observation).at(0).state, CellState::failed);
  EXPECT_EQ(perplexity->measure(observation).at(1).state, CellState::valid);
}

TEST(TemporalNeed, IsWhatOneFrameLoses) {
  const Sample timely = video_sample("What does the ball do after the jump?");
  const Sample timeless = video_sample();
  const auto value = [](const Sample& sample, const std::string& mode) {
    Observation observation{sample};
    observation.loss_with_vision = 0.5;
    observation.loss_single_frame = 1.25;
    return make_descriptor("temporal_need", {{"mode", text_value(mode)}})
        ->measure(observation)
        .at(0)
        .value;
  };
  EXPECT_DOUBLE_EQ(value(timely, "single_frame"), 0.75);
  EXPECT_DOUBLE_EQ(value(timeless, "single_frame"), 0.75);
  EXPECT_DOUBLE_EQ(value(timely, "lexical"), 1.0);
  EXPECT_DOUBLE_EQ(value(timeless, "lexical"), 0.0);
  EXPECT_DOUBLE_EQ(value(timely, "product"), 0.75);
  EXPECT_DOUBLE_EQ(value(timeless, "product"), 0.0);
  const Sample image = image_sample();
  EXPECT_EQ(make_descriptor("temporal_need")->measure(Observation{image}).at(0).state,
            CellState::not_applicable);
}

TEST(SelfConsistency, IsTheMeanOverAllPairs) {
  const Sample sample = image_sample();
  Observation observation{sample};
  observation.sampled_answers = {"a b", "a b", "a c"};  // 1, 1/3, 1/3
  const auto three = make_descriptor("self_consistency", {{"answers", integer_value(3)}});
  EXPECT_DOUBLE_EQ(three->measure(observation).at(0).value, 5.0 / 9.0);
  const auto two = make_descriptor("self_consistency", {{"answers", integer_value(2)}});
  EXPECT_DOUBLE_EQ(two->measure(observation).at(0).value, 1.0);
  const auto five = make_descriptor("self_consistency");
  EXPECT_EQ(five->measure(observation).at(0).state, CellState::missing);
}

// 12 rows in three tight groups of 6, 4 and 2 whose second feature is on another scale, a third
// that is constant, and one row without features.
struct Grouped {
  explicit Grouped(const std::vector<std::size_t>& order) {
    std::vector<RowFacts> facts(13);
    features.prompt = RowVectors(13, std::filesystem::temp_directory_path());
    for (std::size_t i = 0; i < order.size(); ++i) {
      const std::size_t k = order[i];
      facts[i].id = facts[i].content_digest = "row" + std::to_string(k);
      if (k == 12) continue;
      const double group = k < 6 ? 0.0 : k < 10 ? 1.0 : 2.0;
      features.prompt.set(
          i, std::vector<float>{static_cast<float>(group + 0.01 * static_cast<double>(k % 3)),
                                static_cast<float>(1e6 * (group == 1.0)), 3.3F});
    }
    table = SampleTable(facts);
    table.add(Column::missing("cluster", 13));
    table.add(Column::missing("coverage", 13));
    ids = order;
  }
  // Values by the row's name rather than its place.
  std::vector<double> by_id(const std::string& column) const {
    std::vector<double> values(13);
    for (std::size_t i = 0; i < 13; ++i) values[ids[i]] = table.column(column).values(i);
    return values;
  }
  SampleTable table;
  PoolFeatures features;
  std::vector<std::size_t> ids;
};

const std::vector<std::size_t> kInOrder = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};

TEST(Coverage, RarityIsMinusTheLogarithmOfTheClustersShare) {
  Grouped pool(kInOrder);
  make_descriptor("coverage", {{"clusters", integer_value(3)}})
      ->finish(pool.table, pool.features, 5);
  const std::vector<double> cluster = pool.by_id("cluster"), coverage = pool.by_id("coverage");
  for (std::size_t k = 0; k < 12; ++k) {
    EXPECT_EQ(cluster[k], cluster[k < 6 ? 0 : k < 10 ? 6 : 10]) << k;
    EXPECT_DOUBLE_EQ(coverage[k], -std::log((k < 6 ? 6 : k < 10 ? 4 : 2) / 12.0)) << k;
  }
  EXPECT_NE(cluster[0], cluster[6]);
  EXPECT_NE(cluster[6], cluster[10]);
  EXPECT_FALSE(pool.table.column("cluster").valid(12));
  EXPECT_FALSE(pool.table.column("coverage").valid(12));
}

TEST(Coverage, DistanceRankGoesFromNearestToFarthest) {
  Grouped pool(kInOrder);
  make_descriptor("coverage",
                  {{"clusters", integer_value(3)}, {"measure", text_value("distance_rank")}})
      ->finish(pool.table, pool.features, 5);
  const std::vector<double> coverage = pool.by_id("coverage");
  // Rows 0 to 5 lie at 0, .01, .02 twice: two at the centre, four as far as each other but for
  // rounding.
  EXPECT_DOUBLE_EQ(coverage[1], 0.1);
  EXPECT_DOUBLE_EQ(coverage[4], 0.1);
  EXPECT_NEAR((coverage[0] + coverage[2]) / 2.0, 0.7, 1e-12);
  EXPECT_DOUBLE_EQ(coverage[0], coverage[3]);
}

TEST(Coverage, DoesNotDependOnRowOrder) {
  Grouped pool(kInOrder);
  std::vector<std::size_t> shuffled = kInOrder;
  RandomStream(3, "test").shuffle(shuffled);
  Grouped other(shuffled);
  // More clusters than groups, so that the result hangs on the random start.
  const auto coverage = make_descriptor("coverage", {{"clusters", integer_value(5)}});
  coverage->finish(pool.table, pool.features, 5);
  coverage->finish(other.table, other.features, 5);
  const auto first = pool.by_id("cluster"), second = other.by_id("cluster");
  for (std::size_t k = 0; k < 12; ++k) EXPECT_EQ(first[k], second[k]) << k;
}

TEST(Coverage, TakesNoMoreClustersThanDistinctSamples) {
  std::vector<RowFacts> facts(3);
  for (std::size_t i = 0; i < 3; ++i) facts[i].content_digest = i < 2 ? "same" : "other";
  SampleTable table(facts);
  table.add(Column::missing("q_cluster", 3));
  table.add(Column::missing("q_coverage", 3));
  PoolFeatures features;
  features.question = test::row_vectors({{1.0F}, {1.0F}, {2.0F}});
  make_descriptor("coverage",
                  {{"space", text_value("question")}, {"column_prefix", text_value("q_")}})
      ->finish(table, features, 0);
  const Column& cluster = table.column("q_cluster");
  EXPECT_EQ(cluster.values(0), cluster.values(1));
  EXPECT_NE(cluster.values(0), cluster.values(2));
  EXPECT_DOUBLE_EQ(table.column("q_coverage").values(2), std::log(3.0));
}

}  // namespace
}  // namespace winnow
