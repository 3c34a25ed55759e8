#include "pool/sample_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <xtensor/xnpy.hpp>

#include "core/errors.h"
#include "core/files.h"
#include "core/hash.h"
#include "pool/temporary_folder.h"

namespace winnow {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

SampleTable table_of_three() {
  SampleTable table(std::vector<RowFacts>{{"a\n\"é", "s", Modality::video, "temporal", "d1", 4},
                                          {"b", "", Modality::image, "static", "d2", 0},
                                          {"c", "t", Modality::text, "static", "d3", 9}});
  Column flow = Column::missing("optical_flow", 3);
  flow.set(0, 0.1 + 0.2);
  flow.set(1, CellState::not_applicable);
  table.add(flow);
  Column loss = Column::missing("loss.base", 3);
  loss.set(0, std::numeric_limits<double>::infinity());
  loss.set(2, -1e-300);
  table.add(loss);
  return table;
}

template <class Exception>
std::string load_error(const std::filesystem::path& folder) {
  try {
    SampleTable::load(folder);
  } catch (const Exception& error) {
    return error.what();
  }
  return "nothing was thrown";
}

TEST(SampleTableTest, MissingIsAStateNotANumber) {
  const SampleTable table = table_of_three();
  const Column& flow = table.column("optical_flow");
  EXPECT_TRUE(flow.valid(0));
  EXPECT_FALSE(flow.valid(1));
  EXPECT_TRUE(std::isnan(flow.values(1)) && std::isnan(flow.values(2)));
  EXPECT_EQ(flow.states(2), static_cast<std::uint8_t>(CellState::missing));
  EXPECT_EQ(table.column("loss.base").states(0), static_cast<std::uint8_t>(CellState::failed));
  Column column = flow;
  EXPECT_THROW(column.set(0, CellState::valid), std::logic_error);
}

TEST(SampleTableTest, KeepsVectorsBesideNumbers) {
  const TemporaryFolder folder;
  SampleTable table = table_of_three();
  Column embedding = Column::missing("embedding", 3);
  embedding.vectors = xt::xtensor<float, 2>{{1.5F, -2.0F}, {0.0F, 0.0F}, {3e-30F, 4.0F}};
  embedding.set(0, 2.5);
  table.add(embedding);
  table.save(folder / "table");
  const SampleTable loaded = SampleTable::load(folder / "table");
  EXPECT_EQ(loaded.column("embedding").vectors.view(), embedding.vectors.view());
  EXPECT_EQ(loaded.column("embedding").values(0), 2.5);
  EXPECT_EQ(loaded.column("optical_flow").vectors.size(), 0U);

  embedding.vectors = xt::xtensor<float, 2>{{1.0F, 2.0F}};
  EXPECT_THROW(table.add(embedding), std::logic_error);
  write_file(folder / "table/embedding.vectors.npy", "no array");
  EXPECT_THAT(load_error<DataError>(folder / "table"), HasSubstr("embedding.vectors.npy"));
}

TEST(SampleTableTest, ComesBackFromDiskBitForBit) {
  const TemporaryFolder folder;
  const SampleTable table = table_of_three();
  table.save(folder / "table");
  table.save(folder / "table");  // replaces itself
  const SampleTable loaded = SampleTable::load(folder / "table");
  ASSERT_EQ(loaded.size(), 3u);
  EXPECT_EQ(loaded.rows().id(0), "a\n\"é");
  EXPECT_EQ(loaded.rows().modality(0), Modality::video);
  EXPECT_EQ(loaded.rows().modality(2), Modality::text);
  EXPECT_EQ(loaded.rows().question_type(0), "temporal");
  EXPECT_EQ(loaded.rows().content_digest(1), digest_of("d2"));
  EXPECT_EQ(loaded.rows().answer_words(2), 9);
  EXPECT_THAT(loaded.column_names(), ElementsAre("loss.base", "optical_flow"));
  for (const std::string& name : loaded.column_names()) {
    for (std::size_t row = 0; row < 3; ++row) {
      EXPECT_EQ(loaded.column(name).states(row), table.column(name).states(row));
      if (table.column(name).valid(row)) {
        EXPECT_EQ(loaded.column(name).values(row), table.column(name).values(row));
      }
    }
  }
  EXPECT_EQ(read_file(folder / "table/optical_flow.values.npy").substr(1, 5), "NUMPY");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1);
}

TEST(SampleTableTest, ALoadedColumnIsChangedInMemoryAlone) {
  const TemporaryFolder folder;
  table_of_three().save(folder / "table");
  const std::string before = read_file(folder / "table/optical_flow.values.npy");
  SampleTable loaded = SampleTable::load(folder / "table");
  Column flow = loaded.column("optical_flow");
  flow.set(2, 7.0);
  flow.copy(1, flow, 2);
  EXPECT_FALSE(loaded.column("optical_flow").valid(2));
  EXPECT_EQ(flow.values(1), 7.0);
  loaded.add(flow);
  loaded.save(folder / "table");  // over the files that its columns are mapped from
  EXPECT_EQ(loaded.column("loss.base").values(2), -1e-300);
  EXPECT_NE(read_file(folder / "table/optical_flow.values.npy"), before);
  EXPECT_EQ(SampleTable::load(folder / "table").column("optical_flow").values(2), 7.0);
}

TEST(SampleTableTest, TablesShareTheirRows) {
  const SampleTable table = table_of_three();
  SampleTable other(table.shared_rows());
  EXPECT_EQ(&other.rows(), &table.rows());
  other.add(table.column("optical_flow"));
  EXPECT_EQ(other.column("optical_flow").values.data(), table.column("optical_flow").values.data());
}

TEST(SampleTableTest, AnEmptyTableIsATable) {
  const TemporaryFolder folder;
  SampleTable table;
  table.add(Column::missing("x", 0));
  table.save(folder / "t");
  EXPECT_EQ(SampleTable::load(folder / "t").column("x").values.size(), 0u);
}

TEST(SampleTableTest, RefusesWhatDoesNotFit) {
  SampleTable table = table_of_three();
  EXPECT_THROW(table.add(Column::missing("x", 2)), std::logic_error);
  EXPECT_THROW(table.add(Column::missing("../x", 3)), std::logic_error);
  try {
    table.column("optical_flaw");
    FAIL();
  } catch (const ConfigError& error) {
    EXPECT_THAT(error.what(), HasSubstr("'optical_flow'"));
  }
}

TEST(SampleTableTest, NamesTheDamagedFile) {
  const TemporaryFolder folder;
  EXPECT_THAT(load_error<IoError>(folder / "none"), HasSubstr("rows.jsonl"));
  const auto damaged = [&](const char* file, const std::string& content) {
    table_of_three().save(folder / "t");
    folder.write(std::string("t/") + file, content);
    return load_error<DataError>(folder / "t");
  };
  EXPECT_THAT(damaged("rows.jsonl", "{}\n"), HasSubstr("rows.jsonl:1"));
  EXPECT_THAT(damaged("optical_flow.values.npy", "garbage"), HasSubstr("optical_flow.values.npy"));
  const xt::xtensor<double, 2> plane = xt::zeros<double>({3, 2});
  EXPECT_THAT(damaged("optical_flow.values.npy", xt::dump_npy(plane)),
              HasSubstr("not a one-dimensional .npy array of the expected type: it has 2 dim"));
  const xt::xtensor<float, 1> line = xt::zeros<float>({3});
  EXPECT_THAT(damaged("optical_flow.vectors.npy", xt::dump_npy(line)),
              HasSubstr("not a two-dimensional .npy array of the expected type: it has 1 dim"));
  EXPECT_THAT(damaged("rows.jsonl", ""), HasSubstr("3 values for a table of 0 rows"));
  EXPECT_THAT(
      damaged("rows.jsonl", R"({"id":"a","source":"s","modality":"text","question_type":"static",)"
                            R"("content_digest":"d","answer_words":1})"),
      HasSubstr("rows.jsonl:1: not a row of a sample table: 'd' is no digest"));
  table_of_three().save(folder / "t");
  const std::string values = read_file(folder / "t/optical_flow.values.npy");
  EXPECT_THAT(damaged("optical_flow.values.npy", values.substr(0, values.size() - 8)),
              HasSubstr("optical_flow.values.npy: damaged"));
  table_of_three().save(folder / "t");
  const std::string states = read_file(folder / "t/loss.base.states.npy");
  EXPECT_THAT(damaged("loss.base.states.npy", states.substr(0, states.size() - 3) + "\x07\x01\x01"),
              HasSubstr("state 7"));
}

TEST(SampleTableTest, FactsComeFromTheSample) {
  Sample sample;
  sample.id = "i";
  sample.source = "s";
  sample.turns = {{Turn::Role::user, "<media>\nWhat happens first?"},
                  {Turn::Role::assistant, "It falls down."}};
  sample.media = {{Media::Kind::video, {"/v.mp4"}, 0.0}};
  const RowFacts facts = row_facts(sample);
  EXPECT_EQ(facts.id, "i");
  EXPECT_EQ(facts.modality, Modality::video);
  EXPECT_EQ(facts.question_type, "temporal");
  EXPECT_EQ(facts.answer_words, 3);
  EXPECT_EQ(facts.content_digest, sample.content_digest());
}

}  // namespace
}  // namespace winnow
