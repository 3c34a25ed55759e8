#include "pool/row_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pool/temporary_folder.h"

namespace winnow {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class RowReaderTest : public testing::Test {
 protected:
  // Media are not checked here: the rules are about text. `row` is one line of "pool.jsonl".
  std::variant<Sample, BadRow> read(std::string row) {
    RowReader reader("folder/pool.jsonl", "/media", options_);
    return reader.read(row, 7);
  }
  Sample sample(const std::string& row) {
    auto result = read(row);
    if (const auto* bad = std::get_if<BadRow>(&result)) {
      ADD_FAILURE() << row << "\n" << bad->kind << ": " << bad->reason;
      return {};
    }
    return std::get<Sample>(result);
  }
  std::string bad_kind(const std::string& row) {
    auto result = read(row);
    return std::holds_alternative<BadRow>(result) ? std::get<BadRow>(result).kind : "a sample";
  }
  // A row whose conversation is one question and one answer, with `keys` around it.
  static std::string row(const std::string& keys, const std::string& question = "What?",
                         const std::string& answer = "This.") {
    return "{" + keys + (keys.empty() ? "" : ",") + R"("messages":[{"role":"user","content":")" +
           question + R"("},{"role":"assistant","content":")" + answer + R"("}]})";
  }
  static std::vector<std::string> kinds(const Sample& sample) {
    std::vector<std::string> result;
    for (const Media& medium : sample.media) {
      std::string text = to_string(medium.kind);
      for (const auto& path : medium.paths) text += " " + path.string();
      result.push_back(text);
    }
    return result;
  }
  PoolOptions options_ = [] {
    PoolOptions options;
    options.check_media = false;
    return options;
  }();
};

TEST_F(RowReaderTest, ReadsMessagesAndConversationsAlike) {
  const Sample messages = sample(
      R"({"id":"a","data_source":"s","images":["1.png"],"messages":[{"role":"system","content":"Be brief."},)"
      R"({"role":"user","content":"<image>\nWhat\n  is this?"},{"role":"assistant","content":"A cat.\n"},)"
      R"({"role":"user","content":"Its colour?"},{"role":"assistant","content":"Red"}]})");
  const Sample conversations = sample(
      R"({"id":"a","data_source":"s","image":"1.png","conversations":[{"from":"system","value":"Be brief."},)"
      R"({"from":" Human\n","value":"<image>\nWhat\n  is this?"},{"from":"gpt","value":"A cat.\n"},)"
      R"({"from":"human","value":"Its colour?"},{"from":"gpt","value":"Red"}]})");
  EXPECT_EQ(messages.content_digest(), conversations.content_digest());
  ASSERT_EQ(messages.turns.size(), 5u);
  EXPECT_EQ(messages.turns[0].role, Turn::Role::system);
  EXPECT_EQ(messages.turns[1].text, "<media>\nWhat\n  is this?");
  EXPECT_EQ(messages.turns[2].text, "A cat.\n");
  EXPECT_EQ(messages.question(), "Its colour?");
  EXPECT_EQ(messages.answer(), "Red");
  EXPECT_EQ(messages.id, "a");
  EXPECT_EQ(messages.source, "s");
  EXPECT_EQ(messages.file, "folder/pool.jsonl");
  EXPECT_EQ(messages.line, 7);
  EXPECT_THAT(kinds(messages), ElementsAre("image /media/1.png"));
  EXPECT_EQ(messages.modality(), Modality::image);
}

TEST_F(RowReaderTest, SeveralImagesFollowTheirPlaceholdersOverTurns) {
  const Sample two = sample(
      R"({"images":["a.png","/b.png"],"messages":[{"role":"user","content":"First <image>?"},)"
      R"({"role":"assistant","content":"yes"},{"role":"user","content":"And <image>?"},)"
      R"({"role":"assistant","content":"<image> stays text here"}]})");
  EXPECT_THAT(kinds(two), ElementsAre("image /media/a.png", "image /b.png"));
  EXPECT_EQ(two.turns[0].text, "First <media>?");
  EXPECT_EQ(two.turns[2].text, "And <media>?");
  EXPECT_EQ(two.answer(), "<image> stays text here");
}

TEST_F(RowReaderTest, MissingPlaceholdersStandInFrontAndKeepTheOrder) {
  const Sample three = sample(row(R"("images":["a.png","b.png","c.png"])", "Compare <image> now"));
  EXPECT_EQ(three.question(), "<media>\n<media>\nCompare <media> now");
  EXPECT_THAT(kinds(three),
              ElementsAre("image /media/a.png", "image /media/b.png", "image /media/c.png"));
  EXPECT_EQ(sample(row(R"("images":["a.png"])", "")).question(), "<media>\n");
}

TEST_F(RowReaderTest, SurplusPlaceholdersAreStructureErrors) {
  EXPECT_EQ(bad_kind(row(R"("images":["a.png"])", "<image> <image>")), "structure");
  EXPECT_EQ(bad_kind(row("", "<image>")), "structure");
  EXPECT_EQ(bad_kind(row(R"("images":[])", "<video>")), "structure");
}

TEST_F(RowReaderTest, ContentMayBeAListOfParts) {
  const Sample parts = sample(
      R"({"images":["a.png"],"messages":[{"role":"user","content":[{"type":"text","text":"Look:\n"},)"
      R"({"type":"image"},{"type":"image","image":"b.png"},{"type":"video","video":"c.mp4"},)"
      R"({"type":"video","fps":2,"video":["d/0.png","d/1.png"]},{"type":"text","text":"?"}]},)"
      R"({"role":"assistant","content":[{"type":"text","text":"ok"}]}]})");
  EXPECT_EQ(parts.question(), "Look:\n<media><media><media><media>?");
  EXPECT_THAT(kinds(parts),
              ElementsAre("image /media/a.png", "image /media/b.png", "video /media/c.mp4",
                          "frames /media/d/0.png /media/d/1.png"));
  EXPECT_EQ(parts.media[3].frames_per_second, 2.0);
  EXPECT_EQ(parts.answer(), "ok");
}

TEST_F(RowReaderTest, TellsClipsFromImageLists) {
  const std::string images = R"("images":["0.png","1.png"])";
  EXPECT_EQ(sample(row(images, "<image><image>")).media.size(), 2u);
  const std::vector<std::string> clips = {
      row(R"("video_id":"v1",)" + images, "<image>\\nWhat?"),
      row(R"("video_id":7,)" + images, "What?"),
      row(R"("data_source":"0_30_s_youtube_v0_1",)" + images, "<image>\\nWhat?"),
      row(R"("source":"2_3_m_academic_v0_1",)" + images, "<image>\\nWhat?"),
      row(R"("video":"v.mp4",)" + images, "<image>\\nWhat?"),
      row(images, "<video>\\nWhat?")};
  for (const std::string& text : clips) {
    EXPECT_THAT(kinds(sample(text)), ElementsAre("frames /media/0.png /media/1.png")) << text;
    EXPECT_EQ(sample(text).modality(), Modality::video);
    EXPECT_EQ(sample(text).question(), "<media>\nWhat?");
  }
  EXPECT_EQ(sample(row(R"("video_id":" ","source":"2_3_people",)" + images)).media.size(), 2u);
  options_.image_lists = PoolOptions::ImageLists::frames;
  EXPECT_EQ(sample(row(images)).media.size(), 1u);
  options_.image_lists = PoolOptions::ImageLists::images;
  EXPECT_EQ(sample(row(R"("video_id":"v1",)" + images)).media.size(), 2u);
}

TEST_F(RowReaderTest, OnePlaceholderForEachFrameBecomesOneForTheClip) {
  const std::string frames = R"("video_id":"v","fps":4,"images":["0.png","1.png","2.png"])";
  const Sample clip = sample(row(frames, "<image>\\n<image>\\n<image>\\nWhat?"));
  EXPECT_EQ(clip.question(), "<media>\nWhat?");
  EXPECT_EQ(clip.media.front().frames_per_second, 4.0);
  EXPECT_EQ(bad_kind(row(frames, "<image><image>")), "structure");
}

TEST_F(RowReaderTest, VideosMayBeFilesListsAndFrameLists) {
  EXPECT_THAT(kinds(sample(row(R"("video":"a.mp4")", "<image>\\nWhat?"))),
              ElementsAre("video /media/a.mp4"));
  EXPECT_THAT(kinds(sample(row(R"("videos":["a.mp4","b.webm"])"))),
              ElementsAre("video /media/a.mp4", "video /media/b.webm"));
  EXPECT_THAT(kinds(sample(row(R"("video":["0.jpg","1.JPG"])"))),
              ElementsAre("frames /media/0.jpg /media/1.JPG"));
  EXPECT_THAT(kinds(sample(row(R"("videos":[["0.jpg","1.jpg"],["x.mp4"]])"))),
              ElementsAre("frames /media/0.jpg /media/1.jpg", "video /media/x.mp4"));
  EXPECT_THAT(
      kinds(sample(row(R"("videos":["a.mp4",["0.jpg","1.jpg"],"b.png"])"))),
      ElementsAre("video /media/a.mp4", "frames /media/0.jpg /media/1.jpg", "frames /media/b.png"));
  const Sample both =
      sample(row(R"("images":["a.png"],"video":"b.mp4")", "<video> against <image>"));
  EXPECT_THAT(kinds(both), ElementsAre("video /media/b.mp4", "image /media/a.png"));
}

TEST_F(RowReaderTest, IdsAndSourcesAreTextOrNumbers) {
  EXPECT_EQ(sample(row(R"("id":12345678901234567890123)")).id, "12345678901234567890123");
  EXPECT_EQ(sample(row(R"("id":-3 )")).id, "-3");
  EXPECT_EQ(sample(row(R"("id":null)")).id, "");
  EXPECT_EQ(sample(row(R"("id":" ")")).id, "");
  EXPECT_EQ(sample(row(R"("id":"first","id":"last")")).id, "last");
  EXPECT_EQ(sample(row(R"("dataset":"c","source":"b")")).source, "b");
  EXPECT_EQ(sample(row(R"("data_source":null,"dataset":"c")")).source, "c");
  EXPECT_EQ(sample(row("")).source, "pool");
  EXPECT_EQ(sample(row("")).modality(), Modality::text);
}

TEST_F(RowReaderTest, WhatIsNotReadMayBeAnything) {
  const std::string odd =
      R"("x":123456789012345678901234567890,"y":1e999,"z":"\ud800","w":[[{"a":null}]])";
  EXPECT_EQ(sample(row(odd)).answer(), "This.");
}

TEST_F(RowReaderTest, TextKeepsEveryCharacter) {
  const Sample odd = sample(row("", R"(\ud83d\ude00 \u0000 \t图\u2028 \"q\")", "é\\\\n"));
  EXPECT_EQ(odd.question(), std::string("😀 \0 \t图\u2028 \"q\"", 18));
  EXPECT_EQ(odd.answer(), "é\\n");
}

TEST_F(RowReaderTest, NamesTheKindOfEveryBadRow) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"not json", "json"},
      {"{", "json"},
      {R"({"a":1} x)", "json"},
      {R"({"a":1}{"b":2})", "json"},
      {row("") + "}", "json"},
      {row(R"("x":tru)"), "json"},
      {row(R"("x":1,)"), "json"},
      {row("", "a tab\there"), "json"},
      {row("", R"(\x)"), "json"},
      {row("", std::string("nul\0", 4)), "json"},
      {row("", "\xC3("), "encoding"},
      {row("", "\xED\xA0\x80"), "encoding"},
      {row("", R"(\ud800)"), "encoding"},
      {row("", R"(\udc00 low alone)"), "encoding"},
      {row(R"("id":"\ud800x")"), "encoding"},
      {"3", "structure"},
      {"null", "structure"},
      {"[]", "structure"},
      {R"("text")", "structure"},
      {"{}", "structure"},
      {R"({"messages":null})", "structure"},
      {R"({"messages":"x"})", "structure"},
      {R"({"messages":{"role":"user"}})", "structure"},
      {R"({"messages":[1,{"role":"user","content":"q"},{"role":"assistant","content":"a"}]})",
       "structure"},
      {R"({"messages":[{"role":"user"},{"role":"assistant","content":"a"}]})", "structure"},
      {R"({"messages":[{"content":"q"},{"role":"assistant","content":"a"}]})", "structure"},
      {R"({"messages":[{"role":"narrator","content":"q"},{"role":"assistant","content":"a"}]})",
       "structure"},
      {R"({"messages":[{"role":"assistant","content":"a"}]})", "structure"},
      {R"({"messages":[{"role":"user","content":"q"},{"role":"user","content":"q"},)"
       R"({"role":"assistant","content":"a"}]})",
       "structure"},
      {R"({"messages":[{"role":"user","content":true},{"role":"assistant","content":"a"}]})",
       "structure"},
      {R"({"messages":[{"role":"user","content":[{"type":"3d"}]},{"role":"assistant","content":"a"}]})",
       "structure"},
      {R"({"messages":[{"role":"user","content":[{"type":"audio"}]},{"role":"assistant","content":"a"}]})",
       "unsupported"},
      {row(R"("images":[42])"), "structure"},
      {row(R"("images":[null])"), "structure"},
      {row(R"("images":[" "])"), "structure"},
      {row(R"("images":["a\u0000.png"])"), "structure"},
      {row(R"("videos":["a.mp4",[]])"), "structure"},
      {row("", ""), "structure"},
      {row("", "q", ""), "no_answer"},
      {row("", "q", R"( \n)"), "no_answer"},
      {R"({"messages":[]})", "no_answer"},
      {R"({"messages":[{"role":"user","content":"q"}]})", "no_answer"},
      {R"({"messages":[{"role":"user","content":"q"},{"role":"assistant","content":"a"},)"
       R"({"role":"user","content":"q"}]})",
       "no_answer"},
      {R"({"messages":[{"role":"user","content":"q"},{"role":"assistant","content":null}]})",
       "no_answer"},
  };
  for (const auto& [text, kind] : cases) EXPECT_EQ(bad_kind(text), kind) << text;
}

TEST_F(RowReaderTest, MissingMediaAreBadRows) {
  const TemporaryFolder folder;
  folder.write("a.png", "x");
  std::filesystem::create_directory(folder / "d.png");
  options_.check_media = true;
  RowReader reader("pool.jsonl", folder.path(), options_);
  const auto read_row = [&](const std::string& keys) {
    std::string text = row(keys);
    return reader.read(text, 1);
  };
  EXPECT_TRUE(std::holds_alternative<Sample>(read_row(R"("images":["a.png"])")));
  for (const char* name : {"b.png", "d.png"}) {
    const auto result = read_row(R"("images":["a.png",")" + std::string(name) + R"("])");
    ASSERT_TRUE(std::holds_alternative<BadRow>(result)) << name;
    EXPECT_EQ(std::get<BadRow>(result).kind, "missing_media");
    EXPECT_THAT(std::get<BadRow>(result).reason, HasSubstr(name));
  }
}

}  // namespace
}  // namespace winnow
