// The pool as an index: rows read again, the rule of ids, subsets.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <set>
#include <unordered_map>

#include "core/errors.h"
#include "core/files.h"
#include "core/parallel.h"
#include "core/random.h"
#include "pool/pool.h"
#include "pool/row_ids.h"
#include "pool/temporary_folder.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

std::string row(const std::string& id, const std::string& question, const std::string& keys = "") {
  return "{" + (id.empty() ? "" : "\"id\":\"" + id + "\",") + keys +
         R"("conversations":[{"from":"human","value":")" + question +
         R"("},{"from":"gpt","value":"yes it is"}]})";
}

Pool read(const std::vector<fs::path>& files) {
  PoolOptions options;
  options.files = files;
  options.check_media = false;
  return Pool::read(options);
}

std::vector<std::string> ids_of(const Pool& pool) {
  std::vector<std::string> ids;
  for (std::size_t i = 0; i < pool.size(); ++i) ids.emplace_back(pool.rows().id(i));
  return ids;
}

std::string failure(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "nothing was thrown";
}

void expect_equal(const Sample& a, const Sample& b) {
  EXPECT_EQ(a.id, b.id);
  EXPECT_EQ(a.source, b.source);
  EXPECT_EQ(a.file, b.file);
  EXPECT_EQ(a.line, b.line);
  EXPECT_EQ(a.content_digest(), b.content_digest());
  ASSERT_EQ(a.media.size(), b.media.size());
  for (std::size_t i = 0; i < a.media.size(); ++i) EXPECT_EQ(a.media[i].key(), b.media[i].key());
}

class PoolIndexTest : public testing::Test {
 protected:
  // 700 rows in three files of two formats, some with media, some without ids.
  Pool mixed() const {
    std::string lines, more, array = "[";
    for (int i = 0; i < 300; ++i) {
      lines += row("a" + std::to_string(i), "What is " + std::to_string(i), R"("image":"1.png",)") +
               "\r\n";
      if (i % 10 == 0) lines += "\n";
      array += (i > 0 ? "," : "") + std::string("\n  ") +
               row(i % 3 == 0 ? "" : "b" + std::to_string(i), "When is " + std::to_string(i / 2));
    }
    for (int i = 0; i < 100; ++i) more += row("", "Who?", "\"source\":\"more\",") + "\n";
    return read({folder_.write("x/a.jsonl", lines), folder_.write("y/b.json", array + "\n]"),
                 folder_.write("y/more.jsonl", more)});
  }
  const TemporaryFolder folder_;
};

TEST_F(PoolIndexTest, EveryRowIsReadAgainAsItWasFound) {
  const Pool pool = mixed();
  ASSERT_EQ(pool.size(), 700U);
  for (std::size_t i = 0; i < pool.size(); ++i) {
    const Sample sample = pool.sample(i);
    const RowFacts facts = row_facts(sample), known = pool.rows().facts(i);
    EXPECT_EQ(facts.id, known.id);
    EXPECT_EQ(facts.source, known.source);
    EXPECT_EQ(facts.modality, known.modality);
    EXPECT_EQ(facts.question_type, known.question_type);
    EXPECT_EQ(facts.content_digest, known.content_digest);
    EXPECT_EQ(facts.answer_words, known.answer_words);
    EXPECT_EQ(pool.index_of(sample.id), i);
  }
  EXPECT_EQ(pool.sample(1).line, 3);
  EXPECT_EQ(pool.sample(302).line, 4) << "an array's row is named by the line that it begins in";
  EXPECT_EQ(pool.sample(302).file, folder_ / "y/b.json");
}

TEST_F(PoolIndexTest, SeveralThreadsReadAtOnce) {
  const Pool pool = mixed();
  const std::vector<Sample> samples = all_samples(pool);
  parallel_for(
      4000, [&](std::size_t i) { expect_equal(pool.sample(i * 7 % 700), samples[i * 7 % 700]); },
      8);
  std::size_t next = 0;
  for_each_sample(pool, [&](std::size_t i, const Sample& sample) {
    ASSERT_EQ(i, next++);
    expect_equal(sample, samples[i]);
  });
  EXPECT_EQ(next, 700U);
}

TEST_F(PoolIndexTest, ASubsetReadsItsOwnRows) {
  const Pool pool = mixed();
  const Pool part = pool.subset({650, 3, 310, 3});
  ASSERT_EQ(part.size(), 4U);
  expect_equal(part.sample(0), pool.sample(650));
  expect_equal(part.sample(2), pool.sample(310));
  const Pool smaller = part.subset({2, 0});
  expect_equal(smaller.sample(1), pool.sample(650));
  EXPECT_EQ(smaller.index_of(pool.sample(310).id), 0U);
  EXPECT_THAT(failure([&] { smaller.index_of("a3"); }), HasSubstr("no sample 'a3' among its 2"));
  EXPECT_NE(smaller.digest(), pool.digest());
}

TEST_F(PoolIndexTest, AFileThatHasChangedIsNamedWithItsLine) {
  const std::string content = row("a", "one") + "\n" + row("b", "two") + "\n" + row("c", "three");
  const fs::path file = folder_.write("pool.jsonl", content);
  const Pool pool = read({file});
  const auto message = [&](const std::string& now) {
    folder_.write("pool.jsonl", now);
    return failure([&] { pool.sample(1); });
  };
  EXPECT_EQ(message(content), "nothing was thrown");
  std::string other = content;
  other.replace(other.find("two"), 3, "TWO");
  EXPECT_THAT(message(other), HasSubstr("pool.jsonl:2: this row is not what it was"));
  EXPECT_THAT(message("\n" + content), HasSubstr("pool.jsonl:2: this row is not what it was"));
  EXPECT_THAT(message(content.substr(0, row("a", "one").size() + 5)), HasSubstr("pool.jsonl:2: "));
  EXPECT_EQ(message(content), "nothing was thrown") << "it is there again";
  fs::remove(file);
  EXPECT_THAT(failure([&] { pool.sample(1); }), HasSubstr("No such file"));
}

TEST_F(PoolIndexTest, BadRowsOfAllFormatsAreListedInTheirOrder) {
  PoolOptions options;
  options.files = {folder_.write("a.json", "[\n" + row("a", "q") + ",\n17,\n{\"id\":\"x\"}\n]"),
                   folder_.write("b.jsonl", "oops\n" + row("b", "q") + "\n")};
  options.maximum_bad_share = 1.0;
  const Pool pool = Pool::read(options);
  std::vector<std::string> bad;
  for (const BadRow& one : pool.ledger()) {
    bad.push_back(fs::path(one.file).filename().string() + ":" + std::to_string(one.line) + " " +
                  one.kind);
  }
  EXPECT_THAT(bad, ElementsAre("a.json:3 structure", "a.json:4 structure", "b.jsonl:1 json"));
  EXPECT_EQ(pool.size(), 2U);
  EXPECT_EQ(pool.subset({1}).ledger().size(), 3U);
}

TEST_F(PoolIndexTest, PartsHaveTheirOwnOptions) {
  const std::string list = R"("images":["1.png","2.png"],)";
  std::vector<PoolOptions> parts(2);
  parts[0].files = {folder_.write("images.jsonl", row("a", "q", list))};
  parts[1].files = {folder_.write("clips.jsonl", row("a", "q", list))};
  parts[0].image_lists = PoolOptions::ImageLists::images;
  parts[1].image_lists = PoolOptions::ImageLists::frames;
  for (PoolOptions& part : parts) part.check_media = false;
  const Pool pool = Pool::read_parts(parts);
  EXPECT_EQ(pool.sample(0).media.size(), 2U);
  ASSERT_EQ(pool.sample(1).media.size(), 1U);
  EXPECT_EQ(pool.rows().modality(1), Modality::video);
  EXPECT_THAT(ids_of(pool), testing::Each(StartsWith("a#"))) << "an id is unique in all parts";
}

// Twenty thousand equal rows, and rows of one id.
TEST_F(PoolIndexTest, ManyEqualRowsAreNumberedAtOnce) {
  std::string lines;
  for (int i = 0; i < 20000; ++i) lines += row(i % 2 == 0 ? "" : "same", "q") + "\n";
  const auto begin = std::chrono::steady_clock::now();
  const Pool pool = read({folder_.write("pool.jsonl", lines)});
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
  EXPECT_LT(seconds.count(), 20.0) << "the time must not grow with the square of the rows";
  const std::vector<std::string> ids = ids_of(pool);
  EXPECT_EQ(ids[19998], ids[0] + "-10000");
  EXPECT_EQ(ids[19999], ids[1] + "-10000");
  EXPECT_EQ(std::set<std::string>(ids.begin(), ids.end()).size(), ids.size());
}

// The rule as its head comment has it, one name after the other.
std::vector<std::string> named_one_by_one(const std::vector<std::string>& ids,
                                          const std::vector<std::uint64_t>& contents) {
  std::unordered_map<std::string, int> uses;
  for (const std::string& id : ids) ++uses[id];
  std::set<std::string> taken;
  std::vector<std::string> names(ids.size());
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (ids[i].empty() || uses[ids[i]] > 1) continue;
    taken.insert(names[i] = ids[i]);
  }
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (!names[i].empty()) continue;
    char digest[13];
    std::snprintf(digest, sizeof digest, "%012llx", static_cast<unsigned long long>(contents[i]));
    const std::string base = (ids[i].empty() ? "row-" : ids[i] + "#") + digest;
    names[i] = base;
    for (int copy = 2; !taken.insert(names[i]).second; ++copy) {
      names[i] = base + "-" + std::to_string(copy);
    }
  }
  return names;
}

TEST(RowIdsTest, NamesAreThoseOfTheRuleForAnyPool) {
  RandomStream random(11, "tests/ids");
  for (int trial = 0; trial < 300; ++trial) {
    std::vector<std::string> ids;
    std::vector<std::uint64_t> contents;
    std::vector<RowFacts> facts;
    for (std::uint64_t i = 2 + random.below(40); i > 0; --i) {
      const std::uint64_t content = random.below(3);
      std::string id = random.chance(0.3) ? "" : std::string(1, "abc"[random.below(3)]);
      // Ids that look like names of others.
      if (random.chance(0.3)) id = "row-00000000000" + std::to_string(random.below(3));
      if (random.chance(0.2)) id += "#00000000000" + std::to_string(random.below(3));
      if (random.chance(0.3)) id += "-" + std::to_string(1 + random.below(4));
      ids.push_back(id);
      contents.push_back(content);
      facts.push_back({id, "", Modality::text, "", "", 0});
    }
    RowTable rows(facts);
    make_ids_unique(rows, [&](std::size_t i) { return contents[i]; });
    std::vector<std::string> names;
    for (std::size_t i = 0; i < rows.size(); ++i) names.emplace_back(rows.id(i));
    ASSERT_EQ(names, named_one_by_one(ids, contents)) << "trial " << trial;
  }
}

TEST(PoolTest, SamplesInMemoryFollowTheSameRule) {
  std::vector<Sample> samples(3);
  for (Sample& sample : samples) {
    sample.id = "x";
    sample.turns = {{Turn::Role::user, "q"}, {Turn::Role::assistant, "a"}};
  }
  samples[2].id = "y";
  const Pool pool(samples);
  EXPECT_THAT(pool.sample(0).id, StartsWith("x#"));
  EXPECT_EQ(pool.sample(1).id, pool.sample(0).id + "-2");
  EXPECT_EQ(pool.sample(2).id, "y");
  EXPECT_EQ(pool.index_of("y"), 2U);
  EXPECT_EQ(Pool().size(), 0U);
}

}  // namespace
}  // namespace winnow
