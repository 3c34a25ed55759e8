#include "descriptors/pass.h"

#include <gmock/gmock.h>
#include <spdlog/spdlog.h>

#include <set>

#include "core/files.h"
#include "core/parallel.h"
#include "support.h"

namespace winnow {
namespace {

using test::FakeModel;
using test::grey_medium;
using test::make_sample;
using testing::HasSubstr;

constexpr std::size_t kLargeCache = 64 << 20;

// 12 samples over 4 media: one text, images and videos, some sharing theirs.
class Pass : public testing::Test {
 protected:
  Pass() {
    const Media image = grey_medium(folder_.path(), "image", {10});
    const Media other = grey_medium(folder_.path(), "other", {250});
    video_ = grey_medium(folder_.path(), "video", {0, 51, 0});  // changes sum to 0.4
    const Media still = grey_medium(folder_.path(), "still", {90, 90});
    const std::vector<std::vector<Media>> media = {{image},  {video_}, {},      {video_},
                                                   {still},  {image},  {other}, {image, video_},
                                                   {video_}, {still},  {image}, {other}};
    for (std::size_t i = 0; i < media.size(); ++i) {
      samples_.push_back(make_sample("s" + std::to_string(i), std::string(i + 1, 'q'),
                                     std::string(1 + i % 3, 'a'), media[i]));
    }
    options_.batch_size = 3;
    options_.chunk_samples = 4;
  }

  DescriptorPassResult run(FakeModel& model) {
    FrameCache frames({}, kLargeCache);
    return run(model, frames);
  }
  DescriptorPassResult run(FakeModel& model, FrameCache& frames) {
    const Pool pool(samples_);
    DescriptorPassRequest request{pool, frames};
    request.model = &model;
    request.seed = 11;
    request.journal = journal_;
    return DescriptorPass(test::all_descriptors(), options_).run(request);
  }

  // Every bit of every column, by sample id.
  static std::map<std::string, std::string> content(const SampleTable& table) {
    std::map<std::string, std::string> result;
    for (const std::string& name : table.column_names()) {
      const Column& column = table.column(name);
      for (std::size_t row = 0; row < table.size(); ++row) {
        const double value = column.valid(row) ? column.values(row) : 0.0;
        std::string& cells = result[std::string(table.rows().id(row))];
        cells += name + std::string(reinterpret_cast<const char*>(&value), sizeof value);
        cells += static_cast<char>('0' + column.states(row));
      }
    }
    return result;
  }

  test::TemporaryFolder folder_;
  Media video_;
  std::vector<Sample> samples_;
  DescriptorPassOptions options_;
  std::filesystem::path journal_;
};

TEST_F(Pass, FillsTheColumnsWithTheModelsNumbers) {
  FakeModel model;
  const DescriptorPassResult result = run(model);
  ASSERT_TRUE(result.failures.empty());
  EXPECT_GT(result.cpu_seconds, 0.0);
  const auto cell = [&](const std::string& column, std::size_t row) {
    EXPECT_TRUE(result.table.column(column).valid(row)) << column << " " << row;
    return result.table.column(column).values(row);
  };
  const auto state = [&](const std::string& column, std::size_t row) {
    return static_cast<CellState>(result.table.column(column).states(row));
  };
  const auto prompt = [&](std::size_t row) {
    return 1.0 + static_cast<double>(samples_[row].question().size()) / 1000.0;
  };
  EXPECT_NEAR(cell("loss", 0), prompt(0), 1e-6);
  EXPECT_NEAR(cell("loss", 1), prompt(1) - 0.4, 1e-6);
  EXPECT_NEAR(cell("perplexity", 1), std::exp(prompt(1) - 0.4), 1e-6);
  EXPECT_NEAR(cell("visual_dependency", 1), 2.0 - (prompt(1) - 0.4), 1e-6);
  EXPECT_NEAR(cell("temporal_need", 1), 0.4, 1e-6);
  EXPECT_NEAR(cell("temporal_need", 4), 0.0, 1e-6);  // a video of a still scene
  EXPECT_NEAR(cell("temporal_need", 7), 0.4, 1e-6);  // an image beside a video
  EXPECT_NEAR(cell("frame_diversity", 1), 2.0 / 3.0 * 0.2, 1e-6);
  EXPECT_NEAR(cell("loss", 2), prompt(2), 1e-6);
  EXPECT_EQ(state("visual_dependency", 2), CellState::not_applicable);
  EXPECT_EQ(state("temporal_need", 0), CellState::not_applicable);
  EXPECT_EQ(state("optical_flow", 0), CellState::not_applicable);
  std::set<double> consistencies;
  for (std::size_t row = 0; row < samples_.size(); ++row) {
    consistencies.insert(cell("self_consistency", row));
    EXPECT_GE(cell("coverage", row), 0.0);
  }
  EXPECT_GT(consistencies.size(), 6U);  // every sample draws from a stream of its own
}

TEST_F(Pass, DecodesEncodesAndPrefillsOnce) {
  FakeModel model;
  FrameCache frames({}, 0);  // keeps nothing: what is decoded once was held by the pass
  set_worker_count(1);
  // Samples that share a first medium are kept together; the one with two media brings its video
  // to another chunk, where it is met again.
  samples_.erase(samples_.begin() + 7);
  run(model, frames);
  set_worker_count(0);
  EXPECT_EQ(frames.decoded(), 4U);
  // Each medium as it is, and both videos once more as a single frame.
  EXPECT_EQ(model.counts().preprocessed, 4 + 2);
  EXPECT_EQ(model.counts().encoded, 4 + 2);
  // 11 with vision, 10 blind, 5 videos with a single frame.
  EXPECT_EQ(model.counts().prefilled, 11 + 10 + 5);
}

TEST_F(Pass, AsksTheModelForNothingThatNoDescriptorNeeds) {
  FakeModel model;
  FrameCache frames({}, kLargeCache);
  const auto run_only = [&](const std::string& name) {
    std::map<std::string, std::unique_ptr<Descriptor>> only;
    only[name] = test::make_descriptor(name);
    const Pool pool(samples_);
    DescriptorPassRequest request{pool, frames};
    request.model = &model;
    return DescriptorPass(std::move(only), options_).run(request);
  };
  run_only("optical_flow");
  EXPECT_EQ(model.counts().prefilled, 0);
  EXPECT_EQ(model.counts().preprocessed, 0);
  run_only("perplexity");
  EXPECT_EQ(model.counts().prefilled, 12);
}

TEST_F(Pass, TakesVisualFeaturesFromElsewhere) {
  FakeModel model, other;
  FrameCache frames({}, kLargeCache), untouched({}, kLargeCache);
  const DescriptorPassResult expected = run(model, frames);
  const auto features = [&](const Sample& sample, bool single_frame) {
    std::vector<VisualTokens> result;
    for (const Media& medium : sample.media) {
      const auto decoded = frames.get(medium);
      std::vector<float> brightness;
      for (std::size_t i = 0; i < decoded->images.size(); ++i) {
        const std::size_t shown = single_frame ? decoded->images.size() / 2 : i;
        brightness.push_back(static_cast<float>(decoded->images[shown].at<cv::Vec3b>(0, 0)[0]));
      }
      result.push_back({torch::tensor(brightness).unsqueeze(1) / 255.0, {}});
    }
    return result;
  };
  const Pool pool(samples_);
  DescriptorPassRequest request{pool, untouched};
  request.model = &other;
  request.seed = 11;
  request.visual = [&](const Sample& sample) { return features(sample, false); };
  request.visual_single_frame = [&](const Sample& sample) { return features(sample, true); };
  auto descriptors = test::all_descriptors();
  for (const char* name : {"optical_flow", "duration"}) descriptors.erase(name);  // they look
  const DescriptorPassResult result = DescriptorPass(std::move(descriptors), options_).run(request);
  EXPECT_EQ(untouched.decoded(), 0U);
  EXPECT_EQ(other.counts().encoded, 0);
  for (const std::string& column : result.table.column_names()) {
    for (std::size_t row = 0; row < samples_.size(); ++row) {
      EXPECT_EQ(result.table.column(column).states(row), expected.table.column(column).states(row));
      if (!result.table.column(column).valid(row)) continue;
      EXPECT_EQ(result.table.column(column).values(row), expected.table.column(column).values(row));
    }
  }
}

TEST_F(Pass, DoesNotDependOnThreadsOrRowOrder) {
  FakeModel one, two, shuffled;
  set_worker_count(1);
  const auto expected = content(run(one).table);
  EXPECT_EQ(one.counts().clones, 0);
  set_worker_count(2);
  EXPECT_EQ(content(run(two).table), expected);
  EXPECT_LE(two.counts().clones, 1);
  RandomStream(1, "test").shuffle(samples_);
  EXPECT_EQ(content(run(shuffled).table), expected);
  set_worker_count(0);
}

TEST_F(Pass, KeepsTheReasonOfEachFailureAndGoesOn) {
  FakeModel clean_model, model;
  const auto expected = content(run(clean_model).table);
  samples_[3].turns[0].text += " explode";
  samples_[6].media[0].paths[0] = folder_.path() / "absent.png";
  samples_[8].turns[0].text += " nan";
  options_.maximum_failed_share = 0.5;
  const DescriptorPassResult result = run(model);
  ASSERT_EQ(result.failures.size(), 3U);
  EXPECT_EQ(result.failures[0].id, "s3");
  EXPECT_THAT(result.failures[0].reason, HasSubstr("this prompt is too long"));
  EXPECT_EQ(result.failures[1].id, "s6");
  EXPECT_THAT(result.failures[1].reason, HasSubstr("absent.png"));
  EXPECT_EQ(result.failures[2].id, "s8");
  EXPECT_THAT(result.failures[2].reason, HasSubstr("not a finite number"));
  const auto state = [&](const std::string& column, std::size_t row) {
    return static_cast<CellState>(result.table.column(column).states(row));
  };
  EXPECT_EQ(state("loss", 3), CellState::failed);
  EXPECT_EQ(state("optical_flow", 3), CellState::valid);  // its frames were fine
  EXPECT_EQ(state("perplexity", 6), CellState::failed);
  EXPECT_EQ(state("visual_dependency", 6), CellState::failed);
  EXPECT_EQ(state("coverage", 6), CellState::failed);
  EXPECT_EQ(state("loss", 8), CellState::failed);
  EXPECT_EQ(state("self_consistency", 8), CellState::valid);
  // The others are as if nothing had happened, but for clusters, which are the pool's.
  EXPECT_EQ(state("loss", 0), CellState::valid);
  EXPECT_NEAR(result.table.column("loss").values(5), 1.0 + 6.0 / 1000.0 + 7.0 / 1000.0, 1e-6);
}

// Sampling answers is one descriptor's wish; the losses of the others do not hang on it.
TEST_F(Pass, ASampleThatCannotAnswerKeepsItsLosses) {
  FakeModel clean_model, model;
  const DescriptorPassResult expected = run(clean_model);
  samples_[4].turns[0].text += " mute";
  options_.maximum_failed_share = 0.5;
  const DescriptorPassResult result = run(model);
  ASSERT_EQ(result.failures.size(), 1U);
  EXPECT_EQ(result.failures[0].reason, "no words for this");
  for (const char* column : {"loss", "visual_dependency", "coverage"}) {
    EXPECT_TRUE(result.table.column(column).valid(4)) << column;
  }
  for (const std::size_t row : {std::size_t{3}, std::size_t{5}}) {
    EXPECT_TRUE(result.table.column("self_consistency").valid(row)) << row;
    EXPECT_EQ(result.table.column("self_consistency").values(row),
              expected.table.column("self_consistency").values(row));
  }
  EXPECT_EQ(result.table.column("self_consistency").states(4),
            static_cast<std::uint8_t>(CellState::failed));
}

TEST_F(Pass, StopsWhenTooManyFail) {
  FakeModel model;
  samples_[3].turns[0].text += " explode";
  samples_[4].turns[0].text += " explode";
  options_.maximum_failed_share = 1.0 / 12.0;
  try {
    run(model);
    FAIL() << "went on";
  } catch (const DataError& error) {
    EXPECT_THAT(error.what(), testing::AllOf(HasSubstr("2 of 12 samples"),
                                             HasSubstr("2 x this prompt is too long"),
                                             HasSubstr("maximum_failed_share")));
  }
  samples_.erase(samples_.begin() + 4);
  options_.maximum_failed_share = 1.0 / 11.0;
  EXPECT_EQ(run(model).failures.size(), 1U);
}

TEST_F(Pass, RefusesDescriptorsThatDoNotFitTogether) {
  std::map<std::string, std::unique_ptr<Descriptor>> twice;
  twice["a"] = test::make_descriptor("perplexity");
  twice["b"] = test::make_descriptor("perplexity");
  EXPECT_THROW(DescriptorPass(std::move(twice), options_), ConfigError);
  FrameCache frames({}, kLargeCache);
  EXPECT_THROW(DescriptorPass(test::all_descriptors(), options_).run({Pool(samples_), frames}),
               ConfigError);
}

TEST_F(Pass, SmallerFeaturesComeFromAFixedProjection) {
  FakeModel first, second;
  options_.feature_dimensions = 2;
  EXPECT_EQ(content(run(first).table), content(run(second).table));
}

TEST_F(Pass, ResumesWhereverTheJournalWasCut) {
  FakeModel model;
  set_worker_count(1);
  journal_ = folder_.path() / "whole";
  const auto expected = content(run(model).table);
  const int prefilled = model.counts().prefilled;
  const std::string whole = read_file(journal_);
  ASSERT_GT(whole.size(), 1000U);
  journal_ = folder_.path() / "cut";
  spdlog::set_level(spdlog::level::off);
  std::size_t most_resumed = 0;
  for (std::size_t size = 0; size <= whole.size(); size += size < 100 ? 5 : 37) {
    write_file(journal_, whole.substr(0, size));
    FakeModel again;
    const DescriptorPassResult result = run(again);
    ASSERT_EQ(content(result.table), expected) << "cut at byte " << size;
    // Whole again; the bytes differ in the CPU time that the chunks took.
    ASSERT_EQ(read_file(journal_).size(), whole.size()) << "cut at byte " << size;
    if (result.resumed_rows > 0) {
      EXPECT_LT(again.counts().prefilled, prefilled);
      EXPECT_GT(result.earlier_cpu_seconds, 0.0);
    }
    EXPECT_GE(result.resumed_rows, most_resumed);
    most_resumed = result.resumed_rows;
  }
  EXPECT_GE(most_resumed, 6U);
  FakeModel nothing_left;
  EXPECT_EQ(run(nothing_left).resumed_rows, samples_.size());
  EXPECT_EQ(nothing_left.counts().prefilled, 0);
  spdlog::set_level(spdlog::level::info);
  set_worker_count(0);
}

TEST_F(Pass, DropsTheJournalOfAnotherPass) {
  journal_ = folder_.path() / "journal";
  FakeModel model;
  run(model);
  const auto dropped = [&](FakeModel& other) {
    EXPECT_EQ(run(other).resumed_rows, 0U);
    EXPECT_EQ(run(other).resumed_rows, samples_.size());
  };
  FakeModel trained_on;
  trained_on.weight += 1.0;
  dropped(trained_on);
  options_.chunk_samples = 5;
  dropped(trained_on);
  samples_[0].turns[0].text += "?";
  dropped(trained_on);
}

TEST_F(Pass, MeasuresTheWantedRowsAlone) {
  FakeModel one, other;
  FrameCache frames({}, kLargeCache);
  const Pool pool(samples_);
  const std::vector<std::size_t> rows = {8, 1, 4, 2, 11};
  DescriptorPassRequest request{pool, frames};
  request.model = &one;
  request.rows = rows;
  const DescriptorPass pass(test::all_descriptors(), options_);
  const DescriptorPassResult some = pass.run(request);
  const Pool part = pool.subset(rows);
  DescriptorPassRequest whole{part, frames};
  whole.model = &other;
  const DescriptorPassResult all = pass.run(whole);
  EXPECT_EQ(one.counts().prefilled, other.counts().prefilled);
  for (const std::string& name : all.table.column_names()) {
    const Column& column = some.table.column(name);
    ASSERT_EQ(column.size(), samples_.size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
      EXPECT_EQ(column.states(rows[i]), all.table.column(name).states(i)) << name;
      if (!column.valid(rows[i])) continue;
      EXPECT_EQ(column.values(rows[i]), all.table.column(name).values(i)) << name;
    }
    EXPECT_EQ(column.states(0), static_cast<std::uint8_t>(CellState::missing)) << name;
  }
}

TEST_F(Pass, RetriesFailuresWhenAsked) {
  journal_ = folder_.path() / "journal";
  FakeModel model;
  const std::filesystem::path path = samples_[6].media[0].paths[0];
  const auto expected = content(run(model).table);
  std::filesystem::remove(journal_);
  std::filesystem::rename(path, path.string() + ".away");
  options_.maximum_failed_share = 0.5;
  EXPECT_EQ(run(model).failures.size(), 2U);
  std::filesystem::rename(path.string() + ".away", path);
  EXPECT_EQ(run(model).failures.size(), 2U);
  options_.retry_failed = true;
  const DescriptorPassResult repaired = run(model);
  EXPECT_TRUE(repaired.failures.empty());
  EXPECT_GT(repaired.resumed_rows, 0U);
  EXPECT_EQ(content(repaired.table), expected);
  EXPECT_EQ(run(model).resumed_rows, samples_.size());  // nothing failed, nothing to try again
  options_.retry_failed = false;                        // the repaired version counts from now on
  EXPECT_TRUE(run(model).failures.empty());
}

}  // namespace
}  // namespace winnow
