// What every exporter promises: all of a sample comes back from what was written.

#include "pool/exporter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <sstream>

#include "core/errors.h"
#include "core/files.h"
#include "core/random.h"
#include "pool/export_support.h"
#include "pool/row_reader.h"
#include "pool/temporary_folder.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing_support::make_exporter;
using testing_support::Options;
using testing_support::rows_of;

// Everything of a sample but where its files lie.
std::string content_of(const Sample& sample) {
  std::ostringstream text;
  text << sample.id << "|" << sample.source << "|" << sample.tools << "\n";
  for (const Turn& turn : sample.turns) {
    text << static_cast<int>(turn.role) << turn.trained << ":" << turn.text << "\n";
  }
  for (const Media& medium : sample.media) {
    text << to_string(medium.kind) << " " << medium.frames_per_second.value_or(-1) << " "
         << medium.start.value_or(-1) << " " << medium.end.value_or(-1);
    for (std::size_t i = 0; i < medium.paths.size(); ++i) text << " " << medium.file_digest(i);
    text << "\n";
  }
  return text.str();
}

// Every registered format, and the variants that its options make.
std::vector<Options> all_formats() {
  std::vector<Options> formats;
  for (const std::string& name : exporters().names()) formats.push_back({{"type", name}});
  formats.push_back({{"type", "llava"}, {"layout", "jsonl"}});
  formats.push_back({{"type", "llama_factory"}, {"formatting", "alpaca"}});
  return formats;
}

class ExporterTest : public testing::TestWithParam<Options> {
 protected:
  Media file(const std::string& name, Media::Kind kind = Media::Kind::image) {
    if (!fs::exists(folder_ / ("pool/" + name))) folder_.write("pool/" + name, "bytes of " + name);
    Media medium{kind, {folder_ / ("pool/" + name)}};
    medium.root = folder_ / "pool";
    return medium;
  }
  Media clip(const std::string& name, int frames, std::optional<double> rate = {}) {
    Media medium = file(name + "/0.png", Media::Kind::frames);
    for (int i = 1; i < frames; ++i) {
      medium.paths.push_back(file(name + "/" + std::to_string(i) + ".png").paths[0]);
    }
    medium.frames_per_second = rate;
    return medium;
  }
  static Sample talk(const std::string& id, const std::string& question,
                     const std::string& answer = "Yes.") {
    Sample sample;
    sample.id = id;
    sample.source = "source of " + id;
    sample.turns = {{Turn::Role::user, question}, {Turn::Role::assistant, answer}};
    return sample;
  }

  static Options options(const Options& more = {}) {
    Options all = GetParam();
    all.insert(more.begin(), more.end());
    return all;
  }

  ExportReport write(const std::vector<Sample>& samples, const Options& more = {},
                     const std::string& name = "out", const ExportFields& fields = {}) {
    const auto exporter = make_exporter(options(more));
    exporter->begin(folder_ / name);
    for (const Sample& sample : samples) exporter->add(sample, fields);
    return exporter->finish();
  }

  // The samples of an export in the order of its files, read as a pool is read.
  std::vector<Sample> read(const ExportReport& report, fs::path media_root = {}) {
    if (media_root.empty()) media_root = report.folder;
    std::vector<Sample> samples;
    for (const std::string& name : report.files) {
      RowReader reader(report.folder / name, media_root, PoolOptions());
      for (std::string& row : rows_of(report.folder / name)) {
        const std::string shown = row;
        auto result = reader.read(row, 1);
        if (const auto* bad = std::get_if<BadRow>(&result)) {
          ADD_FAILURE() << bad->kind << ": " << bad->reason << "\n" << shown;
          continue;
        }
        samples.push_back(std::get<Sample>(std::move(result)));
      }
    }
    return samples;
  }

  static std::vector<std::string> contents(const std::vector<Sample>& samples) {
    std::vector<std::string> texts;
    for (const Sample& sample : samples) texts.push_back(content_of(sample));
    return texts;
  }

  TemporaryFolder folder_;
};

TEST_P(ExporterTest, ComesBackWithEverything) {
  Sample long_talk =
      talk("two images, turns", "First <media>\nand <media>?\n\n - one\n - two", "a\nb");
  long_talk.turns.insert(long_talk.turns.begin(), {Turn::Role::system, "Be\nbrief."});
  long_talk.turns.push_back({Turn::Role::user, "And what colour is <media>?"});
  long_talk.turns.push_back({Turn::Role::assistant, "\"Red\" <media> \\ 図"});
  long_talk.media = {file("a.png"), file("deep/b.png"), file("a.png")};
  Sample film = talk("a film", "<media>\nWhat?");
  film.media = {file("v.mp4", Media::Kind::video)};
  Sample tag = talk("a tag", "<media>" + escape_placeholders("what is <media>?"));
  tag.media = {file("a.png")};
  // Named as a split of clips, and yet two images.
  Sample split = talk("split", "<media><media> alike?");
  split.source = "0_30_s_academic";
  split.media = {file("a.png"), file("deep/b.png")};
  const std::vector<Sample> samples = {talk("text", "Hi"), long_talk, film, tag, split};
  const ExportReport report = write(samples);
  EXPECT_EQ(report.rows, 5);
  EXPECT_EQ(report.files.size(), 1u);
  EXPECT_EQ(report.media_files, 0);
  EXPECT_EQ(contents(read(report)), contents(samples));
}

TEST_P(ExporterTest, RatesAndPartsComeBack) {
  Sample part = talk("part", "<media>What?");
  part.media = {file("v.mp4", Media::Kind::video)};
  part.media[0].start = 1.5;
  part.media[0].end = 2.0;
  Sample two = talk("two parts", "<media><media>What?");
  two.media = {part.media[0], file("w.mp4", Media::Kind::video)};
  Sample timed = talk("timed", "<media>What?");
  timed.media = {clip("f", 3, 2.5)};
  Sample mixed = talk("mixed", "<media> and <media>");
  mixed.media = {file("a.png"), clip("f", 3)};
  Sample one = talk("one frame", "<media>What?");
  one.media = {clip("g", 1, 1.0)};
  const std::vector<Sample> samples = {part, two, timed, mixed, one};
  // Where a loader wants it, rows with frame lists have a file of their own.
  EXPECT_EQ(contents(read(write(samples))), contents(samples));
}

TEST_P(ExporterTest, WhatIsNotTrainedComesBackOrIsRefused) {
  Sample sample = talk("untrained", "Hi", "Hello");
  sample.turns[1].trained = false;
  sample.turns.push_back({Turn::Role::user, "Bye"});
  sample.turns.push_back({Turn::Role::assistant, "Bye"});
  sample.tools = R"([{"name":"clock"}])";
  try {
    EXPECT_EQ(contents(read(write({sample}))), contents({sample}));
  } catch (const DataError& error) {
    EXPECT_THAT(error.what(), HasSubstr("sample 'untrained': an answer with `loss`: false"));
  }
}

TEST_P(ExporterTest, MediaAreNamedAsAsked) {
  Sample sample = talk("s", "<media><media><media>?");
  sample.media = {file("deep/a.png"), file("b.png"), file("deep/a.png")};
  const auto paths = [&](const ExportReport& report, const fs::path& root = {}) {
    std::vector<std::string> names;
    for (const Sample& read_back : read(report, root)) {
      for (const Media& medium : read_back.media) {
        names.push_back(medium.paths[0].lexically_relative(folder_.path()).string());
      }
    }
    return names;
  };
  EXPECT_THAT(paths(write({sample}, {{"media", "path"}}, "1"), "/nowhere"),
              ElementsAre("pool/deep/a.png", "pool/b.png", "pool/deep/a.png"));
  const ExportReport relative =
      write({sample}, {{"media", "relative"}, {"media_root", (folder_ / "pool").string()}}, "2");
  EXPECT_THAT(paths(relative, folder_ / "pool"),
              ElementsAre("pool/deep/a.png", "pool/b.png", "pool/deep/a.png"));
  EXPECT_THAT(read_file(relative.folder / relative.files[0]), HasSubstr("\"deep/a.png\""));
  for (const char* mode : {"copy", "link"}) {
    const ExportReport report = write({sample}, {{"media", mode}}, mode);
    const std::string media = std::string(mode) + "/media/pool/";
    EXPECT_THAT(paths(report),
                ElementsAre(media + "deep/a.png", media + "b.png", media + "deep/a.png"));
    EXPECT_EQ(report.media_files, 2);
    EXPECT_EQ(fs::hard_link_count(report.folder / "media/pool/b.png"), mode[0] == 'l' ? 2u : 1u);
    EXPECT_EQ(contents(read(report)), contents({sample}));
  }
  EXPECT_THROW(write({sample}, {{"media", "relative"}}, "3"), ConfigError);
  EXPECT_FALSE(fs::exists(folder_ / "3"));
}

TEST_P(ExporterTest, NamesOfCopiedFilesDoNotClash) {
  const TemporaryFolder elsewhere, third;
  Media far{Media::Kind::image, {elsewhere.write("a.png", "far")}};
  Media farther{Media::Kind::image, {third.write("a.png", "farther")}};
  farther.root = third.path();
  far.root = folder_ / "pool";
  Media in_row{Media::Kind::image, {"inline-0.png"}};
  in_row.contents = {std::make_shared<const std::string>("in the row")};
  Sample sample = talk("s", "<media><media><media><media>?");
  sample.media = {file("a.png"), far, farther, in_row};
  for (const char* mode : {"copy", "link"}) {
    const ExportReport report = write({sample}, {{"media", mode}}, mode);
    EXPECT_EQ(report.media_files, 4);
    EXPECT_EQ(contents(read(report)), contents({sample}));
  }
  // What stands in a row becomes a file however the others are named.
  const ExportReport report = write({sample}, {{"media", "path"}}, "path");
  EXPECT_EQ(report.media_files, 1);
  EXPECT_EQ(contents(read(report)), contents({sample}));
}

TEST_P(ExporterTest, WeightsAndFurtherKeysStandInTheRow) {
  ExportFields fields;
  fields.weight = 2.5;
  fields.more = {{"score", 0.5}, {"why", "quota"}};
  const ExportReport report = write({talk("a", "Hi")}, {}, "out", fields);
  const json::object row = json::parse(rows_of(report.folder / report.files[0]).at(0)).as_object();
  EXPECT_EQ(row.at("score"), 0.5);
  EXPECT_EQ(row.at("why"), "quota");
  EXPECT_THAT(json::serialize(row), HasSubstr("2.5E0")) << "the weight";
  EXPECT_EQ(contents(read(report)), contents({talk("a", "Hi")}));
}

TEST_P(ExporterTest, WhatCannotBeHeldNamesItsSampleAndLeavesTheRest) {
  const auto exporter = make_exporter(options());
  exporter->begin(folder_ / "out");
  const auto refusal = [&](const Sample& sample, const ExportFields& fields = {}) -> std::string {
    try {
      exporter->add(sample, fields);
    } catch (const DataError& error) {
      return error.what();
    }
    return "nothing was thrown";
  };
  const Sample good = talk("good", "Hi");
  Sample missing = talk("missing", "<media>");
  missing.media = {Media{Media::Kind::image, {folder_ / "none.png"}}};
  exporter->add(good);
  EXPECT_THAT(refusal(missing), HasSubstr("sample 'missing': " + (folder_ / "none.png").string()));
  EXPECT_THAT(refusal(talk("word", "what is <image>?")), HasSubstr("sample 'word': a user's text"));
  EXPECT_THAT(refusal(talk("places", "<media>")), HasSubstr("places for more media"));
  EXPECT_THAT(refusal(talk("bytes", "\xFF")), HasSubstr("not valid UTF-8"));
  ExportFields fields;
  fields.weight = 0.0;
  EXPECT_THAT(refusal(good, fields), HasSubstr("weights are above 0"));
  fields = {};
  fields.more = {{"id", "another"}};
  EXPECT_THAT(refusal(good, fields), HasSubstr("`id` is one of the row's own"));
  fields.more = {{"score", std::numeric_limits<double>::quiet_NaN()}};
  EXPECT_THAT(refusal(good, fields), HasSubstr("`score` is no number"));
  exporter->add(talk("last", "Hi"));
  const ExportReport report = exporter->finish();
  EXPECT_EQ(report.rows, 2);
  EXPECT_THAT(report.warnings, IsEmpty());
  EXPECT_EQ(contents(read(report)), contents({good, talk("last", "Hi")}));
}

TEST_P(ExporterTest, AppearsWholeOrNotAtAll) {
  {
    const auto exporter = make_exporter(options({{"media", "copy"}}));
    exporter->begin(folder_ / "out");
    exporter->add(talk("a", "Hi"));
    EXPECT_FALSE(fs::exists(folder_ / "out"));
  }
  EXPECT_TRUE(fs::is_empty(folder_.path())) << "an export that nobody finished";
  folder_.write("mine/notes.txt", "a user's own file");
  EXPECT_THROW(make_exporter(options())->begin(folder_ / "mine"), ConfigError);
  const auto exporter = make_exporter(options());
  exporter->begin(folder_ / "late");
  folder_.write("late/notes.txt", "written meanwhile");
  EXPECT_THROW(exporter->finish(), ConfigError);
  EXPECT_EQ(read_file(folder_ / "late/notes.txt"), "written meanwhile");
  EXPECT_EQ(write({}, {}, "none").rows, 0);
  EXPECT_THAT(read(write({talk("a", "Hi")}, {}, "again/")), testing::SizeIs(1));
}

// Conversations of all kinds.
Sample random_sample(RandomStream& random, int number, const std::vector<Media>& media) {
  const std::vector<std::string> words = {"what", "\n",   "  ",    "<media",
                                          "é図😀", "\"\\", "<img>", "\xE2\x81\xA0",
                                          "</s>", "\t",   "a <b>", "0_30_s_x"};
  const auto text = [&](int least) {
    std::string result;
    const std::int64_t count = random.integer(least, 8);
    for (std::int64_t i = 0; i < count; ++i) result += words[random.below(words.size())];
    return result;
  };
  Sample sample;
  sample.id = "id " + std::to_string(number);
  sample.source = random.chance(0.3) ? "1_2_m_split" : "source " + std::to_string(number % 7);
  if (random.chance(0.3)) sample.turns.push_back({Turn::Role::system, "S" + text(0)});
  if (random.chance(0.2)) sample.tools = R"([{"name":"f"}])";
  const std::int64_t rounds = random.integer(1, 3);
  for (std::int64_t round = 0; round < rounds; ++round) {
    Turn user{Turn::Role::user, ""};
    user.text = escape_placeholders(text(0));
    while (random.chance(0.5)) {
      user.text += kMediaPlaceholder + escape_placeholders(text(0));
      sample.media.push_back(media[random.below(media.size())]);
    }
    if (user.text.find_first_not_of(" \t\n") == std::string::npos) user.text += "q";
    sample.turns.push_back(user);
    const bool trained = round + 1 == rounds || random.chance(0.7);
    sample.turns.push_back({Turn::Role::assistant, "A" + text(0), trained});
  }
  return sample;
}

TEST_P(ExporterTest, RandomConversationsComeBack) {
  std::vector<Media> media = {file("a.png"),
                              file("deep/b.JPG"),
                              clip("c", 3),
                              clip("d", 2, 0.75),
                              clip("e", 1, 30.0),
                              file("v.mp4", Media::Kind::video),
                              file("odd name", Media::Kind::video),
                              file("data:x.webm", Media::Kind::video)};
  Media part = file("v.mp4", Media::Kind::video);
  part.start = 0.125;
  media.push_back(part);
  part.end = 1.0 / 3.0;
  media.push_back(part);
  part = clip("c", 3, 2.0);
  part.end = 1.25;
  media.push_back(part);
  Media in_row{Media::Kind::image, {"inline-1.png"}};
  in_row.contents = {std::make_shared<const std::string>("bytes in the row")};
  in_row.root = folder_ / "pool";
  media.push_back(in_row);
  RandomStream random(5, "exporter_test");
  int number = 0;
  for (const char* mode : {"path", "relative", "copy", "link"}) {
    std::vector<Sample> samples;
    for (int i = 0; i < 250; ++i) samples.push_back(random_sample(random, ++number, media));
    const fs::path root = mode == std::string("relative") ? folder_.path() : fs::path();
    const auto exporter = make_exporter(options({{"media", mode}, {"media_root", root.string()}}));
    exporter->begin(folder_ / mode);
    std::vector<Sample> written;
    for (const Sample& sample : samples) {
      try {
        exporter->add(sample);
        written.push_back(sample);
      } catch (const DataError&) {
        // Nothing else is refused of these.
        EXPECT_TRUE(std::any_of(sample.turns.begin(), sample.turns.end(),
                                [](const Turn& turn) { return !turn.trained; }));
      }
    }
    const ExportReport report = exporter->finish();
    EXPECT_EQ(report.rows, static_cast<std::int64_t>(written.size()));
    EXPECT_GT(report.rows, 100);
    if (report.files.size() == 2) {  // in order within each file
      std::stable_partition(written.begin(), written.end(), [](const Sample& sample) {
        return std::none_of(sample.media.begin(), sample.media.end(),
                            [](const Media& medium) { return medium.kind == Media::Kind::frames; });
      });
    }
    const std::vector<std::string> expected = contents(written);
    const std::vector<std::string> found = contents(read(report, root));
    ASSERT_EQ(found.size(), expected.size());
    for (std::size_t i = 0; i < found.size(); ++i) ASSERT_EQ(found[i], expected[i]) << mode;
  }
}

INSTANTIATE_TEST_SUITE_P(Formats, ExporterTest, testing::ValuesIn(all_formats()),
                         [](const auto& parameter) {
                           std::string name;
                           for (const auto& [key, value] : parameter.param) name = value + name;
                           return name;
                         });

}  // namespace
}  // namespace winnow
