#include "gdo_release/text/text.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <boost/uuid/detail/sha1.hpp>
#include <set>

#include "gdo_release/golden_rows.h"

namespace winnow::gdo_release {
namespace {

using testing_support::golden_json;
using testing_support::golden_rows;
using testing_support::text_at;

// The release recorded digests of normalised texts.
std::string sha1_hex(const std::string& bytes) {
  boost::uuids::detail::sha1 sum;
  sum.process_bytes(bytes.data(), bytes.size());
  boost::uuids::detail::sha1::digest_type digest;
  sum.get_digest(digest);
  std::string hex;
  for (const auto part : digest) hex += fmt::format("{:0{}x}", part, 2 * sizeof part);
  return hex;
}

TEST(GoldenReleaseText, FunctionsOfOneText) {
  std::size_t temporal = 0, choices = 0;
  for (const auto& row : golden_rows("text/text_functions.jsonl")) {
    const std::string text = text_at(row, "in");
    SCOPED_TRACE(boost::json::serialize(row.at("in")));
    const std::string normalized = normalize_text(text);
    EXPECT_EQ(normalized, text_at(row, "normalize_text"));
    EXPECT_EQ(strip_media_tokens(text), text_at(row, "strip_media_tokens"));
    const auto tokens = boost::json::value_to<std::vector<std::string>>(row.at("tokens"));
    EXPECT_EQ(tokenize(text), tokens);
    EXPECT_EQ(count_tokens(text), static_cast<std::int64_t>(tokens.size()));
    EXPECT_EQ(temporal_category(text), text_at(row, "temporal_category"));
    EXPECT_EQ(temporal_category(text) == "Temporal" ? 1.0 : 0.0,
              row.at("temporal_regex_score").to_number<double>());
    EXPECT_EQ(question_form(text), text_at(row, "question_form"));
    EXPECT_EQ(question_form(normalized), text_at(row, "question_form_normalized"));
    EXPECT_EQ(question_length_bucket(count_tokens(text)), text_at(row, "q_len_bucket"));
    EXPECT_EQ(answer_length_bucket(count_tokens(text)), text_at(row, "a_len_bucket"));
    EXPECT_EQ(source_group(normalized), text_at(row, "source_group"));
    EXPECT_EQ(sha1_hex(normalize_text(text)), text_at(row, "text_fingerprint"));
    temporal += temporal_category(text) == "Temporal";
    choices += question_form(text) == "MCQ";
  }
  EXPECT_GT(temporal, 20u);
  EXPECT_GT(choices, 5u);
}

TEST(GoldenReleaseText, FunctionsOfAPair) {
  std::size_t pairs = 0;
  for (const auto& row : golden_rows("text/pair_functions.jsonl")) {
    const std::string question = text_at(row, "q"), answer = text_at(row, "a");
    SCOPED_TRACE(boost::json::serialize(row));
    const std::int64_t asked = count_tokens(question), answered = count_tokens(answer);
    EXPECT_NEAR(quality_score(asked, answered, answer), row.at("quality_score").to_number<double>(),
                1e-12);
    EXPECT_NEAR(difficulty_score(asked, answered), row.at("difficulty_score").to_number<double>(),
                1e-12);
    EXPECT_EQ(sha1_hex(normalize_text(question) + '\t' + normalize_text(answer)),
              text_at(row, "qa_fingerprint"));

    const std::vector<std::string> a = tokenize(question), b = tokenize(answer);
    std::set<std::string> either(a.begin(), a.end());
    const std::set<std::string> first = either, second(b.begin(), b.end());
    either.insert(b.begin(), b.end());
    const std::size_t both = first.size() + second.size() - either.size();
    const double similarity =
        either.empty() ? 1.0 : static_cast<double>(both) / static_cast<double>(either.size());
    EXPECT_NEAR(similarity, row.at("jaccard_similarity").to_number<double>(), 1e-12);
    ++pairs;
  }
  EXPECT_EQ(pairs, 300u);
}

TEST(GoldenReleaseText, Sources) {
  for (const auto& row : golden_rows("text/sources.jsonl")) {
    const std::string source(row.at(0).as_string());
    EXPECT_EQ(source_group(normalize_text(source)), std::string_view(row.at(1).as_string()))
        << source;
  }
}

TEST(GoldenReleaseText, DurationBuckets) {
  const boost::json::value rows = golden_json("text/duration_buckets.json");
  for (const auto& row : rows.as_array()) {
    EXPECT_EQ(duration_bucket(row.at(0).as_int64()), std::string_view(row.at(1).as_string()));
  }
}

// The words of a question are looked for 32 bytes at a time; where they stand must not matter.
TEST(ReleaseText, AWordIsFoundWhereverItStands) {
  for (const std::string word : {"then", "TRANSITION", "Sequence", "earlier"}) {
    for (std::size_t before = 0; before < 70; ++before) {
      for (const std::size_t after : {0, 1, 40}) {
        const std::string text =
            std::string(before, '-') + word + std::string(after, ' ') + std::string(after, 'x');
        EXPECT_EQ(temporal_category(text), "Temporal") << text;
        EXPECT_EQ(temporal_category("x" + word + text.substr(before + word.size())), "Mixed");
        EXPECT_EQ(count_tokens(text), after == 0 ? 1 : 2) << text;
      }
    }
  }
}

TEST(ReleaseText, WhiteSpaceCollapsesWhereverItStands) {
  for (std::size_t before = 0; before < 70; ++before) {
    const std::string word(before, 'a');
    const std::string separator = before == 0 ? "" : " ";
    for (const std::string space : {"  ", "\n", " \t ", "\u3000", " \u2028 "}) {
      const std::string text = space + word + space + "b" + space;
      EXPECT_EQ(normalize_text(text), word + separator + "b");
      EXPECT_EQ(strip_media_tokens(word + "<video>" + space + "b<image>"), word + separator + "b");
    }
  }
}

TEST(ReleaseText, RepetitionCountsEveryTokenOfALongAnswer) {
  std::string all_different, all_equal;
  for (int i = 0; i < 500; ++i) {
    all_different += "w" + std::to_string(i) + " ";
    all_equal += i % 2 == 0 ? "word " : "WORD ";
  }
  const double different = quality_score(10, 500, all_different);
  EXPECT_NEAR(different - quality_score(10, 500, all_equal), 1.2 * (0.55 - 1.0 / 500.0), 1e-12);
}

}  // namespace
}  // namespace winnow::gdo_release
