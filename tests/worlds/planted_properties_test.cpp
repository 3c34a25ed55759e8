// Each planted property does what its label says, seen in the files alone.

#include <gmock/gmock.h>

#include <array>
#include <cmath>
#include <map>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/videoio.hpp>
#include <set>

#include "core/progress.h"
#include "pool/hidden_labels.h"
#include "pool/pool.h"
#include "pool/temporary_folder.h"
#include "worlds/clean_pool.h"
#include "worlds/colour_eye.h"

namespace winnow::micro_world {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

std::vector<cv::Mat> frames_of(const Sample& sample) {
  std::vector<cv::Mat> frames;
  const auto add = [&](cv::Mat frame) {
    cv::cvtColor(frame, frame, cv::COLOR_BGR2RGB);
    frames.push_back(frame);
  };
  for (const Media& medium : sample.media) {
    for (const fs::path& path : medium.paths) {
      if (path.extension() != ".mp4") {
        add(cv::imread(path.string()));
        continue;
      }
      cv::VideoCapture clip(path.string());
      for (cv::Mat frame; clip.read(frame);) add(frame.clone());
    }
  }
  return frames;
}

// One property alone in a written pool of 1,200 rows.
class Alone {
 public:
  explicit Alone(const std::string& name, double share, double strength = 1.0) : name_(name) {
    Progress::set_enabled(false);
    MicroWorldOptions options = clean(1200);
    options.properties[name] = {share, strength, 1.0};
    write_pool(options, folder_.path());
    PoolOptions files;
    for (const auto& entry : fs::directory_iterator(folder_ / "pool")) {
      if (entry.path().extension() == ".jsonl") files.files.push_back(entry.path());
    }
    std::sort(files.files.begin(), files.files.end());
    pool_.emplace(Pool::read(files));
    for (HiddenLabel& label : read_hidden_labels(folder_ / "labels.jsonl")) {
      labels_.emplace(label.id, std::move(label));
    }
  }

  // Calls `see` with each row that has the property, or has not.
  template <class See>
  void each(bool having, const See& see) const {
    std::int64_t count = 0;
    for (std::size_t i = 0; i < pool_->size(); ++i) {
      const Sample sample = pool_->sample(i);
      const HiddenLabel& label = labels_.at(sample.id);
      if (label.properties.at(name_).has_value() != having) continue;
      ++count;
      see(sample, label);
    }
    EXPECT_GT(count, 0);
  }
  const Pool& pool() const { return *pool_; }
  const std::map<std::string, HiddenLabel>& labels() const { return labels_; }
  fs::path labels_file() const { return folder_ / "labels.jsonl"; }

 private:
  std::string name_;
  TemporaryFolder folder_;
  std::optional<Pool> pool_;
  std::map<std::string, HiddenLabel> labels_;
};

// What the eye says of a row: the answer to its question from its pixels; nothing for a type that
// eyes do not know.
std::optional<std::string> seen(const Sample& sample, const HiddenLabel& label) {
  Question question;
  question.text = sample.question();
  question.text.erase(0, question.text.find('\n') + 1);  // the medium's mark
  for (int type = 0; type <= static_cast<int>(QuestionType::flash_count); ++type) {
    question.type = static_cast<QuestionType>(type);
    if (to_string(question.type) == label.type) return look(question, frames_of(sample));
  }
  return std::nullopt;
}

// Share of rows whose answer is what the eye sees; NaN without rows.
double right_share(const Alone& alone, bool having) {
  double right = 0, asked = 0;
  alone.each(having, [&](const Sample& sample, const HiddenLabel& label) {
    // In a picture that does not hold what is asked about, the eye has nothing to look at.
    std::optional<std::string> answer;
    try {
      answer = seen(sample, label);
    } catch (const std::out_of_range&) {
      answer = "";
    }
    if (!answer) return;
    ++asked;
    right += *answer == sample.answer() ? 1 : 0;
  });
  return right / asked;
}

TEST(PlantedWrong, IsNotWhatThePixelsShow) {
  const Alone alone("wrong", 0.2);
  EXPECT_LT(right_share(alone, true), 0.03);
  EXPECT_GT(right_share(alone, false), 0.97);
  const HiddenLabels labels(alone.labels_file());
  alone.each(true, [&](const Sample& sample, const HiddenLabel& label) {
    EXPECT_NE(sample.answer(), label.true_answer);
    EXPECT_TRUE(labels.has(sample.id, kWrongLabel));
  });
}

TEST(PlantedWrongMedium, DoesNotShowWhatTheAnswerSays) {
  const Alone alone("wrong_medium", 0.15);
  EXPECT_LT(right_share(alone, true), 0.05);
  EXPECT_GT(right_share(alone, false), 0.97);
  alone.each(true, [](const Sample& sample, const HiddenLabel& label) {
    EXPECT_EQ(sample.answer(), label.true_answer);  // of the medium that it should show
  });
}

TEST(PlantedStaticClip, ShowsOneFrameAndAsksWhatHappens) {
  const Alone alone("static_clip", 0.06);
  alone.each(true, [](const Sample& sample, const HiddenLabel& label) {
    EXPECT_TRUE(label.temporal);
    EXPECT_NE(label.true_answer, number_words()[0]);  // which would be right
    const auto frames = frames_of(sample);
    ASSERT_GE(frames.size(), 8U);
    for (const cv::Mat& frame : frames) {
      // MPEG-4 codes a frame that stays with at most a few levels of difference.
      EXPECT_LE(cv::norm(frame, frames[0], cv::NORM_L1) / (64 * 64 * 3), 3.0) << sample.id;
    }
  });
  alone.each(false, [](const Sample& sample, const HiddenLabel& label) {
    const bool asks_of_events = label.temporal && label.true_answer != number_words()[0];
    if (!asks_of_events) return;  // in a clip without movers nothing happens either
    const auto frames = frames_of(sample);
    double most = 0;
    for (const cv::Mat& frame : frames) {
      most = std::max(most, cv::norm(frame, frames[0], cv::NORM_INF));
    }
    EXPECT_GT(most, 60) << sample.id;
  });
}

TEST(PlantedTrivial, AsksForAShapeInTheBaseStyle) {
  Progress::set_enabled(false);
  MicroWorldOptions options = clean(600);
  options.style_strength = 2.0;  // whoever has the base's style stands out
  options.properties["trivial"] = {0.2, 1.0, 1.0};
  TemporaryFolder folder;
  write_pool(options, folder.path());
  const auto labels = read_hidden_labels(folder / "labels.jsonl");
  std::map<std::string, HiddenLabel> by_id;
  for (const auto& label : labels) by_id.emplace(label.id, label);
  std::map<bool, std::array<double, 2>> right;
  for (const auto& entry : fs::directory_iterator(folder / "pool")) {
    if (entry.path().extension() != ".jsonl") continue;
    PoolOptions files;
    files.files = {entry.path()};
    const Pool pool = Pool::read(files);
    for (std::size_t i = 0; i < pool.size(); ++i) {
      const Sample sample = pool.sample(i);
      const HiddenLabel& label = by_id.at(sample.id);
      if (label.type != "shape") {
        EXPECT_FALSE(label.properties.at("trivial")) << sample.id;
        continue;
      }
      auto& counts = right[label.properties.at("trivial").has_value()];
      counts[0] += *seen(sample, label) == sample.answer() ? 1 : 0;
      counts[1] += 1;
    }
  }
  EXPECT_GT(right[true][0] / right[true][1], 0.97);
  EXPECT_LT(right[false][0] / right[false][1], 0.8);
}

TEST(PlantedNearDuplicate, ShowsWhatItsOriginalShowsAndSaysTheSame) {
  const Alone alone("near_duplicate", 0.15);
  std::map<std::int64_t, Sample> originals;
  for (std::size_t i = 0; i < alone.pool().size(); ++i) {
    const HiddenLabel& label = alone.labels().at(alone.pool().sample(i).id);
    if (label.duplicate_group >= 0 && !label.near_duplicate) {
      EXPECT_TRUE(originals.emplace(label.duplicate_group, alone.pool().sample(i)).second);
    }
  }
  alone.each(true, [&](const Sample& sample, const HiddenLabel& label) {
    const Sample& original = originals.at(label.duplicate_group);
    EXPECT_EQ(sample.question(), original.question());
    EXPECT_EQ(sample.answer(), original.answer());
    const auto frames = frames_of(sample), of_original = frames_of(original);
    ASSERT_EQ(frames.size(), of_original.size());
    EXPECT_NE(cv::norm(frames[0], of_original[0], cv::NORM_L1), 0);
    EXPECT_LT(cv::norm(frames[0], of_original[0], cv::NORM_L1) / (64 * 64 * 3), 12);
  });
}

TEST(PlantedRareSkill, IsAskedByNoOtherRow) {
  const Alone alone("rare_skill", 0.01);
  alone.each(true, [](const Sample&, const HiddenLabel& label) {
    EXPECT_EQ(label.type, "flash_count");
    EXPECT_TRUE(label.clean());
  });
  std::set<std::pair<std::string, std::string>> asked;
  alone.each(false, [&](const Sample& sample, const HiddenLabel& label) {
    EXPECT_NE(label.type, "flash_count");
    asked.emplace(sample.media[0].paths[0].string(), sample.question());
  });
  EXPECT_GT(static_cast<double>(asked.size()), 0.99 * 1188);
  EXPECT_GT(right_share(alone, false), 0.97);
}

TEST(PlantedOffDomain, AsksTruthfullyWhatNoBenchmarkAsks) {
  const Alone alone("off_domain", 0.3);
  std::map<std::string, std::array<double, 2>> right;
  std::set<std::pair<std::string, std::string>> asked;
  alone.each(true, [&](const Sample& sample, const HiddenLabel& label) {
    // No row is another one once more, which would be no planted near-duplicate.
    EXPECT_TRUE(asked.emplace(sample.media[0].paths[0].string(), sample.question()).second);
    EXPECT_FALSE(label.temporal);
    EXPECT_FALSE(label.clean());
    std::string truth;
    if (label.type == "medium") {
      truth = sample.modality() == Modality::video ? "clip" : "picture";
    } else if (label.type == "background") {
      // The ground is what has no strong colour; there is more of it than of anything else.
      cv::Mat grey;
      cv::cvtColor(frames_of(sample)[0], grey, cv::COLOR_RGB2GRAY);
      std::vector<std::uint8_t> pixels(grey.begin<std::uint8_t>(), grey.end<std::uint8_t>());
      std::nth_element(pixels.begin(), pixels.begin() + 2048, pixels.end());
      truth = pixels[2048] < 0.27 * 255 ? "dark" : "bright";
    } else {
      ASSERT_EQ(label.type, "arithmetic");
      std::size_t sum = 0;
      const std::string text = sample.question();
      for (std::size_t n = 1; n < number_words().size(); ++n) {
        for (const std::string& word :
             {"says " + number_words()[n] + " ", "and " + number_words()[n] + " "}) {
          sum += text.find(word) != std::string::npos ? n : 0;
        }
      }
      truth = number_words().at(sum);
    }
    auto& counts = right[label.type];
    counts[0] += truth == sample.answer() ? 1 : 0;
    ++counts[1];
  });
  EXPECT_EQ(right.size(), 3U);
  for (const auto& [type, counts] : right) {
    EXPECT_GT(counts[1], 30) << type;
    EXPECT_GE(counts[0], 0.97 * counts[1]) << type;
  }
}

TEST(PlantedBlind, GivesTheAnswerAway) {
  const Alone alone("blind", 0.2);
  alone.each(true, [](const Sample& sample, const HiddenLabel&) {
    EXPECT_THAT(sample.question(), HasSubstr(sample.answer()));
  });
}

TEST(PlantedAnswerForms, AreWhatTheySay) {
  const Alone truncated("truncated", 0.1, 0.6), whole("truncated", 0.1, 0.1);
  const auto mean_length = [](const Alone& alone) {
    double sum = 0, count = 0;
    alone.each(true, [&](const Sample& sample, const HiddenLabel& label) {
      EXPECT_EQ(sample.answer().find(label.true_answer), std::string::npos) << sample.answer();
      EXPECT_NE(sample.answer().back(), '.');
      sum += static_cast<double>(sample.answer().size());
      ++count;
    });
    return sum / count;
  };
  EXPECT_LT(mean_length(truncated), 0.7 * mean_length(whole));

  const Alone rambling("rambling", 0.1, 0.6);
  rambling.each(true, [](const Sample& sample, const HiddenLabel& label) {
    EXPECT_THAT(sample.answer(), ::testing::EndsWith("So it is " + label.true_answer + "."));
    EXPECT_EQ(std::count(sample.answer().begin(), sample.answer().end(), '.'), 4);
  });
  const Alone repeated("repeated", 0.1, 0.5);
  repeated.each(true, [](const Sample& sample, const HiddenLabel& label) {
    std::string once = label.true_answer;
    for (int i = 0; i < 4; ++i) once += " " + label.true_answer;
    EXPECT_EQ(sample.answer(), once);
  });
  const Alone garbled("garbled", 0.1, 0.5);
  garbled.each(true, [](const Sample& sample, const HiddenLabel& label) {
    ASSERT_EQ(sample.answer().size(), label.true_answer.size());
    std::size_t lost = 0;
    for (std::size_t i = 0; i < sample.answer().size(); ++i) {
      lost += sample.answer()[i] != label.true_answer[i] ? 1 : 0;
    }
    EXPECT_EQ(lost, static_cast<std::size_t>(
                        std::llround(0.5 * static_cast<double>(label.true_answer.size()))));
  });
  const Alone off_format("off_format", 0.1);
  off_format.each(true, [](const Sample& sample, const HiddenLabel& label) {
    EXPECT_NE(sample.answer(), label.true_answer);
    std::string lower = sample.answer();
    std::transform(lower.begin(), lower.end(), lower.begin(), ::tolower);
    EXPECT_THAT(lower, HasSubstr(label.true_answer));
  });
  for (const Alone* alone : {&truncated, &rambling, &repeated, &garbled, &off_format}) {
    alone->each(false, [](const Sample& sample, const HiddenLabel& label) {
      EXPECT_EQ(sample.answer(), label.true_answer);
    });
  }
}

}  // namespace
}  // namespace winnow::micro_world
