#include "pool/decontamination.h"

#include <gmock/gmock.h>

#include <filesystem>

#include "core/errors.h"
#include "core/files.h"
#include "core/hash.h"
#include "core/random.h"
#include "tests/temporary_folder.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// A picture of its own for every name; `changed` bits differ from that picture.
MediaFingerprint shown(const std::string& name, int changed = 0) {
  RandomStream random(7, name);
  MediaFingerprint medium;
  medium.bytes = digest_of(name + std::to_string(changed));
  FrameHash frame{};
  for (std::size_t bit = 0; bit < kFrameHashBits; ++bit) {
    if (random.chance(0.3)) frame[bit / 64] |= std::uint64_t{1} << (bit % 64);
  }
  for (int bit = 0; bit < changed; ++bit) frame[0] ^= std::uint64_t{1} << bit;
  medium.frames = {frame};
  return medium;
}

// What a search is made of; a medium is known by its name.
struct World {
  std::vector<Sample> samples;
  std::vector<EvaluationQuestion> questions;
  Fingerprints fingerprints;
  ContaminationRule rule;

  void add(const std::string& question, const std::vector<MediaFingerprint>& media,
           const std::string& answer = "red") {
    Sample sample;
    sample.id = "s" + std::to_string(samples.size());
    const std::string mark = media.empty() ? "" : std::string(kMediaPlaceholder) + "\n";
    sample.turns = {{Turn::Role::user, mark + question}, {Turn::Role::assistant, answer}};
    for (const MediaFingerprint& medium : media) {
      sample.media.push_back({Media::Kind::image, {fs::path("/pool") / medium.bytes}});
      fingerprints[sample.media.back().key()] = medium;
    }
    samples.push_back(sample);
  }
  void ask(const std::string& text, const std::vector<MediaFingerprint>& media) {
    EvaluationQuestion question{"bench", "q" + std::to_string(questions.size()), text, {}};
    for (const MediaFingerprint& medium : media) {
      question.media.push_back({Media::Kind::image, {fs::path("/bench") / medium.bytes}});
      fingerprints[question.media.back().key()] = medium;
    }
    questions.push_back(question);
  }
  // "s3: evaluation text", in order.
  std::vector<std::string> found() const {
    std::vector<std::string> result;
    for (const Contamination& one :
         find_contamination(Pool(samples), questions, fingerprints, rule)) {
      result.push_back(samples[one.row].id + ": " + one.reason);
    }
    return result;
  }
  std::vector<std::size_t> duplicates(std::int64_t media_distance) const {
    return find_duplicates(Pool(samples), fingerprints, media_distance);
  }
};

constexpr const char* kLong =
    "Why does the man in the grey coat put his umbrella down before he enters the small bakery?";

TEST(Decontamination, FindsThirteenWordsHoweverTheyAreWritten) {
  World world;
  world.ask(kLong, {shown("film")});
  world.add("Tell me: WHY does the man in the grey coat, put his umbrella down before?",
            {shown("a")});
  world.add("Why does the man in the grey coat put his umbrella?", {shown("b")});  // eleven
  world.add("What is it?", {shown("c")},
            "Someone asked why does the man in the grey coat put his umbrella down before noon.");
  world.add("What is it?", {});
  EXPECT_THAT(world.found(), ElementsAre("s0: evaluation text", "s2: evaluation text"));
  world.rule.words = 11;
  EXPECT_THAT(world.found(),
              ElementsAre("s0: evaluation text", "s1: evaluation text", "s2: evaluation text"));
}

TEST(Decontamination, ReadsOtherScriptsByCharacter) {
  World world;
  world.ask("穿灰色外套的男人为什么放下雨伞然后走进面包店？", {});
  world.add("请问：穿灰色外套的男人为什么放下雨伞？", {});
  world.add("穿红色外套的女人为什么放下书包？", {});
  EXPECT_THAT(world.found(), ElementsAre("s0: evaluation text"));
}

TEST(Decontamination, FindsMediaByBytesAndByLook) {
  World world;
  world.ask("What colour is the car?", {shown("film")});
  world.add("Describe it.", {shown("other"), shown("film")});
  world.add("Describe it.", {shown("film", 20)});
  world.add("Describe it.", {shown("film", 30)});
  world.add("Describe it.", {shown("other")});
  MediaFingerprint undecodable;
  world.add("Describe it.", {undecodable});
  EXPECT_THAT(world.found(), ElementsAre("s0: evaluation medium", "s1: evaluation medium"));
  world.rule.media_distance = -1;
  EXPECT_THAT(world.found(), ElementsAre("s0: evaluation medium"));
}

TEST(Decontamination, ShortQuestionsCountOnlyBesideTheirMedium) {
  World world;
  world.ask("What colour is the car?", {shown("film")});
  world.ask("What is two and two?", {});
  world.add("what colour is the car", {shown("film", 40)});  // too far by itself
  world.add("What colour is the bus?", {shown("film", 40)});
  world.add("What colour is the car?", {shown("other")});
  world.add("What colour is the car?", {});
  world.add("What is two and two?", {});
  EXPECT_THAT(world.found(), ElementsAre("s0: evaluation question and medium"));
}

// A long question with a slot, asked of many pictures, is no copy of the one in the evaluation set.
TEST(Decontamination, TemplatesCountOnlyBesideTheirMedium) {
  const auto question = [](const std::string& a, const std::string& b) {
    return "Left or right: where is the " + a + " object, seen from the " + b + " object?";
  };
  World world;
  world.rule.template_media = 4;
  world.ask(question("red", "blue"), {shown("film")});
  world.add(question("red", "blue"), {shown("a")});
  EXPECT_THAT(world.found(), ElementsAre("s0: evaluation text"));  // a copy for all one can tell
  world.add(question("red", "green"), {shown("b")});
  world.add(question("pink", "blue"), {shown("c")});
  EXPECT_THAT(world.found(), IsEmpty());
  world.add(question("red", "blue"), {shown("film", 40)});
  EXPECT_THAT(world.found(), ElementsAre("s3: evaluation question and medium"));
  world.add(question("red", "blue"), {});  // no medium to tell it apart
  EXPECT_THAT(world.found(),
              ElementsAre("s3: evaluation question and medium", "s4: evaluation text"));
}

// A fixed phrase before every question, as instruction data have it.
TEST(Decontamination, PhrasesCommonToManyMediaAreNoCopy) {
  const std::string phrase =
      "Look at the following video and then choose the best answer from the options below. ";
  World world;
  world.rule.template_media = 5;
  world.ask(phrase + "Who wins?", {shown("film")});
  for (const char* rest : {"Where is the dog now?", "What does she say to the other one there?",
                           "Is it raining?", "How many?"}) {
    world.add(phrase + rest, {shown(rest)});
  }
  EXPECT_THAT(world.found(), IsEmpty());
}

TEST(Decontamination, SaysWhichQuestionAndByWhat) {
  World world;
  world.ask(kLong, {shown("film")});
  world.add(kLong, {});
  world.add("Describe it.", {shown("film")});
  const auto found =
      find_contamination(Pool(world.samples), world.questions, world.fingerprints, world.rule);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_THAT(found[0].detail, HasSubstr("bench, question q0: \"why does the man in the grey"));
  EXPECT_THAT(found[1].detail, HasSubstr("the same file"));
}

TEST(Duplicates, AreEqualInTextAndMedia) {
  World world;
  world.add("What is it?", {shown("a")});      // s0
  world.add("What is it?", {shown("b")});      // the same words, another picture
  world.add("What is it?", {shown("a")});      // a copy under another name
  world.add("What is it?", {shown("a", 20)});  // compressed once more
  world.add("What is it?", {shown("a", 40)});  // near to the one before only
  world.add("What is that?", {shown("a")});
  world.add("What is it?", {shown("a")}, "blue");
  world.add("What is it?", {shown("a"), shown("b")});
  world.add("What is it?", {});
  world.add("What is it?", {});
  using Stands = std::vector<std::size_t>;
  EXPECT_EQ(world.duplicates(24), (Stands{0, 1, 0, 0, 0, 5, 6, 7, 8, 8}));
  EXPECT_EQ(world.duplicates(-1), (Stands{0, 1, 0, 3, 4, 5, 6, 7, 8, 8}));
  // Whatever the order: the smallest id stands for all.
  std::reverse(world.samples.begin(), world.samples.end());
  const auto stands = world.duplicates(24);
  EXPECT_EQ(world.samples[stands[5]].id, "s0");
  EXPECT_EQ(world.samples[stands[0]].id, "s8");
}

class EvaluationSetTest : public ::testing::Test {
 protected:
  void TearDown() override { fs::remove_all(folder_); }
  fs::path write(const std::string& content) const {
    write_file(folder_ / "bench.jsonl", content);
    return folder_ / "bench.jsonl";
  }
  const fs::path folder_ = testing_support::temporary_folder();
};

TEST_F(EvaluationSetTest, ReadsQuestionsAndConversations) {
  const auto questions = read_evaluation_set(
      write("{\"id\":7,\"question\":\"Who?\",\"video\":\"a.mp4\"}\n"
            "{\"question\":\"What?\",\"images\":[\"b.png\",\"c.png\"]}\n\n"
            "{\"id\":\"x\",\"messages\":[{\"role\":\"user\",\"content\":\"<image>One?\"},"
            "{\"role\":\"assistant\",\"content\":\"1\"},{\"role\":\"user\",\"content\":\"Two?\"},"
            "{\"role\":\"assistant\",\"content\":\"2\"}],\"images\":[\"d.png\"]}\n"));
  ASSERT_EQ(questions.size(), 4U);
  EXPECT_EQ(questions[0].id, "7");
  EXPECT_EQ(questions[0].set, "bench");
  EXPECT_EQ(questions[0].media.at(0).kind, Media::Kind::video);
  EXPECT_EQ(questions[0].media.at(0).paths.at(0), fs::absolute(folder_) / "a.mp4");
  EXPECT_EQ(questions[1].id, "line 2");
  EXPECT_EQ(questions[1].media.size(), 2U);
  EXPECT_EQ(questions[3].text, "Two?");
  EXPECT_EQ(questions[3].media.at(0).paths.at(0), fs::absolute(folder_) / "d.png");
}

TEST_F(EvaluationSetTest, MediaAreNamedAsInPools) {
  const auto questions = read_evaluation_set(write(
      "\xEF\xBB\xBF{\"question\":\"Who?\",\"video\":\"a.mp4\",\"video_start\":2,\"score\":NaN}\n"
      "{\"question\":\"What?\",\"image\":{\"bytes\":\"iVBORw0KGgo=\"}}\n"
      "{\"question\":\"What?\",\"videos\":[[\"0.png\",\"1.png\"]]}\n"));
  ASSERT_EQ(questions.size(), 3U);
  EXPECT_EQ(questions[0].media.at(0).start, 2.0);
  EXPECT_EQ(*questions[1].media.at(0).content(0), "\x89PNG\r\n\x1a\n");
  EXPECT_EQ(questions[2].media.at(0).kind, Media::Kind::frames);
  EXPECT_EQ(questions[2].media.at(0).paths.size(), 2U);
}

TEST_F(EvaluationSetTest, IsReadWholeOrNotAtAll) {
  EXPECT_THROW(read_evaluation_set(folder_ / "absent.jsonl"), IoError);
  EXPECT_THROW(read_evaluation_set(write("\n")), DataError);
  try {
    read_evaluation_set(write("{\"question\":\"Who?\"}\n{\"answer\":\"1\"}\n"));
    FAIL();
  } catch (const DataError& error) {
    EXPECT_THAT(error.what(), HasSubstr("bench.jsonl:2"));
  }
}

}  // namespace
}  // namespace winnow
