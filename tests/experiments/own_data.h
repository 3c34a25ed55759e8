#pragma once
// What a user has: a pool of 300 rows of both families with pictures and clips of his own, of which
// some are missing, damaged or there twice, a benchmark of 60 questions, and a small checkpoint.

#include <fmt/format.h>

#include <boost/json.hpp>
#include <filesystem>
#include <opencv2/imgproc.hpp>
#include <string>
#include <vector>

#include "core/files.h"
#include "media/test_media.h"
#include "models/qwen3_vl/model_fixture.h"

namespace winnow::testing_support {

class OwnData {
 public:
  static constexpr int kRows = 300, kPictures = 60, kClips = 12, kQuestions = 60;
  // Rows whose picture is not there, and whose picture or clip cannot be decoded.
  static constexpr int kMissing = 2, kDamaged = 2;

  // Everything below `folder`: mine.jsonl, test.jsonl, pictures/, clips/, checkpoint/.
  explicit OwnData(std::filesystem::path folder) : folder_(std::move(folder)) {
    std::filesystem::create_directories(folder_ / "clips");
    for (int i = 0; i < kPictures; ++i) {
      write_file(folder_ / picture(i), encoded(".png", scene(i, 0)));
      write_file(folder_ / question_picture(i), encoded(".png", scene(1000 + i, 3)));
    }
    for (int i = 0; i < kClips; ++i) write_moving_clip(i);
    write_file(folder_ / "pictures/damaged.png", "no picture");
    write_file(folder_ / "clips/damaged.mp4", "no clip");
    write_pool();
    write_benchmark();
    tiny_qwen3_vl(1, checkpoint_options())->save(folder_ / "checkpoint");
  }

 private:
  static const std::vector<std::string>& colours() {
    static const std::vector<std::string> names = {"red", "green", "blue", "grey"};
    return names;
  }
  static std::string picture(int i) { return fmt::format("pictures/{:02}.png", i); }
  static std::string question_picture(int i) { return fmt::format("pictures/asked-{:02}.png", i); }
  static std::string clip(int i) { return fmt::format("clips/{:02}.avi", i); }

  static qwen3_vl::Options checkpoint_options() {
    qwen3_vl::Options options = tiny_qwen3_vl_options();
    options.vocabulary_tokens = 400;
    return options;
  }

  // A square of a colour on a ground whose grain is the scene's own.
  static cv::Mat scene(int number, int step) {
    cv::Mat image(48, 64, CV_8UC3);
    cv::RNG random(static_cast<std::uint64_t>(number) + 1);
    random.fill(image, cv::RNG::UNIFORM, 0, 120);
    const cv::Scalar colour[] = {{0, 0, 255}, {0, 255, 0}, {255, 0, 0}, {200, 200, 200}};
    cv::rectangle(image, cv::Rect(4 + 5 * ((number + step) % 8), 6 + 3 * (number % 7), 20, 20),
                  colour[number % 4], cv::FILLED);
    return image;
  }
  void write_moving_clip(int number) const {
    cv::VideoWriter writer((folder_ / clip(number)).string(), cv::CAP_FFMPEG,
                           cv::VideoWriter::fourcc('M', 'J', 'P', 'G'), 4.0, cv::Size(64, 48));
    if (!writer.isOpened()) throw std::runtime_error("cannot write a clip");
    for (int i = 0; i < 8; ++i) writer.write(scene(200 + number, i));
  }

  static boost::json::object turn(bool messages, bool user, const std::string& text) {
    if (messages) return {{"role", user ? "user" : "assistant"}, {"content", text}};
    return {{"from", user ? "human" : "gpt"}, {"value", text}};
  }

  void write_pool() const {
    std::string lines;
    for (int i = 0; i < kRows; ++i) {
      const bool messages = i % 2 == 0, is_video = i % 10 == 9, two = i % 15 == 7;
      const int shown = i % (is_video ? kClips : kPictures);
      boost::json::object row = {{"id", fmt::format("mine-{:03}", i)},
                                 {"source", i % 3 == 0 ? "a" : "b"}};
      boost::json::array turns;
      std::string name = is_video ? clip(shown) : picture(shown);
      if (i == 40 || i == 80) name = "pictures/absent.png";
      if (i == 120) name = "pictures/damaged.png";
      if (i == 159) name = "clips/damaged.mp4";
      const std::string& colour = colours()[static_cast<std::size_t>(shown % 4)];
      if (two) {
        row["images"] = {name, picture((shown + 1) % kPictures)};
        turns.push_back(turn(
            messages, true,
            fmt::format("<image><image>\nWhich shows {}? ({})\nA. First\nB. Second", colour, i)));
        turns.push_back(turn(messages, false, "A"));
      } else if (is_video) {
        row[messages ? "videos" : "video"] =
            messages ? boost::json::value(boost::json::array{name}) : boost::json::value(name);
        turns.push_back(
            turn(messages, true, fmt::format("<video>\nWhere does the square move? ({})", i)));
        turns.push_back(turn(messages, false, i % 4 == 1 ? "to the right" : "nowhere"));
      } else {
        row[messages ? "images" : "image"] =
            messages ? boost::json::value(boost::json::array{name}) : boost::json::value(name);
        turns.push_back(
            turn(messages, true, fmt::format("<image>\nWhat colour is the square? ({})", i)));
        turns.push_back(turn(messages, false, colour));
      }
      if (i % 20 == 3) {
        turns.push_back(turn(messages, true, "Are you sure?"));
        turns.push_back(turn(messages, false, "Yes."));
      }
      row[messages ? "messages" : "conversations"] = std::move(turns);
      lines += boost::json::serialize(row) + "\n";
      if (i == 10) {  // the same once more
        row["id"] = "mine-010-again";
        lines += boost::json::serialize(row) + "\n";
      }
    }
    write_file(folder_ / "mine.jsonl", lines);
  }

  void write_benchmark() const {
    std::string lines;
    for (int i = 0; i < kQuestions; ++i) {
      lines += boost::json::serialize(boost::json::object{
                   {"id", fmt::format("q{:02}", i)},
                   {"image", question_picture(i)},
                   {"question", "Name the colour of the square in this picture."},
                   {"candidates", boost::json::value_from(colours())},
                   {"answer", colours()[static_cast<std::size_t>((1000 + i) % 4)]},
                   {"subtask", i % 2 == 0 ? "colour" : "colour again"}}) +
               "\n";
    }
    write_file(folder_ / "test.jsonl", lines);
  }

  std::filesystem::path folder_;
};

}  // namespace winnow::testing_support
