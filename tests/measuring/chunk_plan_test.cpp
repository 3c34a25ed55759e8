#include "measuring/chunk_plan.h"

#include <gmock/gmock.h>

#include "core/random.h"
#include "measuring/row_vectors.h"
#include "support.h"
#include "temporary_folder.h"

namespace winnow {
namespace {

using test::text_sample;
using test::text_samples;
using testing::ElementsAre;
using testing::HasSubstr;

// The chunks' samples, by the letter of their first medium ("-" for none) or by their ids.
std::vector<std::string> media_of(const Pool& pool, const ChunkPlan& plan) {
  std::vector<std::string> chunks;
  for (std::size_t i = 0; i < plan.chunks(); ++i) {
    std::string& names = chunks.emplace_back();
    for (const std::uint32_t row : plan.chunk(i)) {
      const Sample sample = pool.sample(row);
      names += sample.media.empty() ? "-" : sample.media[0].paths[0].filename().string();
    }
  }
  return chunks;
}
std::vector<std::string> ids_of(const Pool& pool, const ChunkPlan& plan) {
  std::vector<std::string> chunks;
  for (std::size_t i = 0; i < plan.chunks(); ++i) {
    std::string& ids = chunks.emplace_back();
    for (const std::uint32_t row : plan.chunk(i)) ids += std::string(pool.rows().id(row)) + " ";
  }
  return chunks;
}

TEST(ChunkPlan, IsInTheAskedOrder) {
  std::vector<Sample> samples = text_samples(5);
  std::swap(samples[0], samples[3]);
  const Pool pool(samples);
  EXPECT_THAT(ids_of(pool, plan_in_order(pool, {}, 2)), ElementsAre("s3 s1 ", "s2 s0 ", "s4 "));
  EXPECT_THAT(ids_of(pool, plan_by_id(pool, {}, 2)), ElementsAre("s0 s1 ", "s2 s3 ", "s4 "));
  EXPECT_THAT(ids_of(pool, plan_by_id(pool, {{4, 0, 3}}, 2)), ElementsAre("s0 s3 ", "s4 "));
  EXPECT_THAT(ids_of(pool, plan_in_order(pool, {{4, 0, 3}}, 9)), ElementsAre("s4 s3 s0 "));
  EXPECT_EQ(plan_by_id(Pool(), {}, 2).chunks(), 0U);
  EXPECT_EQ(plan_by_content(Pool(), {}, 2, true).chunks(), 0U);
  EXPECT_THROW(plan_in_order(pool, {{5}}, 2), std::logic_error);
  EXPECT_THROW(plan_in_order(pool, {{1, 1}}, 2), std::logic_error);
}

TEST(ChunkPlan, ByContentDoesNotDependOnTheOrderOfRows) {
  std::vector<Sample> samples = text_samples(9);
  const auto plan = [&](bool together) {
    const Pool pool(samples);
    return ids_of(pool, plan_by_content(pool, {}, 4, together));
  };
  const std::vector<std::string> expected = plan(false);
  EXPECT_EQ(plan(true), expected);  // there are no media
  RandomStream(1, "test").shuffle(samples);
  EXPECT_EQ(plan(false), expected);
}

TEST(ChunkPlan, KeepsSamplesOfOneMediumTogether) {
  std::vector<Sample> samples;
  for (const std::string name : {"a", "b", "a", "", "b", "a", "c"}) {
    samples.push_back(text_sample("s" + std::to_string(samples.size()), "?", name));
  }
  const auto chunks_of = [&] {
    const Pool pool(samples);
    return media_of(pool, plan_by_content(pool, {}, 3, true));
  };
  const std::vector<std::string> chunks = chunks_of();
  std::string all;
  for (const std::string& chunk : chunks) all += chunk;
  EXPECT_THAT(all,
              testing::AllOf(HasSubstr("aaa"), HasSubstr("bb"), HasSubstr("c"), HasSubstr("-")));
  EXPECT_EQ(all.size(), samples.size());
  for (std::size_t i = 0; i + 1 < chunks.size(); ++i) EXPECT_GE(chunks[i].size(), 3U);
  for (int i = 0; i < 5; ++i) {
    std::rotate(samples.begin(), samples.begin() + 3, samples.end());
    EXPECT_EQ(chunks_of(), chunks);
  }
}

TEST(ChunkPlan, PartsTheSamplesOfOneMediumWhereTheyAreTooMany) {
  std::vector<Sample> samples;
  for (int i = 0; i < 70; ++i) samples.push_back(text_sample("s" + std::to_string(i), "?", "a"));
  const Pool pool(samples);
  const ChunkPlan plan = plan_by_content(pool, {}, 2, true);
  EXPECT_THAT(plan.ends(), ElementsAre(32, 64, 70));
}

TEST(RowVectors, AreAllOfOneWidth) {
  const std::filesystem::path folder = testing_support::temporary_folder();
  std::filesystem::create_directories(folder);
  RowVectors vectors(3, folder);
  EXPECT_FALSE(vectors.has(1));
  EXPECT_EQ(vectors.width(), 0U);
  vectors.set(1, std::vector<float>{1, 2});
  EXPECT_EQ(vectors.width(), 2U);
  EXPECT_THAT(vectors[1], ElementsAre(1, 2));
  EXPECT_FALSE(vectors.has(0));
  EXPECT_THROW(vectors.set(0, std::vector<float>{1}), std::logic_error);
  EXPECT_THROW(vectors.set(0, std::vector<float>{}), std::logic_error);
  EXPECT_THROW(vectors.set(3, std::vector<float>{1, 2}), std::logic_error);
  EXPECT_TRUE(std::filesystem::is_empty(folder)) << "its file has no name";
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace winnow
