// `winnow generate` on a tiny checkpoint, with real pictures and clips.

#include "experiments/program/generate_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdlib>
#include <sstream>

#include "core/errors.h"
#include "core/files.h"
#include "media/test_media.h"
#include "models/qwen3_vl/model_fixture.h"
#include "temporary_folder.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;

class GenerateTest : public testing::Test {
 protected:
  void SetUp() override {
    fs::remove_all(folder_);
    fs::create_directories(model_);
    testing_support::tiny_qwen3_vl()->save(model_);
    cv::imwrite(image_.string(), testing_support::noise_frames(1, 1).images[0]);
    write_clip(clip_, 20, 10.0);
  }
  void TearDown() override { fs::remove_all(folder_); }

  GenerateRequest request() const {
    GenerateRequest result;
    result.words = {"model=qwen3_vl", "model.path=" + model_.string(), "what colour is it"};
    result.media = {{Media::Kind::image, {image_}}, {Media::Kind::video, {clip_}}};
    result.maximum_tokens = 8;
    result.directories = {fs::path(WINNOW_SOURCE_DIR) / "configs"};
    return result;
  }
  static std::string answer(const GenerateRequest& request) {
    std::ostringstream out;
    EXPECT_EQ(generate_command(request, out), 0);
    return out.str();
  }
  template <class Mistake>
  static std::string refusal(const GenerateRequest& request) {
    std::ostringstream out;
    try {
      generate_command(request, out);
    } catch (const Mistake& mistake) {
      EXPECT_EQ(out.str(), "");
      return mistake.what();
    }
    return "nothing was refused";
  }

  const fs::path folder_ = testing_support::temporary_folder();
  const fs::path model_ = folder_ / "model", image_ = folder_ / "a.png", clip_ = folder_ / "b.mp4";
};

TEST_F(GenerateTest, AnswersAsTheModelDoes) {
  const std::string greedy = answer(request());
  EXPECT_EQ(answer(request()), greedy);
  EXPECT_EQ(greedy.back(), '\n');

  qwen3_vl::Options options;
  options.path = model_;
  qwen3_vl::Model model(options);
  model.load(model_);
  const torch::NoGradGuard no_gradients;
  Sample sample;
  sample.media = request().media;
  sample.turns = {{Turn::Role::user, "<media><media>what colour is it"},
                  {Turn::Role::assistant, ""}};
  SamplingOptions two_a_second;
  two_a_second.mode = SamplingOptions::Mode::fps;
  two_a_second.frames_per_second = 2.0;
  two_a_second.minimum_frames = 4;
  two_a_second.maximum_frames = 768;
  std::vector<PreprocessedMedium> media;
  for (const Media& medium : sample.media) {
    media.push_back(model.preprocess(decode(medium, two_a_second)));
  }
  EXPECT_EQ(media[1].layout.grid[0], 2);  // two seconds: four frames
  std::string expected;
  RandomStream stream(0, "any");
  model.stream_answer(*model.prefill({model.input(sample, model.encode_vision(media))}), {0.0, 1.0},
                      8, stream, [&](std::string_view piece) { expected += piece; });
  EXPECT_EQ(greedy, expected + "\n");
  EXPECT_GT(expected.size(), 0U);
}

TEST_F(GenerateTest, DrawsFromItsSeed) {
  GenerateRequest drawn = request();
  drawn.temperature = 1.0;
  const std::string first = answer(drawn);
  EXPECT_EQ(answer(drawn), first);
  drawn.seed = 1;
  EXPECT_NE(answer(drawn), first);
  // So narrow a nucleus holds the likeliest token alone.
  drawn.top_p = 1e-6;
  EXPECT_EQ(answer(drawn), answer(request()));
}

TEST_F(GenerateTest, TheProgramTakesMediaInTheirOrder) {
  const auto program = [&](const std::string& media) {
    const std::string line =
        "'" WINNOW_PROGRAM "' generate model=qwen3_vl 'model.path=" + model_.string() + "' " +
        media + " --maximum-tokens 8 'what colour is it' >'" + (folder_ / "out").string() +
        "' 2>'" + (folder_ / "err").string() + "'";
    const int status = std::system(line.c_str());
    EXPECT_EQ(WEXITSTATUS(status), 0) << read_file(folder_ / "err");
    return read_file(folder_ / "out");
  };
  const std::string image = "--image '" + image_.string() + "' ",
                    clip = "--video '" + clip_.string() + "' ";
  EXPECT_EQ(program(image + clip), answer(request()));
  GenerateRequest other = request();
  std::swap(other.media[0], other.media[1]);
  EXPECT_EQ(program(clip + image), answer(other));
}

TEST_F(GenerateTest, MistakesAreNamed) {
  GenerateRequest wrong = request();
  wrong.words = {"model=qwen3_vl", "what?"};
  EXPECT_THAT(refusal<ConfigError>(wrong), HasSubstr("model.path=FOLDER"));
  wrong.words = {"model=micro", "what?"};
  EXPECT_THAT(refusal<ConfigError>(wrong), HasSubstr("no trained weights"));
  wrong.words = {"model.path=" + model_.string()};
  EXPECT_THAT(refusal<ConfigError>(wrong), HasSubstr("there is no question"));
  wrong.words = {"model.path=" + model_.string(), "what", "colour"};
  EXPECT_THAT(refusal<ConfigError>(wrong), AllOf(HasSubstr("'what'"), HasSubstr("'colour'")));
  wrong = request();
  wrong.words.push_back("model.pth=x");
  EXPECT_THAT(refusal<ConfigError>(wrong), HasSubstr("'path'"));
  wrong = request();
  wrong.words.back() = "is <media> red?";
  EXPECT_THAT(refusal<ConfigError>(wrong), HasSubstr("--image"));
  wrong = request();
  wrong.words[1] = "model.path=" + (folder_ / "nowhere").string();
  EXPECT_THAT(refusal<DataError>(wrong), AllOf(HasSubstr("nowhere"), HasSubstr("config.json")));

  wrong = request();
  wrong.media[0].paths = {folder_ / "none.png"};
  EXPECT_THAT(refusal<DataError>(wrong), AllOf(HasSubstr("none.png"), HasSubstr("no such file")));
  write_file(image_, "this is a text file");
  EXPECT_THAT(refusal<DataError>(request()), AllOf(HasSubstr("a.png"), HasSubstr("not an image")));
  wrong = request();
  wrong.media.erase(wrong.media.begin());
  write_file(clip_, "this is a text file");
  EXPECT_THAT(refusal<DataError>(wrong), HasSubstr("b.mp4"));

  wrong.media.clear();
  const std::string weights = read_file(model_ / "model.safetensors");
  write_file(model_ / "model.safetensors", weights.substr(0, weights.size() / 2));
  EXPECT_THAT(refusal<DataError>(wrong), HasSubstr("model.safetensors"));
  write_file(model_ / "model.safetensors", weights);
  write_file(model_ / "config.json", R"({"model_type": "qwen2_5_vl"})");
  EXPECT_THAT(refusal<DataError>(wrong),
              AllOf(HasSubstr("config.json"), HasSubstr("qwen2_5_vl"), HasSubstr("qwen3_vl")));
}

}  // namespace
}  // namespace winnow
