#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "core/errors.h"
#include "core/files.h"
#include "media/test_media.h"

namespace winnow {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

SamplingOptions uniform(std::int64_t frames) {
  SamplingOptions options;
  options.frames = frames;
  return options;
}

// Writes `count` as the number of frames into the headers of an AVI file.
void promise_frames(const std::filesystem::path& path, std::uint32_t count) {
  std::string bytes = read_file(path);
  const std::string number{static_cast<char>(count), static_cast<char>(count >> 8),
                           static_cast<char>(count >> 16), static_cast<char>(count >> 24)};
  bytes.replace(bytes.find("avih") + 8 + 16, 4, number);
  bytes.replace(bytes.find("strh") + 8 + 32, 4, number);
  write_file(path, bytes);
}

class VideoTest : public testing::Test {
 protected:
  void SetUp() override { testing::internal::CaptureStderr(); }
  // Whatever a test does, OpenCV and FFmpeg keep to themselves what they think of it.
  void TearDown() override { EXPECT_EQ(testing::internal::GetCapturedStderr(), ""); }
  TemporaryFolder folder_;
};

TEST_F(VideoTest, SamplesTheFramesItSays) {
  const auto path = write_clip(folder_ / "a.mp4", 20, 10.0);
  const Frames frames = decode(video_at(path), uniform(5));
  EXPECT_THAT(numbers_of(frames), ElementsAre(0, 5, 10, 14, 19));
  EXPECT_EQ(frames.images[0].type(), CV_8UC3);
  EXPECT_EQ(frames.images[0].size(), cv::Size(64, 48));
  EXPECT_EQ(frames.kind, Media::Kind::video);
  EXPECT_NEAR(frames.duration.value(), 2.0, 1e-6);
  ASSERT_EQ(frames.timestamps.size(), 5u);
  EXPECT_NEAR(frames.timestamps[0], 0.0, 1e-6);
  EXPECT_NEAR(frames.timestamps[3], 1.4, 1e-6);

  EXPECT_EQ(numbers_of(decode(video_at(path), uniform(64))).size(), 20u);
  SamplingOptions per_second;
  per_second.mode = SamplingOptions::Mode::fps;
  per_second.frames_per_second = 2.0;
  EXPECT_THAT(numbers_of(decode(video_at(path), per_second)), ElementsAre(0, 6, 13, 19));

  const MediaFacts facts = inspect(video_at(path), 1'000'000);
  EXPECT_EQ(facts.frames, 20);
  EXPECT_EQ(facts.width, 64);
  EXPECT_EQ(facts.height, 48);
  EXPECT_NEAR(facts.frames_per_second.value(), 10.0, 1e-6);
  EXPECT_NEAR(facts.duration.value(), 2.0, 1e-6);
}

TEST_F(VideoTest, APartIsSeenAsIfThereWereNoMore) {
  Media part = video_at(write_clip(folder_ / "a.mp4", 20, 5.0));
  part.start = 1.0;
  part.end = 2.0;
  const Frames frames = decode(part, uniform(3));
  EXPECT_THAT(numbers_of(frames), ElementsAre(5, 7, 10));
  EXPECT_THAT(frames.timestamps,
              ElementsAre(testing::DoubleNear(1.0, 1e-6), testing::DoubleNear(1.4, 1e-6),
                          testing::DoubleNear(2.0, 1e-6)));
  EXPECT_NEAR(frames.duration.value(), 1.0, 1e-6);
  SamplingOptions per_second;
  per_second.mode = SamplingOptions::Mode::fps;
  per_second.frames_per_second = 4.0;  // of 6 frames at 5 a second: 4
  EXPECT_THAT(numbers_of(decode(part, per_second)), ElementsAre(5, 7, 8, 10));
  EXPECT_EQ(inspect(part, 1'000'000).frames, 6);
  EXPECT_NEAR(inspect(part, 1'000'000).duration.value(), 1.0, 1e-6);

  part.end.reset();
  EXPECT_EQ(numbers_of(decode(part, uniform(2))), (std::vector<int>{5, 19}));
  EXPECT_NEAR(decode(part, uniform(2)).duration.value(), 3.0, 1e-6);
  part.start = 3.2;
  part.end = 100.0;
  EXPECT_EQ(inspect(part, 1'000'000).frames, 4);
  part.start = 7.0;
  EXPECT_THAT(message_of<DataError>([&] { decode(part, uniform(2)); }),
              HasSubstr("no frame in its part from 7 s to 100 s; the clip lasts 4.00 s"));
  EXPECT_THROW(inspect(part, 1'000'000), DataError);
}

TEST_F(VideoTest, APartOfAClipWhoseHeaderLiesIsTheSame) {
  Media part = video_at(write_clip(folder_ / "a.avi", 20, 10.0, "MJPG"));
  part.start = 1.0;
  part.end = 1.5;
  for (const std::uint32_t promised : {12u, 20u, 400u}) {
    promise_frames(folder_ / "a.avi", promised);
    const std::int64_t last = promised == 12u ? 12 : 15;  // OpenCV stops one frame later
    EXPECT_EQ(numbers_of(decode(part, uniform(2))), (std::vector<int>{10, static_cast<int>(last)}));
  }
}

TEST_F(VideoTest, AContainerMayStandInTheRow) {
  const auto path = write_clip(folder_ / "a.mp4", 20, 10.0);
  Media medium = video_at("inline-0.mp4");
  medium.contents = {std::make_shared<const std::string>(read_file(path))};
  std::filesystem::remove(path);
  EXPECT_THAT(numbers_of(decode(medium, uniform(3))), ElementsAre(0, 10, 19));
  EXPECT_EQ(inspect(medium, 1'000'000).frames, 20);
  medium.contents = {std::make_shared<const std::string>("a text")};
  EXPECT_THAT(message_of<DataError>([&] { decode(medium, uniform(3)); }),
              testing::StartsWith("inline-0.mp4: not a video"));
}

TEST_F(VideoTest, ColoursAreRgb) {
  const auto path = folder_ / "red.avi";
  cv::VideoWriter writer(path.string(), cv::CAP_FFMPEG, cv::VideoWriter::fourcc('M', 'J', 'P', 'G'),
                         5.0, cv::Size(64, 48));
  writer.write(cv::Mat(48, 64, CV_8UC3, cv::Scalar(0, 0, 255)));
  writer.release();
  const cv::Scalar mean = cv::mean(decode(video_at(path), uniform(1)).images.at(0));
  EXPECT_GT(mean[0], 240);
  EXPECT_LT(mean[2], 15);
}

TEST_F(VideoTest, TheNumberOfFramesIsWhatCanBeDecoded) {
  const auto path = write_clip(folder_ / "a.avi", 20, 10.0, "MJPG");
  for (const std::uint32_t promised : {19u, 20u, 21u, 400u}) {
    promise_frames(path, promised);
    EXPECT_THAT(numbers_of(decode(video_at(path), uniform(3))), ElementsAre(0, 10, 19)) << promised;
    EXPECT_EQ(inspect(video_at(path), 1'000'000).frames, 20) << promised;
  }
  // OpenCV stops one frame after the promised number; what it yields is sampled correctly.
  promise_frames(path, 5);
  EXPECT_THAT(numbers_of(decode(video_at(path), uniform(3))), ElementsAre(0, 2, 5));
  EXPECT_EQ(inspect(video_at(path), 1'000'000).frames, 6);
  // A download that stopped within the pictures.
  promise_frames(path, 20);
  const std::string whole = read_file(path);
  const std::size_t pictures = whole.find("movi");
  write_file(path, whole.substr(0, pictures + (whole.size() - pictures) / 2));
  const std::int64_t left = inspect(video_at(path), 1'000'000).frames;
  ASSERT_GT(left, 2);
  ASSERT_LT(left, 19);
  EXPECT_EQ(numbers_of(decode(video_at(path), uniform(2))).back(), left - 1);
}

TEST_F(VideoTest, SaysWhatIsWrongWithAFile) {
  const auto text = folder_.write("text.mp4", "This is a text, whatever its name says.\n");
  EXPECT_EQ(message_of<DataError>([&] { decode(video_at(text), {}); }),
            text.string() + ": not a video that FFmpeg can read");
  EXPECT_THAT(message_of<DataError>([&] { inspect(video_at(text), 1'000'000); }),
              HasSubstr("text.mp4: not a video"));
  const auto whole = read_file(write_clip(folder_ / "a.mp4", 20, 10.0));
  const auto cut = folder_.write("cut.mp4", whole.substr(0, whole.size() / 2));
  EXPECT_THAT(message_of<DataError>([&] { decode(video_at(cut), {}); }), HasSubstr("cut.mp4: "));
  EXPECT_THAT(message_of<DataError>([&] { decode(video_at(folder_ / "none.mp4"), {}); }),
              HasSubstr("none.mp4: no such file"));
  SamplingOptions small;
  small.maximum_pixels = 64 * 48 - 1;
  EXPECT_THAT(message_of<DataError>([&] { decode(video_at(folder_ / "a.mp4"), small); }),
              HasSubstr("64 x 48 is larger than maximum_pixels = 3071"));
}

TEST_F(VideoTest, FollowsNoPlaylist) {
  write_clip(folder_ / "a.mp4", 20, 10.0);
  const auto concat = folder_.write("concat.mp4", "ffconcat version 1.0\nfile a.mp4\nfile a.mp4\n");
  EXPECT_THAT(message_of<DataError>([&] { decode(video_at(concat), {}); }),
              HasSubstr("concat.mp4: not a video"));
  // Without an end FFmpeg would ask again and again for more of it.
  const auto live = folder_.write("live.mp4",
                                  "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:10\n"
                                  "#EXTINF:10,\nnone.ts\n");
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_THAT(message_of<DataError>([&] { decode(video_at(live), {}); }),
              HasSubstr("live.mp4: not a video"));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
}

TEST_F(VideoTest, ANameWithAColonIsNoAddress) {
  const auto back = std::filesystem::current_path();
  write_clip(folder_ / "a.mp4", 3, 10.0);
  std::filesystem::rename(folder_ / "a.mp4", folder_ / "data:a.mp4");
  std::filesystem::current_path(folder_.path());
  EXPECT_EQ(inspect(video_at("data:a.mp4"), 1'000'000).frames, 3);
  std::filesystem::current_path(back);
}

TEST_F(VideoTest, DecodingIsRepeatable) {
  const auto path = write_clip(folder_ / "a.mp4", 12, 10.0);
  const Frames first = decode(video_at(path), uniform(6)),
               second = decode(video_at(path), uniform(6));
  ASSERT_EQ(first.images.size(), second.images.size());
  for (std::size_t i = 0; i < first.images.size(); ++i) {
    EXPECT_EQ(cv::norm(first.images[i], second.images[i], cv::NORM_INF), 0.0);
  }
}

}  // namespace
}  // namespace winnow
