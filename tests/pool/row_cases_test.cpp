// What users of the two families write beyond their plain form: honoured, noted or refused.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "core/base64.h"
#include "pool/row_reader.h"
#include "pool/temporary_folder.h"

namespace winnow {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

// The first bytes of a picture are enough for reading.
const std::string kPicture = "\x89PNG\r\n\x1a\n, and then all that a picture holds";

class RowCasesTest : public testing::Test {
 protected:
  std::variant<Sample, BadRow> read(std::string row) {
    RowReader reader("rows.jsonl", folder_.path(), options_);
    return reader.read(row, 3);
  }
  Sample sample(const std::string& row) {
    auto result = read(row);
    if (const auto* bad = std::get_if<BadRow>(&result)) {
      ADD_FAILURE() << row << "\n" << bad->kind << ": " << bad->reason;
      return {};
    }
    return std::get<Sample>(result);
  }
  // "kind: reason", or "a sample".
  std::string refusal(const std::string& row) {
    auto result = read(row);
    const auto* bad = std::get_if<BadRow>(&result);
    return bad == nullptr ? "a sample" : bad->kind + ": " + bad->reason;
  }
  static std::string row(const std::string& keys, const std::string& question = "What?",
                         const std::string& answer = "This.") {
    return "{" + keys + (keys.empty() ? "" : ",") + R"("messages":[{"role":"user","content":")" +
           question + R"("},{"role":"assistant","content":")" + answer + R"("}]})";
  }
  // A row whose question is a list of parts.
  static std::string parts(const std::string& content, const std::string& keys = "") {
    return "{" + keys + (keys.empty() ? "" : ",") + R"("messages":[{"role":"user","content":[)" +
           content + R"(]},{"role":"assistant","content":"This."}]})";
  }
  static std::vector<std::string> notes(const Sample& sample) {
    std::vector<std::string> texts;
    for (const RowNote& note : sample.notes) {
      texts.push_back(note.kind + (note.what.empty() ? "" : " " + note.what));
    }
    return texts;
  }
  std::vector<std::string> names(const Media& medium) const {
    std::vector<std::string> texts;
    for (const auto& path : medium.paths) {
      texts.push_back(path.lexically_proximate(folder_.path()).string());
    }
    return texts;
  }

  TemporaryFolder folder_;
  PoolOptions options_ = [] {
    PoolOptions options;
    options.check_media = false;
    return options;
  }();
};

TEST_F(RowCasesTest, SystemTextBesideTheConversation) {
  const Sample beside = sample(row(R"("system":"In French.")", "Hi", "Bonjour"));
  const Sample turn = sample(
      R"({"messages":[{"role":"system","content":"In French."},{"role":"user","content":"Hi"},)"
      R"({"role":"assistant","content":"Bonjour"}]})");
  EXPECT_EQ(beside.content_digest(), turn.content_digest());
  EXPECT_THAT(beside.notes, IsEmpty());
  EXPECT_EQ(sample(row(R"("system_prompt":"In French.")", "Hi", "Bonjour")).content_digest(),
            turn.content_digest());
  for (const char* none : {R"("system":"")", R"("system":null)", R"("system":" ")"}) {
    EXPECT_EQ(sample(row(none)).turns.size(), 2u) << none;
  }
  const auto with_turn = [&](const std::string& system) {
    return sample(R"({"system":")" + system +
                  R"(","messages":[{"role":"system","content":"Be brief."},)"
                  R"({"role":"user","content":"Hi"},{"role":"assistant","content":"a"}]})");
  };
  EXPECT_EQ(with_turn("Be long.").turns[0].text, "Be brief.");
  EXPECT_THAT(notes(with_turn("Be long.")), ElementsAre("second_system"));
  EXPECT_THAT(with_turn("Be brief.").notes, IsEmpty());
}

TEST_F(RowCasesTest, TurnsMayBeLeftOutOfTheLoss) {
  const auto flags = [&](const std::string& first, const std::string& second) {
    const Sample read = sample(
        R"({"messages":[{"role":"user","content":"a"},{"role":"assistant","content":"b")" + first +
        R"(},{"role":"user","content":"c"},{"role":"assistant","content":"d")" + second + "}]}");
    return std::pair(read.turns.at(1).is_trained(), read.turns.at(3).is_trained());
  };
  EXPECT_EQ(flags("", ""), std::pair(true, true));
  EXPECT_EQ(flags(R"(,"loss":false)", R"(,"loss":true)"), std::pair(false, true));
  EXPECT_EQ(flags(R"(,"loss":null)", R"(,"loss":0)"), std::pair(true, false));
  EXPECT_EQ(flags(R"(,"loss_scale":0.0)", R"(,"weight":1)"), std::pair(false, true));
  EXPECT_EQ(flags(R"(,"loss":true,"loss_scale":0)", ""), std::pair(true, true));
  EXPECT_THAT(refusal(R"({"messages":[{"role":"user","content":"a"},)"
                      R"({"role":"assistant","content":"b","loss":false}]})"),
              HasSubstr("no_answer: every turn of the assistant"));
  EXPECT_THAT(notes(sample(R"({"messages":[{"role":"user","content":"a"},)"
                           R"({"role":"assistant","content":"b","loss_scale":0.5}]})")),
              ElementsAre("unread_key loss_scale"));
}

TEST_F(RowCasesTest, ToolsAreKeptAndSaid) {
  const Sample list = sample(row(R"("tools":[{"name": "clock", "x": [1, 2]}])"));
  EXPECT_EQ(list.tools, R"([{"name":"clock","x":[1,2]}])");
  EXPECT_THAT(notes(list), ElementsAre("tools"));
  EXPECT_EQ(sample(row(R"("tools":"[{\"name\": \"clock\", \"x\": [1, 2]}]")")).content_digest(),
            list.content_digest());
  for (const char* none :
       {R"("tools":[])", R"("tools":"")", R"("tools":null)", R"("tools":"[]")"}) {
    EXPECT_THAT(sample(row(none)).notes, IsEmpty()) << none;
  }
  for (const char* role : {"tool", "tool_call", "tool_response", "function_call", "observation"}) {
    EXPECT_THAT(
        refusal(R"({"messages":[{"role":"user","content":"a"},{"role":")" + std::string(role) +
                R"(","content":"{}"},{"role":"assistant","content":"b"}]})"),
        HasSubstr("unsupported: a turn of role"));
  }
  EXPECT_THAT(refusal(R"({"messages":[{"role":"user","content":"a"},{"role":"assistant",)"
                      R"("content":null,"tool_calls":[{"id":"1"}]}]})"),
              HasSubstr("unsupported: a turn calls tools"));
}

TEST_F(RowCasesTest, OtherFormsOfConversations) {
  const Sample pairs = sample(
      R"({"system":"s","conversation":[{"human":"a","assistant":"b"},{"human":"c","assistant":"d"}]})");
  const Sample history =
      sample(R"({"system":"s","query":"c","response":"d","history":[["a","b"]]})");
  const Sample alpaca =
      sample(R"({"system":"s","instruction":"c","input":"","output":"d","history":[["a","b"]]})");
  ASSERT_EQ(pairs.turns.size(), 5u);
  EXPECT_EQ(history.content_digest(), pairs.content_digest());
  EXPECT_EQ(alpaca.content_digest(), pairs.content_digest());
  EXPECT_EQ(sample(R"({"instruction":"c","input":"x","output":"d"})").question(), "c\nx");
  EXPECT_EQ(sample(R"({"image":"a.png","instruction":"<image>c","output":"d"})").question(),
            "<media>c");
  EXPECT_THAT(refusal(R"({"query":"c"})"), HasSubstr("structure: "));
  EXPECT_THAT(refusal(R"({"conversation":["a"]})"),
              HasSubstr("holds something that is not a turn"));
  EXPECT_THAT(refusal(R"({"query":"c","response":"d","history":["a"]})"), HasSubstr("`history`"));
  EXPECT_THAT(notes(sample(row(R"("conversations":[{"from":"human","value":"x"}])"))),
              ElementsAre("unread_key conversations"));
  EXPECT_EQ(sample(R"({"messages":[{"role":"user","content":"a"},{"role":"bot","content":"b"}]})")
                .answer(),
            "b");
}

TEST_F(RowCasesTest, KeysThatNameMediaAreNeverPassedOverInSilence) {
  const auto noted = [&](const std::string& keys) { return notes(sample(row(keys))); };
  for (const char* value : {R"("p/a.jpg")", R"(["0.png","1.png"])", R"({"path":"a.mp4"})",
                            R"({"bytes":"iVBO"})", R"([{"url":"b.webp"}])"}) {
    EXPECT_THAT(noted(R"("figure":)" + std::string(value)), ElementsAre("unread_media figure"));
  }
  for (const char* key : {"image_path", "img", "video_frames", "Photo", "frames"}) {
    EXPECT_THAT(noted("\"" + std::string(key) + R"(":"7")"),
                ElementsAre("unread_media " + std::string(key)))
        << "the row has no medium but that";
  }
  // Words, numbers and what belongs to a medium that is read.
  EXPECT_THAT(noted(R"("url":"page","n":3,"image_width":640,"img":null,"is_video":true)"),
              IsEmpty());
  EXPECT_THAT(noted(R"("images":["a.png"],"image_id":"7","video_category":"x")"), IsEmpty());
  EXPECT_THAT(noted(R"("images":["a.png"],"thumbnail":"t.jpg")"),
              ElementsAre("unread_media thumbnail"));
  EXPECT_THAT(noted(R"("images":["a.png"],"image":"b.png")"),
              ElementsAre("unread_media image beside images"));
  EXPECT_THAT(noted(R"("images":["a.png","b.png"],"image":"b.png")"), IsEmpty());
  EXPECT_THAT(noted(R"("videos":["a.mp4"],"video":"b.mp4")"),
              ElementsAre("unread_media video beside videos"));
  EXPECT_THAT(notes(sample(R"({"messages":[{"role":"user","content":"a","images":["x.png"]},)"
                           R"({"role":"assistant","content":"b"}]})")),
              ElementsAre("unread_media images"));
  EXPECT_THAT(refusal(row(R"("image_path":"a.png")", "<image>")),
              HasSubstr("structure: 1 placeholders for 0 media; media are read from `image`, "
                        "`images`, `video` and `videos`, not from `image_path`"));
}

TEST_F(RowCasesTest, KeysThatChangeTrainingElsewhereAreNoted) {
  EXPECT_THAT(notes(sample(row(R"("rejected_response":"no","label":false,"margin":0.5)"))),
              testing::UnorderedElementsAre("unread_key rejected_response", "unread_key label",
                                            "unread_key margin"));
  EXPECT_THAT(sample(row(R"("rejected_response":null,"label":"cat","score":1)")).notes, IsEmpty());
  EXPECT_THAT(
      notes(sample(parts(R"({"type":"image","image":"a.png","max_pixels":5,"index":null})"))),
      ElementsAre("unread_key content: max_pixels"));
  EXPECT_THAT(refusal(row(R"("images":["a.png"],"objects":{"ref":["dog"],"bbox":[[1,2,3,4]]})",
                          "<image>Find the <ref-object>", "<bbox>")),
              HasSubstr("unsupported: `objects`"));
  EXPECT_THAT(refusal(row(R"("audios":["a.wav"])", "<audio>")), HasSubstr("unsupported: "));
  EXPECT_EQ(refusal(row(R"("audios":[])")), "a sample");
  EXPECT_EQ(refusal(row(R"("audio":true)")), "a sample");
}

TEST_F(RowCasesTest, OtherUsesOfTheSameKeysDoNoHarm) {
  for (const char* keys : {R"("history":"a painting")", R"("conversation":"a summary")",
                           R"("conversation":["a",1])", R"("input":5,"query":null)",
                           R"("objects":[{"x":1}])", R"("chat_template_kwargs":"none")"}) {
    EXPECT_EQ(refusal(row(keys)), "a sample") << keys;
  }
  EXPECT_EQ(refusal(R"({"messages":[{"role":"user","content":"a","user":{"name":"b"},"human":1},)"
                    R"({"role":"assistant","content":"b","assistant":[1]}]})"),
            "a sample");
  const Sample read =
      sample(parts(R"({"type":"image","url":"https://a.org/x.png","image":"a.png"},)"
                   R"({"type":"image","image":"b.png","source":"coco","path":"c.png"},)"
                   R"({"type":"text","text":"?","image":null,"url":""})"));
  ASSERT_EQ(read.media.size(), 2u);
  EXPECT_THAT(names(read.media[0]), ElementsAre("a.png"));
  EXPECT_THAT(names(read.media[1]), ElementsAre("b.png"));
}

TEST_F(RowCasesTest, PartsOfClips) {
  const auto part = [](const Media& medium) { return std::pair(medium.start, medium.end); };
  using Part = std::pair<std::optional<double>, std::optional<double>>;
  const Sample of_part =
      sample(parts(R"({"type":"video","video":"v.mp4","video_start":2.0,"video_end":"3.5"})"));
  EXPECT_EQ(part(of_part.media.at(0)), Part(2.0, 3.5));
  EXPECT_EQ(part(sample(row(R"("video":"v.mp4","start":1,"end":2)")).media.at(0)), Part(1, 2));
  EXPECT_EQ(part(sample(row(R"("video":"v.mp4","video_start":1.5)")).media.at(0)),
            Part(1.5, std::nullopt));
  EXPECT_EQ(
      part(sample(row(R"("videos":["v.mp4"],"chat_template_kwargs":{"video_end":4})")).media.at(0)),
      Part(std::nullopt, 4));
  // A row speaks for its parts where they say nothing.
  const Sample both = sample(parts(R"({"type":"video","video":"v.mp4"},)"
                                   R"({"type":"video","video":"w.mp4","video_end":1})",
                                   R"("start":0.5)"));
  EXPECT_EQ(part(both.media.at(0)), Part(0.5, std::nullopt));
  EXPECT_EQ(part(both.media.at(1)), Part(std::nullopt, 1));
  const Sample lists = sample(row(R"("videos":["v.mp4","w.mp4"],"video_start":[null,2.5])"));
  EXPECT_FALSE(lists.media.at(0).is_part());
  EXPECT_EQ(part(lists.media.at(1)), Part(2.5, std::nullopt));
  // A text or a picture has no time.
  EXPECT_THAT(sample(row(R"("start":"2021-05-01","end":-1)")).notes, IsEmpty());
  EXPECT_FALSE(sample(row(R"("image":"a.png","start":1,"end":2)")).media.at(0).is_part());
  EXPECT_THAT(notes(sample(row(R"("video":"v.mp4","start":"00:01:30")"))),
              ElementsAre("unread_key start"));
  EXPECT_THAT(refusal(row(R"("video":"v.mp4","start":3,"end":2)")), HasSubstr("structure: "));
  EXPECT_THAT(refusal(row(R"("video":"v.mp4","start":-1)")), HasSubstr("structure: "));
  EXPECT_THAT(refusal(row(R"("videos":["v.mp4","w.mp4"],"video_end":[2])")),
              HasSubstr("structure: 1 rates, starts or ends for 2 videos"));
}

TEST_F(RowCasesTest, RatesOfFrameLists) {
  const auto rate = [](const Sample& sample) { return sample.media.at(0).frames_per_second; };
  const auto of_part = [&](const std::string& keys) {
    return rate(sample(parts(R"({"type":"video","video":["0.png","1.png"])" + keys + "}")));
  };
  EXPECT_EQ(of_part(""), std::nullopt);
  EXPECT_EQ(of_part(R"(,"sample_fps":1.5)"), 1.5);
  EXPECT_EQ(of_part(R"(,"sample_fps":"1")"), 1.0);
  EXPECT_EQ(of_part(R"(,"raw_fps":30,"sample_fps":2)"), 2.0);
  EXPECT_EQ(of_part(R"(,"raw_fps":30)"), 30.0);
  EXPECT_EQ(of_part(R"(,"fps":4,"sample_fps":null)"), 4.0);
  EXPECT_EQ(of_part(R"(,"fps":0)"), std::nullopt);
  const std::string list = R"("videos":[["0.png","1.png"]],)";
  EXPECT_EQ(rate(sample(row(list + R"("fps":3)"))), 3.0);
  EXPECT_EQ(rate(sample(row(list + R"("sample_fps":5,"fps":3)"))), 5.0);
  EXPECT_EQ(rate(sample(row(list + R"("sample_fps":null,"fps":3)"))), 3.0);
  EXPECT_EQ(rate(sample(row(list + R"("chat_template_kwargs":{"raw_fps":6,"fps":1})"))), 6.0);
  EXPECT_EQ(rate(sample(row(R"("video":"v.mp4","fps":3)"))), std::nullopt)
      << "a container knows its own";
  EXPECT_THAT(notes(sample(parts(R"({"type":"video","video":"v.mp4","fps":1.0})"))),
              ElementsAre("unread_key content: fps of a video file"));
}

TEST_F(RowCasesTest, FilesMayBeNamedInManyWays) {
  const std::string text = base64(kPicture);
  const std::string uri = "data:image/png;base64," + text;
  const std::vector<std::string> inline_rows = {
      row(R"("images":[")" + uri + R"("])", "<image>What?"),
      row(R"("images":[{"bytes":")" + text + R"(","path":null}])", "<image>What?"),
      row(R"("image":{"bytes":")" + text + R"(","path":"x.png"})", "<image>What?"),
      parts(R"({"type":"image","image":")" + uri + R"("},{"type":"text","text":"What?"})"),
      parts(R"({"type":"image_url","image_url":{"url":")" + uri + R"("}},"What?")"),
      parts(R"({"type":"image","base64":")" + text + R"("},"What?")"),
      parts(R"({"type":"image","source":{"type":"base64","media_type":"image/png","data":")" +
            text + R"("}},"What?")"),
  };
  options_.check_media = true;
  const std::string digest = sample(inline_rows[0]).content_digest();
  for (const std::string& text_of_row : inline_rows) {
    const Sample read = sample(text_of_row);
    EXPECT_EQ(read.content_digest(), digest) << text_of_row;
    EXPECT_EQ(*read.media.at(0).content(0), kPicture);
    EXPECT_THAT(read.notes, IsEmpty());
  }
  folder_.write("my pictures/a.png", kPicture);
  folder_.write("v.mp4", "clip");
  const std::string address = (folder_ / "my%20pictures/a.png").string();
  for (const std::string& text_of_row :
       {row(R"("image":"file://)" + address + "\""),
        row(R"("images":[{"bytes":null,"path":"my pictures/a.png"}])"),
        parts(R"({"type":"image_url","image_url":"my pictures/a.png"},"What?")")}) {
    EXPECT_THAT(names(sample(text_of_row).media.at(0)), ElementsAre("my pictures/a.png"));
  }
  EXPECT_EQ(sample(parts(R"({"type":"video_url","video_url":{"url":"v.mp4"}})", R"("id":"x")"))
                .media.at(0)
                .kind,
            Media::Kind::video);
  EXPECT_THAT(refusal(row(R"("images":["https://example.org/a.jpg"])")),
              HasSubstr("remote_media: `images` names an address, https://example.org/a.jpg"));
  EXPECT_THAT(refusal(row(R"("images":[{"bytes":[137,80],"path":null}])")),
              HasSubstr("not base64 text"));
  EXPECT_THAT(refusal(row(R"("images":[{"bytes":null,"path":null}])")), HasSubstr("structure: "));
}

TEST_F(RowCasesTest, NoMessageHoldsAWholePicture) {
  options_.check_media = true;
  const std::string junk(50'000, 'A');
  for (const std::string& text_of_row :
       {row(R"("images":[")" + junk + R"("])"),
        row(R"("images":["data:image/png;base64,*)" + junk + R"("])"),
        row("\"" + junk + R"(_image":"a.png")", "<image>")}) {
    EXPECT_NE(refusal(text_of_row), "a sample");
    EXPECT_LT(refusal(text_of_row).size(), 1000u);
  }
}

TEST_F(RowCasesTest, OneMediumIsNotTakenTwice) {
  const std::string two = R"({"type":"image","image":"a.png"},{"type":"text","text":"and"},)"
                          R"({"type":"image","image":"b.png"})";
  const Sample once = sample(parts(two));
  EXPECT_EQ(once.question(), "<media>and<media>");
  for (const char* keys : {R"("image":["a.png","b.png"])", R"("images":["./a.png","b.png"])",
                           R"("images":["b.png"])"}) {
    EXPECT_EQ(sample(parts(two, keys)).content_digest(), once.content_digest()) << keys;
  }
  // A third one is a medium of its own, and so is one that a placeholder waits for.
  EXPECT_EQ(sample(parts(two, R"("images":["a.png","c.png"])")).question(),
            "<media>\n<media>and<media>");
  EXPECT_EQ(sample(parts(two + R"(,{"type":"image"})", R"("images":["a.png"])")).question(),
            "<media>and<media><media>");
  const Sample clip = sample(
      parts(R"({"type":"video","video":["0.png","1.png"]})", R"("images":["0.png","1.png"])"));
  EXPECT_EQ(clip.media.size(), 1u);
}

TEST_F(RowCasesTest, RowsWhoseAnswerIsAPictureAreRefused) {
  EXPECT_THAT(refusal(row(R"("images":["a.png"])", "Draw a rose.", "<image>")),
              HasSubstr("unsupported: turn 2 answers with a picture or clip"));
  EXPECT_THAT(refusal(row(R"("images":["a.png","b.png"])", "Mirror <image>.", "<image>")),
              HasSubstr("unsupported: turn 2"));
  EXPECT_THAT(refusal(R"({"messages":[{"role":"user","content":"Draw."},{"role":"assistant",)"
                      R"("content":[{"type":"image","image":"a.png"}]}]})"),
              HasSubstr("unsupported: a medium stands outside"));
  EXPECT_EQ(sample(row(R"("images":["a.png"])", "<image>\\nWhich tag?", "<image>")).answer(),
            "<image>");
  EXPECT_EQ(sample(row("", "Which tag?", "<image>")).answer(), "<image>");
}

TEST_F(RowCasesTest, TextsMaySpeakOfTheTag) {
  const Sample read =
      sample(row(R"("images":["a.png"])", "<image>Explain <media>.", "<media:content>"));
  EXPECT_THAT(pieces_around_media(read.turns.at(0)), ElementsAre("", "Explain <media>."));
  EXPECT_EQ(read.answer(), "<media:content>");
  EXPECT_EQ(read.media.size(), 1u);
  const Sample joined =
      sample(parts(R"({"type":"text","text":"<med"},{"type":"text","text":"ia>"})"));
  EXPECT_THAT(pieces_around_media(joined.turns.at(0)), ElementsAre("<media>"));
}

TEST_F(RowCasesTest, PythonsNumbersAndMarksDoNoHarm) {
  const std::string plain = row(R"("id":"x")", "NaN, -Infinity \\\" NaN");
  for (const char* odd : {R"("id":"x","score":NaN)", R"("id":"x","s":[1,-Infinity,{"t":Infinity}])",
                          R"("id":"x","fps":NaN)"}) {
    const Sample read = sample(row(odd, "NaN, -Infinity \\\" NaN"));
    EXPECT_EQ(read.content_digest(), sample(plain).content_digest()) << odd;
    EXPECT_EQ(read.question(), "NaN, -Infinity \" NaN");
  }
  EXPECT_THAT(refusal(row(R"("x":NaNa)")), HasSubstr("json: "));
  EXPECT_THAT(refusal(row(R"("x":Inf)")), HasSubstr("json: "));
  EXPECT_EQ(sample("\xEF\xBB\xBF" + plain).id, "x");
}

TEST_F(RowCasesTest, AnArrayIsCalledAnArray) {
  for (const std::string& text_of_row :
       {"[" + row("") + "]", std::string("["), " [" + row("") + ","}) {
    EXPECT_THAT(refusal(text_of_row), HasSubstr("structure: a JSON array begins here"));
  }
}

TEST_F(RowCasesTest, AFolderOfPicturesIsAClip) {
  for (const char* name :
       {"vid/f10.png", "vid/f2.png", "vid/f1.jpg", "vid/notes.txt", "vid/.f0.png"}) {
    folder_.write(name, kPicture);
  }
  std::filesystem::create_directory(folder_ / "empty");
  const Sample read = sample(row(R"("video":"vid","fps":3)", "<video>"));
  EXPECT_EQ(read.media.at(0).kind, Media::Kind::frames);
  EXPECT_EQ(read.media.at(0).frames_per_second, 3.0);
  EXPECT_THAT(names(read.media.at(0)), ElementsAre("vid/f1.jpg", "vid/f2.png", "vid/f10.png"));
  EXPECT_THAT(refusal(row(R"("video":"empty")")), HasSubstr("missing_media: "));
  options_.check_media = true;
  EXPECT_THAT(refusal(row(R"("image":"vid")")), HasSubstr("no such regular file"));
  EXPECT_THAT(refusal(row(R"("video":"none")")), HasSubstr("missing_media: "));
}

TEST_F(RowCasesTest, MediaOutsideOfTheirRootAreSaid) {
  const TemporaryFolder elsewhere;
  const std::string far = elsewhere.write("a.png", kPicture).string();
  folder_.write("in/a.png", kPicture);
  std::filesystem::create_symlink(far, folder_ / "link.png");
  std::filesystem::create_directory_symlink(elsewhere.path(), folder_ / "folder");
  std::filesystem::create_directory_symlink(folder_ / "in", folder_ / "inner");
  const std::string up = std::filesystem::path(far).lexically_relative(folder_.path()).string();
  const std::string inside = (folder_ / "in/a.png").string();
  for (const bool follow : {false, true}) {
    options_.check_media = follow;
    for (const std::string& path : {far, up}) {
      EXPECT_THAT(notes(sample(row(R"("image":")" + path + "\""))),
                  ElementsAre("outside_media_root"));
    }
    for (const std::string& path : {std::string("in/a.png"), std::string("in/../in/a.png"), inside,
                                    std::string("inner/a.png")}) {
      EXPECT_THAT(sample(row(R"("image":")" + path + "\"")).notes, IsEmpty()) << path;
    }
    for (const char* path : {"link.png", "folder/a.png"}) {
      EXPECT_EQ(sample(row(R"("image":")" + std::string(path) + "\"")).notes.size(),
                follow ? 1u : 0u);
    }
  }
  options_.outside_media = PoolOptions::OutsideMedia::refuse;
  for (const std::string& path : {far, up, std::string("link.png"), std::string("folder/a.png")}) {
    EXPECT_THAT(refusal(row(R"("image":")" + path + "\"")), HasSubstr("outside_media_root: "));
  }
  EXPECT_EQ(refusal(row(R"("image":"in/a.png")")), "a sample");
}

// 200,000 media and words once took minutes.
TEST_F(RowCasesTest, LongRowsTakeLinearTime) {
  std::string list, words;
  for (int i = 0; i < 100'000; ++i) {
    list += (i > 0 ? ",\"" : "\"") + std::to_string(i) + ".png\"";
    words += "<image>";
  }
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(sample(row("\"images\":[" + list + "]")).media.size(), 100'000u);
  EXPECT_EQ(sample(row("\"images\":[" + list + "]", words)).media.size(), 100'000u);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20));
}

TEST(NoteLedgerTest, CountsRowsAndRemembersTheFirst) {
  NoteLedger ledger;
  Sample sample;
  sample.file = "a.jsonl";
  sample.notes = {{"tools", ""}, {"unread_media", "img"}};
  for (sample.line = 1; sample.line <= 5; ++sample.line) ledger.add(sample);
  ASSERT_EQ(ledger.entries().size(), 2u);
  EXPECT_EQ(ledger.entries()[0].what, "img");
  EXPECT_EQ(ledger.entries()[0].rows, 5);
  EXPECT_THAT(ledger.entries()[0].first, ElementsAre("a.jsonl:1", "a.jsonl:2", "a.jsonl:3"));
  EXPECT_THAT(line_of(ledger.entries()[0]),
              testing::StartsWith("unread_media `img`: 5 rows, first at a.jsonl:1: "));
  for (int i = 0; i < 1000; ++i) {
    sample.notes = {{"unread_media", "key\x1b" + std::to_string(i) + std::string(500, 'x')}};
    ledger.add(sample);
  }
  const auto entries = ledger.entries();
  EXPECT_LT(entries.size(), 110u);
  std::int64_t rows = 0;
  for (const auto& entry : entries) {
    rows += entry.kind == "unread_media" ? entry.rows : 0;
    EXPECT_LT(line_of(entry).size(), 400u);
    EXPECT_THAT(line_of(entry), Not(HasSubstr("\x1b")));
  }
  EXPECT_EQ(rows, 1005);
}

}  // namespace
}  // namespace winnow
