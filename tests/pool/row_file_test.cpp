#include "pool/row_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base64.h"
#include "media/test_media.h"
#include "pool/row_error.h"

namespace winnow {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string png() { return encoded(".png", cv::Mat(9, 12, CV_8UC3, cv::Scalar(10, 200, 90))); }

std::pair<std::string, std::string> refusal(const std::string& text) {
  try {
    file_of_text(text, "image");
  } catch (const RowError& error) {
    return {error.kind(), error.what()};
  }
  return {"", "nothing was thrown"};
}

TEST(RowFile, PathsStayAsTheyAre) {
  for (const char* path : {"a.png", "/x/a.png", "../a b%20c.png", "data/a.png", "9j/4AAQ.jpg",
                           "C:\\pictures\\a.png", "weird:name.png", " a.png"}) {
    const RowFile file = file_of_text(path, "image");
    EXPECT_EQ(file.path, path);
    EXPECT_EQ(file.content, nullptr);
  }
}

TEST(RowFile, FileAddressesArePaths) {
  EXPECT_EQ(file_of_text("file:///data/a.png", "image").path, "/data/a.png");
  EXPECT_EQ(file_of_text("file://localhost/data/a.png", "image").path, "/data/a.png");
  EXPECT_EQ(file_of_text("FILE:///my%20pictures/%E5%9B%BE.png", "image").path,
            "/my pictures/\xE5\x9B\xBE.png");
  EXPECT_EQ(file_of_text("file://img/a 100%.png", "image").path, "img/a 100%.png");
  EXPECT_EQ(refusal("file://").first, "structure");
}

TEST(RowFile, BytesMayStandInTheRow) {
  const std::string bytes = png();
  const std::string text = base64(bytes);
  const RowFile uri = file_of_text("data:image/png;base64," + text, "image");
  ASSERT_NE(uri.content, nullptr);
  EXPECT_EQ(*uri.content, bytes);
  EXPECT_THAT(uri.path, testing::MatchesRegex("inline-[0-9a-f]{32}\\.png"));
  for (const RowFile& file : {file_of_text(text, "image"), file_of_base64(text, "image")}) {
    EXPECT_EQ(file.path, uri.path);
    EXPECT_EQ(*file.content, bytes);
  }
  EXPECT_EQ(*file_of_text("data:text/plain,a%20b", "image").content, "a b");
}

TEST(RowFile, WhatLooksLikeBase64AndIsNoPictureIsAPath) {
  const std::string path = "iVBORw0KGgo" + std::string(80, 'A');
  EXPECT_NE(file_of_text(path, "image").content, nullptr) << "it begins as a PNG";
  const std::string folder = "/9j/" + std::string(80, 'x') + ".jpg";
  EXPECT_EQ(file_of_text(folder, "image").path, folder);
  EXPECT_EQ(file_of_text("AAAA" + std::string(80, 'b'), "image").content, nullptr);
}

TEST(RowFile, RefusesWhatIsElsewhereOrBroken) {
  for (const char* address :
       {"http://a.org/x.png", "https://a.org/x.png", "s3://bucket/x.png", "HF://datasets/x.png"}) {
    EXPECT_EQ(refusal(address).first, "remote_media") << address;
    EXPECT_THAT(refusal(address).second, HasSubstr("only local files are read"));
  }
  EXPECT_EQ(refusal("").first, "structure");
  EXPECT_EQ(refusal(" \n").first, "structure");
  EXPECT_EQ(refusal(std::string("a\0.png", 6)).first, "structure");
  EXPECT_EQ(refusal("data:image/png;base64").first, "structure");
  EXPECT_EQ(refusal("data:image/png;base64,").first, "structure");
}

TEST(RowFile, NoMessageHoldsWholeFiles) {
  const std::string junk(100'000, '!');
  EXPECT_LT(refusal("data:image/png;base64," + junk).second.size(), 300u);
  EXPECT_LT(refusal("https://a.org/" + junk).second.size(), 300u);
  EXPECT_THAT(refusal("data:image/png;base64," + junk).second, Not(HasSubstr("!!!!!")));
}

TEST(RowFile, EndingsTellPicturesFromClips) {
  for (const char* path : {"a.png", "b/C.JPG", "x.y.jpeg", "a.webp", "a.bmp"}) {
    EXPECT_TRUE(is_picture_path(path)) << path;
    EXPECT_TRUE(is_media_path(path)) << path;
  }
  for (const char* path : {"a.mp4", "a.gif", "a.WebM", "a.mov"}) {
    EXPECT_FALSE(is_picture_path(path)) << path;
    EXPECT_TRUE(is_media_path(path)) << path;
  }
  for (const char* path : {"", "png", ".png", "a/.png", "frames", "a.png/"}) {
    EXPECT_FALSE(is_media_path(path)) << path;
  }
}

}  // namespace
}  // namespace winnow
