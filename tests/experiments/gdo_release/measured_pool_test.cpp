// A measured pool as the release's files and back.

#include "experiments/comparison/measured_pool.h"

#include <gmock/gmock.h>

#include <boost/json.hpp>
#include <cmath>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <opencv2/videoio.hpp>
#include <set>
#include <sstream>

#include "config/read.h"
#include "core/errors.h"
#include "core/files.h"
#include "core/parallel.h"
#include "experiments/comparison/selector_table.h"
#include "experiments/stages/chosen_from_files.h"
#include "gdo_release/select/scan/pair.h"
#include "selectors/manifest.h"
#include "temporary_folder.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr int kFrames = 10;

cv::Mat picture(int shift) {
  cv::Mat image(32, 32, CV_8UC3, cv::Scalar(90, 120, 30));
  cv::circle(image, {8 + shift, 16}, 5, cv::Scalar(200, 40, 10), cv::FILLED);
  return image;
}

// RGB, as picture() makes them.
void write_picture(const fs::path& path, const cv::Mat& rgb) {
  cv::Mat bgr;
  cv::cvtColor(rgb, bgr, cv::COLOR_RGB2BGR);
  ASSERT_TRUE(cv::imwrite(path.string(), bgr));
}
void write_clip(const fs::path& path, const std::vector<cv::Mat>& rgb, double fps) {
  cv::VideoWriter writer(path.string(), cv::VideoWriter::fourcc('m', 'p', '4', 'v'), fps,
                         rgb.front().size());
  ASSERT_TRUE(writer.isOpened());
  for (const cv::Mat& frame : rgb) {
    cv::Mat bgr;
    cv::cvtColor(frame, bgr, cv::COLOR_RGB2BGR);
    writer.write(bgr);
  }
}

class GdoReleasePoolTest : public testing::Test {
 protected:
  GdoReleasePoolTest() : folder_(testing_support::temporary_folder()) {
    fs::remove_all(folder_);
    media_ = folder_ / "media";
    fs::create_directories(media_ / "clip");
    std::vector<cv::Mat> frames;
    for (int i = 0; i < kFrames; ++i) {
      frames.push_back(picture(i));
      write_picture(media_ / "clip" / (std::to_string(i) + ".png"), frames.back());
    }
    write_picture(media_ / "a.png", picture(0));
    write_picture(media_ / "b.png", cv::Mat(32, 32, CV_8UC3, cv::Scalar(9, 9, 200)));
    write_clip(media_ / "clip.mp4", frames, 2.0);
    for (int i = 0; i < 12; ++i) {
      add("image " + std::to_string(i), {image("a.png")}, "What is in picture " + word(i) + "?");
      add("video-" + std::to_string(i), {list()}, "What comes first in " + word(i) + "?");
    }
    add("two", {image("b.png"), image("a.png")}, "Are <media> and <media> equal?");
    add("clip", {clip()}, "Does it\n\nmove?");
    add("broken", {image("a.png")}, "What colour?");
    add("text", {}, "What is two and two?");
    samples_.back().turns[0].text = "What is two and two?";
    failures_["broken"] = "the answers could not be sampled";
  }
  ~GdoReleasePoolTest() override { fs::remove_all(folder_); }

  static std::string word(int i) { return std::string(1, static_cast<char>('a' + i)) + "xyz"; }
  Media image(const std::string& name) const {
    return {Media::Kind::image, {media_ / name}, 0.0, media_};
  }
  Media list() const {
    Media medium{Media::Kind::frames, {}, 2.0, media_};
    for (int i = 0; i < kFrames; ++i) {
      medium.paths.push_back(media_ / "clip" / (std::to_string(i) + ".png"));
    }
    return medium;
  }
  Media clip() const { return {Media::Kind::video, {media_ / "clip.mp4"}, 0.0, media_}; }
  void add(const std::string& id, std::vector<Media> media, const std::string& question) {
    Sample sample;
    sample.id = id;
    sample.source = "web";
    sample.media = std::move(media);
    sample.turns = {{Turn::Role::user, "An earlier question"},
                    {Turn::Role::assistant, "an earlier answer"},
                    {Turn::Role::user, std::string(kMediaPlaceholder) + "\n" + question},
                    {Turn::Role::assistant, "red  " + id}};
    samples_.push_back(std::move(sample));
  }

  std::unique_ptr<MeasuredPoolWriter> writer() const {
    return measured_pool_writers().create(table(), "measured_pool");
  }
  static config::Value table() {
    return config::parse_toml("type = \"gdo_release\"\nmerge.cluster_k = 4\n", "test");
  }
  // Losses of row i are 1 + i/10 with the media, twice that without; nothing of "broken".
  std::vector<SampleInFiles> write(const fs::path& to) {
    SampleTable columns(facts_of(samples_));
    Column loss = Column::missing("loss", samples_.size());
    Column blind = Column::missing("loss_without_vision", samples_.size());
    Column consistency = Column::missing("self_consistency", samples_.size());
    for (std::size_t i = 0; i < samples_.size(); ++i) {
      loss.set(i, 1.0 + static_cast<double>(i) / 10);
      blind.set(i, 2 * loss.values(i));
      consistency.set(i, 0.25);
      if (samples_[i].id == "broken") consistency.set(i, CellState::failed);
    }
    columns.add(loss);
    columns.add(blind);
    columns.add(consistency);
    SamplingOptions sampling;
    sampling.frames = 24;
    FrameCache frames(sampling, 1 << 20);
    fs::create_directories(to);
    return writer()->write({samples_, columns, failures_, frames}, to);
  }
  static std::vector<json::object> lines_of(const fs::path& file) {
    std::vector<json::object> result;
    std::istringstream lines(read_file(file));
    for (std::string line; std::getline(lines, line);) {
      result.push_back(json::parse(line).as_object());
    }
    return result;
  }

  fs::path folder_, media_;
  std::vector<Sample> samples_;
  std::map<std::string, std::string> failures_;
};

TEST_F(GdoReleasePoolTest, TheReleaseReadsOnePairASample) {
  const std::vector<SampleInFiles> in_files = write(folder_ / "files");
  ASSERT_EQ(in_files.size(), samples_.size());
  std::map<std::string, std::string> texts;
  std::map<std::string, std::int64_t> frames;
  const auto errors = gdo_release::scan(
      {folder_ / "files/onevision.jsonl", folder_ / "files/video.jsonl"}, [&](const auto& pair) {
        EXPECT_TRUE(
            texts.emplace(pair.uid, std::string(pair.question) + "|" + std::string(pair.answer))
                .second)
            << pair.uid;
        frames[std::string(pair.uid)] = pair.frames;
      });
  for (const auto& [kind, count] : errors) EXPECT_EQ(count, 0) << kind;
  std::set<std::string> names;
  for (std::size_t i = 0; i < in_files.size(); ++i) {
    if (samples_[i].id == "text") {
      EXPECT_THAT(in_files[i].left_out, HasSubstr("without images"));
      continue;
    }
    EXPECT_EQ(in_files[i].left_out, "");
    EXPECT_TRUE(names.insert(in_files[i].name).second);
    EXPECT_TRUE(texts.contains(in_files[i].name)) << in_files[i].name;
  }
  EXPECT_EQ(names.size(), texts.size());
  EXPECT_EQ(texts.at("ov::image 3::t0"), "What is in picture dxyz?|red image 3");
  EXPECT_EQ(texts.at("ov::two::t0"), "Are and equal?|red two");
  EXPECT_EQ(texts.at("vv::clip::t0"), "Does it move?|red clip");
  EXPECT_EQ(frames.at("vv::clip::t0"), kFrames);
  EXPECT_EQ(frames.at("vv::video-0::t0"), kFrames);
  const std::vector<json::object> videos = lines_of(folder_ / "files/video.jsonl");
  EXPECT_EQ(videos.back().at("images").at(9), "clip.mp4#9");
  EXPECT_EQ(videos.front().at("images").at(0), "clip/0.png");
  EXPECT_EQ(videos.front().at("video_id"), "clip");
}

TEST_F(GdoReleasePoolTest, MeasurementsAreThoseOfExtractionAndMerge) {
  write(folder_ / "files");
  std::map<std::string, json::object> shard, merged;
  for (json::object& row : lines_of(folder_ / "files/shards/sixd_metrics_rank0000.jsonl")) {
    shard[row.at("qa_uid").as_string().c_str()] = row.at("data_quality_metrics").as_object();
  }
  for (json::object& row : lines_of(folder_ / "files/metrics.jsonl")) {
    merged[row.at("qa_uid").as_string().c_str()] = row;
  }
  EXPECT_EQ(shard.size(), samples_.size() - 1);
  EXPECT_EQ(merged.size(), shard.size());
  const auto number = [](const json::object& row, const char* key) {
    return row.at(key).to_number<double>();
  };
  const json::object& image = shard.at("ov::image 0::t0");
  EXPECT_DOUBLE_EQ(number(image, "loss_video"), 1.0);
  EXPECT_DOUBLE_EQ(number(image, "vds"), 1.0);
  EXPECT_DOUBLE_EQ(number(image, "ppl"), std::exp(1.0));
  EXPECT_EQ(number(image, "amm"), 0.0);
  EXPECT_EQ(number(image, "tnc_score"), 0.0);
  EXPECT_EQ(number(image, "question_len"), 5);
  // Red and blue are not mixed up: the pictures are greener than they are red, and blue least.
  EXPECT_NEAR(image.at("vis_feat").at(1).to_number<double>(), 120.0 / 255, 0.05);
  EXPECT_GT(image.at("vis_feat").at(0).to_number<double>(),
            image.at("vis_feat").at(2).to_number<double>());
  const json::object& video = shard.at("vv::video-0::t0");
  EXPECT_GT(number(video, "amm"), 0.0);
  EXPECT_GT(number(video, "frame_diversity"), 0.0);
  EXPECT_EQ(number(video, "tnc_score"), 1.0);  // "first"
  EXPECT_EQ(number(video, "n_frames"), kFrames);
  // Of two images the first is looked at.
  EXPECT_NE(shard.at("ov::two::t0").at("vis_feat"), image.at("vis_feat"));

  const json::object& broken = shard.at("ov::broken::t0");
  EXPECT_TRUE(broken.at("loss_video").is_null());
  EXPECT_TRUE(broken.at("vds").is_null());
  EXPECT_EQ(number(broken, "self_consistency"), -1.0);
  EXPECT_EQ(broken.at("error"), "the answers could not be sampled");
  EXPECT_EQ(number(merged.at("ov::broken::t0"), "vds"), 0.0);
  EXPECT_EQ(number(merged.at("ov::broken::t0"), "ppl"), 0.0);
}

TEST_F(GdoReleasePoolTest, FilesDependNeitherOnThreadsNorOnTheFolder) {
  set_worker_count(1);
  write(folder_ / "one");
  set_worker_count(2);
  write(folder_ / "elsewhere/two");
  set_worker_count(0);
  for (const char* file : {"onevision.jsonl", "video.jsonl", "metrics.jsonl", "centers.jsonl",
                           "merge_report.json", "shards/sixd_metrics_rank0000.jsonl"}) {
    EXPECT_EQ(read_file(folder_ / "one" / file), read_file(folder_ / "elsewhere/two" / file))
        << file;
  }
}

TEST_F(GdoReleasePoolTest, TwoSamplesThatTheReleaseCannotTellApartAreAnError) {
  add("image  3", {image("a.png")}, "What is it?");
  try {
    write(folder_ / "files");
    FAIL() << "no error";
  } catch (const DataError& error) {
    EXPECT_THAT(error.what(), HasSubstr("'image 3'"));
    EXPECT_THAT(error.what(), HasSubstr("'image  3'"));
  }
}

TEST_F(GdoReleasePoolTest, ASelectionIsExplainedWhereverTheFoldersLie) {
  const std::vector<SampleInFiles> in_files = write(folder_ / "pool/files");
  std::vector<NamedSample> names;
  for (std::size_t i = 0; i < in_files.size(); ++i) names.push_back({samples_[i].id, in_files[i]});
  write_sample_names(folder_ / "pool/files", names);
  const config::Value options =
      config::parse_toml("type = \"gdo_release\"\ntarget_count = 6\n", "test");
  const auto selector = make_selector(options, "selector");
  const fs::path selected = folder_ / "selection/x/selected";
  fs::create_directories(selected);
  const SampleTable no_rows;
  SelectionInput input{no_rows, 7};
  input.files = writer()->files(folder_ / "pool/files");
  input.folder = selected;
  EXPECT_THAT(selector->select(input).summary, HasSubstr("6 of "));
  const std::vector<std::string> taken = read_selected_ids(find_selection(selected));
  ASSERT_EQ(taken.size(), 6U);
  write_chosen_from(folder_ / "selection/x", folder_ / "selection/x",
                    {options, 7, input.files, names_file(folder_ / "pool/files")}, true);
  fs::create_directories(folder_ / "moved");
  fs::rename(folder_ / "pool", folder_ / "moved/pool");
  fs::rename(folder_ / "selection", folder_ / "moved/selection");
  const fs::path folder = folder_ / "moved/selection/x";
  for (const NamedSample& name : names) {
    const std::string text = explain_sample(folder, name.id);
    const bool is_taken = std::find(taken.begin(), taken.end(), name.in_files.name) != taken.end();
    EXPECT_EQ(text.find("TAKEN by") != std::string::npos, is_taken) << text;
  }
  EXPECT_THAT(explain_sample(folder, "text"), HasSubstr("without images"));
  EXPECT_THROW(explain_sample(folder, "nobody"), DataError);
}

TEST(SelectorTable, PassesOverWhatTheSameFileSaysToOthers) {
  config::Value goal = config::parse_toml(
      "strata_exponent = 0.5\nweights.loss = 1\n[gdo_release]\nmin_video_ratio = 0.5\n", "goal");
  goal.set("type", config::Value(std::string("gdo_release"), {"selector", 1}));
  const config::Value table = selector_table(goal, ForeignOptions::of_the_same_files);
  EXPECT_DOUBLE_EQ(table.at("min_video_ratio").number(), 0.5);
  EXPECT_EQ(table.child("strata_exponent"), nullptr);
  EXPECT_EQ(table.child("weights"), nullptr);

  // Elsewhere it is a mistake, and stays to be refused.
  goal.set("budget", config::Value(std::int64_t{100}, {"experiment", 3}));
  EXPECT_NE(selector_table(goal, ForeignOptions::of_the_same_files).child("budget"), nullptr);
  EXPECT_EQ(selector_table(goal, ForeignOptions::any).child("budget"), nullptr);
  goal.set("budget", config::Value(std::int64_t{100}, {"command line", 0}));
  EXPECT_NE(selector_table(goal, ForeignOptions::any).child("budget"), nullptr);
}

}  // namespace
}  // namespace winnow
