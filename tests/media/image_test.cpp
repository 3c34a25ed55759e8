#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <opencv2/imgproc.hpp>

#include "core/errors.h"
#include "core/files.h"
#include "media/test_media.h"

namespace winnow {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

// Blue-ish on the left, red-ish on the right.
cv::Mat picture() {
  cv::Mat bgr(24, 32, CV_8UC3, cv::Scalar(200, 40, 20));
  bgr.colRange(16, 32).setTo(cv::Scalar(10, 60, 220));
  return bgr;
}

cv::Vec3b pixel(const Frames& frames, int row, int column) {
  return frames.images.at(0).at<cv::Vec3b>(row, column);
}

class ImageTest : public testing::Test {
 protected:
  std::string failure(const std::string& name, const std::string& bytes,
                      std::int64_t maximum_pixels = 1'000'000) {
    SamplingOptions options;
    options.maximum_pixels = maximum_pixels;
    const auto path = folder_.write(name, bytes);
    testing::internal::CaptureStderr();
    const std::string message = message_of<DataError>([&] { decode(image_at(path), options); });
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "") << name;
    EXPECT_THAT(message, StartsWith(path.string() + ": "));
    return message;
  }
  Frames decoded(const std::string& name, const std::string& bytes) {
    return decode(image_at(folder_.write(name, bytes)), {});
  }
  TemporaryFolder folder_;
};

TEST_F(ImageTest, EveryFormatBecomesRgb) {
  for (const std::string extension : {".png", ".bmp", ".jpg", ".webp"}) {
    const Frames frames = decoded("a" + extension, encoded(extension, picture()));
    ASSERT_EQ(frames.images.size(), 1u) << extension;
    EXPECT_EQ(frames.images[0].type(), CV_8UC3);
    EXPECT_EQ(frames.images[0].size(), cv::Size(32, 24));
    const int tolerance = extension == ".png" || extension == ".bmp" ? 0 : 12;
    EXPECT_NEAR(pixel(frames, 12, 4)[0], 20, tolerance) << extension;
    EXPECT_NEAR(pixel(frames, 12, 4)[2], 200, tolerance) << extension;
    EXPECT_NEAR(pixel(frames, 12, 28)[0], 220, tolerance) << extension;
    EXPECT_EQ(frames.kind, Media::Kind::image);
    EXPECT_EQ(frames.duration, std::nullopt);
    EXPECT_EQ(frames.timestamps, std::vector<double>{0.0});
  }
}

TEST_F(ImageTest, GreyAlphaAndSixteenBitsBecomeRgb) {
  const Frames grey = decoded("g.png", encoded(".png", cv::Mat(5, 4, CV_8UC1, cv::Scalar(77))));
  EXPECT_EQ(pixel(grey, 2, 2), cv::Vec3b(77, 77, 77));
  const Frames alpha =
      decoded("a.png", encoded(".png", cv::Mat(5, 4, CV_8UC4, cv::Scalar(1, 2, 3, 0))));
  EXPECT_EQ(pixel(alpha, 2, 2), cv::Vec3b(3, 2, 1));
  const Frames deep =
      decoded("d.png", encoded(".png", cv::Mat(5, 4, CV_16UC3, cv::Scalar(256, 512, 65535))));
  EXPECT_EQ(pixel(deep, 2, 2), cv::Vec3b(255, 2, 1));
}

TEST_F(ImageTest, ExifOrientationIsIgnored) {
  std::string jpeg = encoded(".jpg", picture());
  const std::string exif = std::string(
      "\xFF\xE1\x00\x22"
      "Exif\0\0"
      "MM\0\x2A\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0",
      36);
  jpeg.insert(2, exif);
  EXPECT_EQ(decoded("turned.jpg", jpeg).images[0].size(), cv::Size(32, 24));
  // The tag is a real one: OpenCV turns the picture when it is allowed to.
  EXPECT_EQ(cv::imread((folder_ / "turned.jpg").string()).size(), cv::Size(24, 32));
}

std::string big_endian(std::uint32_t value) {
  return {static_cast<char>(value >> 24), static_cast<char>(value >> 16),
          static_cast<char>(value >> 8), static_cast<char>(value)};
}

TEST_F(ImageTest, BombsAreRefusedBeforeTheyAreDecoded) {
  std::string png = encoded(".png", picture());
  png.replace(16, 8, big_endian(30'000) + big_endian(30'000));
  EXPECT_THAT(failure("bomb.png", png),
              HasSubstr("30000 x 30000 is larger than maximum_pixels = 1000000"));
  png.replace(16, 8, big_endian(0xFFFFFFFF) + big_endian(0xFFFFFFFF));
  EXPECT_THAT(failure("bomb2.png", png), HasSubstr("larger than maximum_pixels"));
  png.replace(16, 8, big_endian(0) + big_endian(5));
  EXPECT_THAT(failure("zero.png", png), HasSubstr("without a size"));

  std::string jpeg = encoded(".jpg", picture());
  jpeg.replace(jpeg.find("\xFF\xC0") + 5, 4, "\xFF\xFF\xFF\xFF");
  EXPECT_THAT(failure("bomb.jpg", jpeg), HasSubstr("65535 x 65535"));

  std::string bmp = encoded(".bmp", picture());
  bmp.replace(18, 8, std::string("\x00\x00\x00\x40\x00\x00\x00\xC0", 8));
  EXPECT_THAT(failure("bomb.bmp", bmp), HasSubstr("1073741824 x 1073741824"));

  const std::string webp = encoded(".webp", cv::Mat(1100, 1000, CV_8UC3, cv::Scalar::all(9)));
  EXPECT_THAT(failure("bomb.webp", webp), HasSubstr("1000 x 1100"));
  EXPECT_THAT(failure("exact.png", encoded(".png", picture()), 24 * 32 - 1), HasSubstr("32 x 24"));
  SamplingOptions exact;
  exact.maximum_pixels = 24 * 32;
  EXPECT_EQ(decode(image_at(folder_ / "exact.png"), exact).images.size(), 1u);
}

TEST_F(ImageTest, SaysWhatIsWrongWithAFile) {
  for (const std::string extension : {".png", ".jpg", ".webp"}) {
    cv::Mat noise(64, 64, CV_8UC3);
    cv::randu(noise, 0, 255);
    const std::string whole = encoded(extension, noise);
    for (const double share : {0.02, 0.3, 0.9}) {
      const auto size = static_cast<std::size_t>(share * static_cast<double>(whole.size()));
      EXPECT_THAT(failure("cut" + extension, whole.substr(0, size)), HasSubstr("truncated"))
          << extension << " " << share;
    }
  }
  EXPECT_THAT(failure("text.png", "hello, I am a text"), HasSubstr("not an image"));
  EXPECT_THAT(failure("empty.png", ""), HasSubstr("an empty file"));
  EXPECT_THAT(message_of<DataError>([&] { decode(image_at(folder_ / "none.png"), {}); }),
              HasSubstr("none.png: no such file"));
  EXPECT_THAT(message_of<DataError>([&] { decode(image_at(folder_.path()), {}); }),
              HasSubstr("not a regular file"));
  const auto huge = folder_.write("huge.png", "");
  std::filesystem::resize_file(huge, std::uintmax_t{1} << 31);  // takes no room on the disk
  EXPECT_THAT(message_of<DataError>([&] { decode(image_at(huge), {}); }),
              HasSubstr("huge.png: an image file of 2 GiB or more"));
  EXPECT_THAT(message_of<DataError>([&] { decode({}, {}); }), HasSubstr("without a path"));
}

TEST_F(ImageTest, FrameListsAreSampledAndNameTheBadFrame) {
  Media clip{Media::Kind::frames, {}, 2.0};
  for (int i = 0; i < 10; ++i) {
    clip.paths.push_back(
        folder_.write(std::to_string(i) + ".png",
                      encoded(".png", cv::Mat(6, 8, CV_8UC3, cv::Scalar::all(level_of(i))))));
  }
  SamplingOptions options;
  options.frames = 4;
  const Frames frames = decode(clip, options);
  EXPECT_THAT(numbers_of(frames), testing::ElementsAre(0, 3, 6, 9));
  EXPECT_THAT(frames.timestamps, testing::ElementsAre(0.0, 1.5, 3.0, 4.5));
  EXPECT_EQ(frames.duration, 5.0);
  EXPECT_EQ(frames.kind, Media::Kind::frames);

  const MediaFacts facts = inspect(clip, 1'000'000);
  EXPECT_EQ(facts.frames, 10);
  EXPECT_EQ(facts.width, 8);
  EXPECT_EQ(facts.height, 6);
  EXPECT_EQ(facts.duration, 5.0);

  clip.frames_per_second.reset();  // two a second are taken, but nothing is known
  EXPECT_EQ(decode(clip, options).duration, std::nullopt);
  EXPECT_EQ(inspect(clip, 1'000'000).duration, std::nullopt);
  EXPECT_THAT(decode(clip, options).timestamps, testing::ElementsAre(0, 1.5, 3, 4.5));

  folder_.write("6.png", "broken");
  EXPECT_THAT(message_of<DataError>([&] { decode(clip, options); }),
              HasSubstr("6.png: not an image"));
}

TEST_F(ImageTest, APartOfAFrameList) {
  Media clip{Media::Kind::frames, {}, 2.0};
  for (int i = 0; i < 10; ++i) {
    clip.paths.push_back(
        folder_.write(std::to_string(i) + ".png",
                      encoded(".png", cv::Mat(6, 8, CV_8UC3, cv::Scalar::all(level_of(i))))));
  }
  clip.start = 1.0;
  clip.end = 2.5;
  SamplingOptions options;
  EXPECT_THAT(numbers_of(decode(clip, options)), testing::ElementsAre(2, 3, 4, 5));
  EXPECT_THAT(decode(clip, options).timestamps, testing::ElementsAre(1.0, 1.5, 2.0, 2.5));
  EXPECT_EQ(decode(clip, options).duration, 1.5);
  EXPECT_EQ(inspect(clip, 1'000'000).frames, 4);
  clip.frames_per_second.reset();  // taken as 2
  EXPECT_THAT(numbers_of(decode(clip, options)), testing::ElementsAre(2, 3, 4, 5));
}

TEST_F(ImageTest, PicturesMayStandInTheRow) {
  Media medium = image_at("inline-0.png");
  const std::string bytes = encoded(".png", picture());
  medium.contents = {std::make_shared<const std::string>(bytes)};
  EXPECT_EQ(decode(medium, {}).images.at(0).size(), cv::Size(32, 24));
  EXPECT_EQ(medium.file_digest(0), image_at(folder_.write("a.png", bytes)).file_digest(0));
  medium.contents = {std::make_shared<const std::string>("no picture")};
  EXPECT_THAT(message_of<DataError>([&] { decode(medium, {}); }),
              StartsWith("inline-0.png: not an image"));
}

TEST_F(ImageTest, CheckingLooksAtEveryFrame) {
  Media clip{Media::Kind::frames, {}, 2.0};
  for (int i = 0; i < 4; ++i) {
    clip.paths.push_back(folder_.write(std::to_string(i) + ".png", encoded(".png", picture())));
  }
  check_decodes(clip, 1'000'000);
  folder_.write("2.png", "broken");
  EXPECT_THAT(message_of<DataError>([&] { check_decodes(clip, 1'000'000); }),
              HasSubstr("2.png: not an image"));
  EXPECT_EQ(inspect(clip, 1'000'000).frames, 4) << "a look at the first frame is enough for facts";
}

TEST(MediumTest, KeysTellPartsApartAndStayForTheRest) {
  const Media clip = video_at("/a.mp4");
  Media part = clip;
  part.start = 1.0;
  Media end = clip;
  end.end = 1.0;
  EXPECT_NE(part.key(), clip.key());
  EXPECT_NE(part.key(), end.key());
  // Keys name entries of caches: recorded values must stay.
  EXPECT_EQ(clip.key(), "video:d1a33775c05710d79743671359798b68");
  EXPECT_EQ((Media{Media::Kind::frames, {"/0.png", "/1.png"}, 2.0}.key()),
            "frames:ea2ebd6a4b166b954122d3baf38596b3");
  EXPECT_EQ((Media{Media::Kind::frames, {"/0.png", "/1.png"}}.key()),
            "frames:ac9a79cb02aeafffce5c78d88178dbdc");
}

}  // namespace
}  // namespace winnow
