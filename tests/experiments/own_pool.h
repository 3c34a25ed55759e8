#pragma once
// A user's pool with pictures and a clip of both families, and overrides of commands on it.

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "core/files.h"
#include "core/progress.h"
#include "media/test_media.h"
#include "overrides.h"

namespace winnow::testing_support {

inline const std::filesystem::path kConfigs = std::filesystem::path(WINNOW_SOURCE_DIR) / "configs";

class OwnPoolTest : public testing::Test {
 protected:
  static constexpr int kPlainRows = 12;

  OwnPoolTest() {
    Progress::set_enabled(false);
    folder_.write("a.png", encoded(".png", cv::Mat(20, 30, CV_8UC3, cv::Scalar::all(9))));
    folder_.write("b.png", encoded(".png", cv::Mat(20, 30, CV_8UC3, cv::Scalar::all(99))));
    write_clip(folder_ / "v.mp4", 12, 10.0);
    std::string rows =
        // Two pictures, a system text, an earlier turn that is not trained, line breaks.
        R"({"id":"two","source":"s","images":["a.png","b.png"],"messages":[)"
        R"({"role":"system","content":"Be brief."},)"
        R"({"role":"user","content":"<image><image>\nWhich is darker?\nA. First\nB. Second"},)"
        R"({"role":"assistant","content":"A","loss":false},)"
        R"({"role":"user","content":"And why?"},{"role":"assistant","content":"Look."}]})"
        "\n"
        R"({"id":"conv","image":"b.png","conversations":[{"from":"human","value":"<image>\nColour?"},)"
        R"({"from":"gpt","value":"grey"}]})"
        "\n"
        R"({"id":"clip","source":"t","video":"v.mp4","conversations":[)"
        R"({"from":"human","value":"<video>\nWhat moves first?"},{"from":"gpt","value":"none"}]})"
        "\n"
        // The content of `conv` once more.
        R"({"id":"again","image":"b.png","conversations":[{"from":"human","value":"<image>\nColour?"},)"
        R"({"from":"gpt","value":"grey"}]})"
        "\n";
    for (int i = 0; i < kPlainRows; ++i) {
      const std::string number = std::to_string(i);
      rows += R"({"id":"r)" + number +
              R"(","source":"plain","messages":[{"role":"user","content":"Say )" + number +
              R"("},{"role":"assistant","content":")" + number + R"("}]})" + "\n";
    }
    folder_.write("mine.jsonl", rows);
  }

  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  // Lines {"id": ..., "loss": number} for every row; the first ones have the highest.
  std::string scores() const {
    std::string lines;
    int rank = 100;
    for (const std::string& id : ids()) {
      lines += R"({"id":")" + id + R"(","loss":)" + std::to_string(rank--) + "}\n";
    }
    return lines;
  }
  static std::vector<std::string> ids() {
    std::vector<std::string> all = {"two", "conv", "clip", "again"};
    for (int i = 0; i < kPlainRows; ++i) all.push_back("r" + std::to_string(i));
    return all;
  }

  TemporaryFolder folder_;
};

}  // namespace winnow::testing_support
