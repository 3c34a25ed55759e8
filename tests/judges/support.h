#pragma once
// Samples over real pictures, and judges that ask a server of the tests.

#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <memory>
#include <opencv2/imgcodecs.hpp>
#include <string>
#include <vector>

#include "core/progress.h"
#include "endpoints/local_server.h"
#include "judges/pass.h"
#include "temporary_folder.h"

namespace winnow::test {

inline Sample make_sample(const std::string& id, const std::string& question,
                          const std::string& answer, std::vector<Media> media = {}) {
  Sample sample;
  sample.id = id;
  sample.source = "test";
  sample.media = std::move(media);
  std::string text;
  for (std::size_t i = 0; i < sample.media.size(); ++i) text += kMediaPlaceholder;
  sample.turns = {{Turn::Role::user, text + question}, {Turn::Role::assistant, answer}};
  return sample;
}

class JudgeTest : public testing::Test {
 protected:
  void SetUp() override {
    Progress::set_enabled(false);
    folder_ = testing_support::temporary_folder();
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  // Grey pictures of this brightness; one makes an image, more a frame list.
  Media grey(const std::string& name, const std::vector<int>& brightness, int side = 16) const {
    Media medium;
    medium.kind = brightness.size() == 1 ? Media::Kind::image : Media::Kind::frames;
    if (brightness.size() > 1) medium.frames_per_second = 2.0;
    for (const int value : brightness) {
      medium.paths.push_back(folder_ / (name + std::to_string(medium.paths.size()) + ".png"));
      cv::imwrite(medium.paths.back().string(),
                  cv::Mat(side, side, CV_8UC3, cv::Scalar::all(value)));
    }
    return medium;
  }

  static config::Value text(const std::string& value) { return {value, {"test", 0}}; }
  static config::Value number(double value) { return {value, {"test", 0}}; }
  static config::Value integer(std::int64_t value) { return {value, {"test", 0}}; }

  // A judge that asks for the answer's score and waits milliseconds between attempts.
  config::Value options(const std::string& url,
                        const std::map<std::string, config::Value>& more = {}) const {
    config::Value table;
    table.set("type", text("llm_judge"));
    table.set("base_url", text(url));
    table.set("model", text("grader"));
    table.set("first_wait_seconds", number(0.001));
    table.set("longest_wait_seconds", number(5.0));
    table.set("timeout_seconds", number(5.0));
    table.set("maximum_failed_share", number(1.0));
    table.set("prompt.user", text("Q {question} A {answer}"));
    table.set("prompt.score_key", text("score"));
    for (const auto& [key, value] : more) table.set(key, value);
    return table;
  }
  JudgePassResult run(const config::Value& table, const std::vector<Sample>& samples) const {
    return JudgePass::from_config(table, "judge").run(Pool(samples), folder_ / "answers", 7);
  }

  // Samples whose answers are numbers, which an obedient server gives as their scores.
  static std::vector<Sample> numbered(int count) {
    std::vector<Sample> samples;
    for (int i = 0; i < count; ++i) {
      samples.push_back(make_sample("s" + std::to_string(i), "question " + std::to_string(i),
                                    std::to_string(1 + i % 5)));
    }
    return samples;
  }
  static Reply obedient(const Request& request) {
    const std::string asked = request.user_text();
    return says("{\"score\": " + asked.substr(asked.rfind(' ') + 1) + "}");
  }

  std::filesystem::path folder_;
};

}  // namespace winnow::test
