// Rows as the other programs document them, to the letter.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/errors.h"
#include "pool/export_support.h"
#include "pool/temporary_folder.h"

namespace winnow {
namespace {

namespace json = boost::json;
using testing::ElementsAre;
using testing::IsEmpty;
using testing_support::make_exporter;
using testing_support::Options;
using testing_support::rows_of;

class ExportFormatsTest : public testing::Test {
 protected:
  ExportFormatsTest() {
    talk_.id = "t1";
    talk_.source = "s";
    talk_.turns = {{Turn::Role::system, "Be brief."},
                   {Turn::Role::user, "<media>\nAnd <media>?"},
                   {Turn::Role::assistant, "A", false},
                   {Turn::Role::user, "Why?"},
                   {Turn::Role::assistant, "B\nC"}};
    talk_.media = {file("a.png"), file("b.png")};
    talk_.tools = R"([{"name":"clock"}])";
    film_.id = "f1";
    film_.source = "s";
    film_.turns = {{Turn::Role::user, "<media>What?"}, {Turn::Role::assistant, "D"}};
    film_.media = {file("v.mp4", Media::Kind::video)};
  }
  Media file(const std::string& name, Media::Kind kind = Media::Kind::image) {
    Media medium{kind, {folder_.write("pool/" + name, name)}};
    medium.root = folder_ / "pool";
    return medium;
  }
  Media frames(std::optional<double> rate) {
    Media medium = file("0.png", Media::Kind::frames);
    medium.paths.push_back(file("1.png").paths[0]);
    medium.frames_per_second = rate;
    return medium;
  }
  ExportReport write(const std::vector<Sample>& samples, const ExportFields& fields = {},
                     Options more = {}) {
    more["type"] = type_;
    more["media"] = "copy";
    const auto exporter = make_exporter(more);
    std::filesystem::remove_all(folder_ / "out");
    exporter->begin(folder_ / "out");
    for (const Sample& sample : samples) exporter->add(sample, fields);
    return exporter->finish();
  }
  // The row of one sample.
  json::value row(const Sample& sample, const ExportFields& fields = {}, const Options& more = {}) {
    report_ = write({sample}, fields, more);
    return json::parse(rows_of(report_.folder / report_.files.at(0)).at(0));
  }
  std::vector<std::string> warnings() const {
    std::vector<std::string> reasons;
    for (const ExportWarning& warning : report_.warnings) reasons.push_back(warning.reason);
    return reasons;
  }

  TemporaryFolder folder_;
  std::string type_;
  Sample talk_, film_;
  ExportReport report_;
};

TEST_F(ExportFormatsTest, MsSwift) {
  type_ = "ms_swift";
  ExportFields fields;
  fields.weight = 0.5;
  fields.more = {{"score", 0.25}};
  EXPECT_EQ(row(talk_, fields), json::parse(R"({"id":"t1","source":"s","messages":[
    {"role":"system","content":"Be brief."},
    {"role":"user","content":"<image>\nAnd <image>?"},
    {"role":"assistant","content":"A","loss":false},
    {"role":"user","content":"Why?"},
    {"role":"assistant","content":"B\nC","loss_scale":0.5}],
    "images":["media/pool/a.png","media/pool/b.png"],
    "tools":"[{\"name\":\"clock\"}]","score":0.25})"));
  EXPECT_THAT(warnings(), IsEmpty());
  EXPECT_EQ(row(film_), json::parse(R"({"id":"f1","source":"s","messages":[
    {"role":"user","content":"<video>What?"},{"role":"assistant","content":"D"}],
    "videos":["media/pool/v.mp4"]})"));
  film_.media[0].start = 1.5;
  EXPECT_EQ(row(film_).at("chat_template_kwargs"), json::parse(R"({"video_start":1.5})"));
  film_.media[0] = frames(2.5);
  const json::value timed = row(film_);
  EXPECT_EQ(timed.at("videos"), json::parse(R"([["media/pool/0.png","media/pool/1.png"]])"));
  EXPECT_EQ(timed.at("chat_template_kwargs"), json::parse(R"({"sample_fps":2.5,"raw_fps":2.5})"));
  EXPECT_THAT(warnings(), IsEmpty());
  film_.turns[0].text = "<media><media>What?";
  film_.media.push_back(frames(1.0));
  const json::value differing = row(film_);
  EXPECT_EQ(differing.at("fps"), json::parse("[2.5,1.0]"));
  EXPECT_THAT(
      warnings(),
      ElementsAre("ms-swift reads no rates or parts that differ between the clips of a row"));
}

TEST_F(ExportFormatsTest, Llava) {
  type_ = "llava";
  ExportFields fields;
  fields.weight = 0.5;
  EXPECT_EQ(row(talk_, fields), json::parse(R"({"id":"t1","source":"s","conversations":[
    {"from":"system","value":"Be brief."},
    {"from":"human","value":"<image>\nAnd <image>?"},
    {"from":"gpt","value":"A","loss":false},
    {"from":"human","value":"Why?"},
    {"from":"gpt","value":"B\nC"}],
    "image":["media/pool/a.png","media/pool/b.png"],
    "tools":"[{\"name\":\"clock\"}]","weight":0.5})"));
  EXPECT_THAT(warnings(),
              ElementsAre("LLaVA knows no system turns", "LLaVA reads no descriptions of tools",
                          "LLaVA reads no weights: they stand in `weight`",
                          "LLaVA trains every answer, also those with `loss`: false"));
  EXPECT_EQ(row(film_), json::parse(R"({"id":"f1","source":"s","video":"media/pool/v.mp4",
    "conversations":[{"from":"human","value":"<image>What?"},{"from":"gpt","value":"D"}]})"));
  EXPECT_THAT(warnings(), IsEmpty());
  // The whole file is one JSON array.
  EXPECT_EQ(json::parse(read_file(write({talk_, film_}).folder / "train.json")).as_array().size(),
            2u);
  EXPECT_TRUE(json::parse(read_file(write({}).folder / "train.json")).as_array().empty());
}

TEST_F(ExportFormatsTest, LlamaFactory) {
  type_ = "llama_factory";
  EXPECT_EQ(row(talk_), json::parse(R"({"id":"t1","source":"s","messages":[
    {"role":"system","content":"Be brief."},
    {"role":"user","content":"<image>\nAnd <image>?"},
    {"role":"assistant","content":"A","loss":false},
    {"role":"user","content":"Why?"},
    {"role":"assistant","content":"B\nC"}],
    "images":["media/pool/a.png","media/pool/b.png"],"tools":"[{\"name\":\"clock\"}]"})"));
  EXPECT_THAT(warnings(),
              ElementsAre("LLaMA-Factory trains every answer, also those with `loss`: false"));
  const auto information = [&] {
    return json::parse(read_file(folder_ / "out/dataset_info.json"));
  };
  EXPECT_EQ(information(),
            json::parse(R"({"train":{"file_name":"train.jsonl","formatting":"sharegpt",
    "columns":{"messages":"messages","images":"images","tools":"tools"},
    "tags":{"role_tag":"role","content_tag":"content","user_tag":"user",
            "assistant_tag":"assistant","system_tag":"system"}}})"));
  Sample listed = film_;
  listed.id = "f2";
  listed.media = {frames({})};
  const ExportReport both = write({film_, listed}, {}, {{"name", "mine"}});
  EXPECT_THAT(both.files, ElementsAre("mine.jsonl", "mine_frames.jsonl"));
  EXPECT_EQ(rows_of(both.folder / "mine.jsonl").size(), 1u);
  EXPECT_EQ(information().at("mine_frames").at("file_name"), "mine_frames.jsonl");
  EXPECT_EQ(information().at("mine").at("columns"),
            json::parse(R"({"messages":"messages","videos":"videos"})"));
}

TEST_F(ExportFormatsTest, LlamaFactoryInAlpacaForm) {
  type_ = "llama_factory";
  const Options alpaca = {{"formatting", "alpaca"}};
  EXPECT_THROW(row(talk_, {}, alpaca), DataError) << "an answer that is not trained";
  talk_.turns[2].trained = true;
  EXPECT_EQ(row(talk_, {}, alpaca), json::parse(R"({"id":"t1","source":"s","system":"Be brief.",
    "history":[["<image>\nAnd <image>?","A"]],"instruction":"Why?","output":"B\nC",
    "images":["media/pool/a.png","media/pool/b.png"],"tools":"[{\"name\":\"clock\"}]"})"));
  EXPECT_EQ(json::parse(read_file(folder_ / "out/dataset_info.json")).at("train"),
            json::parse(R"({"file_name":"train.jsonl","columns":{"prompt":"instruction",
    "response":"output","system":"system","history":"history","images":"images","tools":"tools"}})"));
}

TEST_F(ExportFormatsTest, OptionsAreChecked) {
  type_ = "ms_swift";
  for (const char* name : {"", "a/b", "/a"}) {
    EXPECT_THROW(write({talk_}, {}, {{"name", name}}), ConfigError) << name;
  }
  EXPECT_THROW(make_exporter({{"type", "ms_swift"}, {"media", "move"}}), ConfigError);
}

}  // namespace
}  // namespace winnow
