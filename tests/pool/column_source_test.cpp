#include "pool/column_source.h"

#include <gmock/gmock.h>

#include "core/errors.h"
#include "pool/temporary_folder.h"

namespace winnow {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

RowTable rows_of(const std::vector<std::string>& ids, const std::string& content = "") {
  std::vector<RowFacts> facts;
  for (const std::string& id : ids) {
    facts.emplace_back();
    facts.back().id = id;
    facts.back().content_digest = id + content;
  }
  return RowTable(facts);
}

class ColumnSourceTest : public testing::Test {
 protected:
  // A saved table of these rows: `loss` is the row's number, `embedding` a vector of it.
  std::filesystem::path save(const std::string& name, const RowTable& rows) const {
    SampleTable table(rows);
    Column loss = Column::missing("loss", rows.size());
    Column embedding = Column::missing("embedding", rows.size());
    auto vectors = xt::xtensor<float, 2>::from_shape({rows.size(), 2});
    for (std::size_t row = 0; row < rows.size(); ++row) {
      loss.set(row, static_cast<double>(row));
      embedding.set(row, 1.0);
      vectors(row, 0) = static_cast<float>(row);
      vectors(row, 1) = -1.0F;
    }
    embedding.vectors = std::move(vectors);
    table.add(loss);
    table.add(embedding);
    table.save(folder_ / name);
    return folder_ / name;
  }
  template <class Error, class Act>
  static std::string message(const Act& act) {
    try {
      act();
    } catch (const Error& error) {
      return error.what();
    }
    return "no such error";
  }

  TemporaryFolder folder_;
};

TEST_F(ColumnSourceTest, TheSameRowsShareTheirColumns) {
  const RowTable rows = rows_of({"a", "b", "c"});
  SampleTable table(rows);
  const ColumnOptions options{{save("t", rows)}, "id", 0.0};
  EXPECT_THAT(*known_columns(options), ElementsAre("embedding", "loss"));
  const auto sources = add_columns(options, table);
  ASSERT_EQ(sources.size(), 1U);
  EXPECT_THAT(remarks_on(sources[0]), IsEmpty());
  EXPECT_EQ(table.column("loss").values(2), 2.0);
}

TEST_F(ColumnSourceTest, RowsAreJoinedById) {
  SampleTable table(rows_of({"c", "new", "a"}));
  const ColumnOptions options{{save("t", rows_of({"a", "b", "c"}))}, "id", 0.4};
  const auto sources = add_columns(options, table);
  EXPECT_EQ(sources[0].without_scores, 1);
  EXPECT_EQ(sources[0].without_sample, 1);
  EXPECT_THAT(remarks_on(sources[0]), ElementsAre(HasSubstr("1 samples of the pool"),
                                                  HasSubstr("1 of its 3 rows are no samples")));
  const Column& loss = table.column("loss");
  EXPECT_EQ(loss.values(0), 2.0);
  EXPECT_FALSE(loss.valid(1));
  EXPECT_EQ(loss.values(2), 0.0);
  const Column& embedding = table.column("embedding");
  EXPECT_EQ(embedding.vectors(0, 0), 2.0F);
  EXPECT_EQ(embedding.vectors(1, 1), 0.0F);
  SampleTable strict(rows_of({"c", "new", "a"}));
  EXPECT_THAT(message<DataError>([&] {
                add_columns({options.columns, "id", 0.3}, strict);
              }),
              HasSubstr("maximum_missing_share = 0.3"));
}

TEST_F(ColumnSourceTest, RowsThatHaveChangedAreNotTheRowsThatWereMeasured) {
  const ColumnOptions options{{save("t", rows_of({"a", "b"}, "old"))}, "id", 0.0};
  SampleTable table(rows_of({"a", "b"}));
  EXPECT_THAT(message<DataError>([&] { add_columns(options, table); }),
              HasSubstr("2 of them were measured with another content, the first is 'a'"));
  SampleTable other(rows_of({"x", "y"}));
  EXPECT_THAT(message<DataError>([&] { add_columns(options, other); }),
              HasSubstr("measured of another pool?"));
}

TEST_F(ColumnSourceTest, OneColumnHasOneSource) {
  const RowTable rows = rows_of({"a", "b"});
  const ColumnOptions options{
      {save("t", rows), folder_.write("s.csv", "id,loss\na,1\nb,2\n")}, "id", 0.0};
  EXPECT_EQ(known_columns(options), std::nullopt);
  SampleTable table(rows);
  EXPECT_THAT(message<DataError>([&] { add_columns(options, table); }),
              HasSubstr("both have a column 'loss'"));
  const auto check = [&](const std::vector<std::filesystem::path>& columns) {
    check_column_places({columns, "id", 0.0});
  };
  EXPECT_NO_THROW(check(options.columns));
  EXPECT_THROW(check({folder_ / "none"}), IoError);
  EXPECT_THROW(check({folder_.path()}), ConfigError);
  EXPECT_THAT(message<ConfigError>([&] {
                check({folder_ / "t", folder_ / "t/"});
              }),
              HasSubstr("named twice"));
}

TEST_F(ColumnSourceTest, WhatPythonWritesForNoNumberIsNone) {
  SampleTable table(rows_of({"a NaN", "b", "c"}));
  const ColumnOptions options{
      {folder_.write(
          "s.jsonl",
          "{\"id\": \"a NaN\", \"x\": [NaN], \"y\": 1}\n{\"id\": \"b\", \"y\":-Infinity}\n"
          "{\"id\": \"c\", \"y\": NaN}\n")},
      "id",
      0.0};
  const auto sources = add_columns(options, table);
  EXPECT_EQ(table.column("y").values(0), 1.0);
  EXPECT_FALSE(table.column("y").valid(1));
  EXPECT_FALSE(table.column("y").valid(2));
  EXPECT_THAT(sources[0].ignored, ElementsAre("x"));
}

}  // namespace
}  // namespace winnow
