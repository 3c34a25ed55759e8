#include "experiments/program/export_command.h"

#include <boost/json.hpp>
#include <sstream>

#include "core/errors.h"
#include "experiments/own_pool.h"
#include "experiments/program/select_command.h"
#include "pool/pool.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;
using testing::AllOf;
using testing::HasSubstr;
using testing_support::kConfigs;

class ExportOwnPool : public testing_support::OwnPoolTest {
 protected:
  std::string run(const std::vector<std::string>& more) const {
    std::ostringstream out;
    EXPECT_EQ(
        export_command(
            {testing_support::with_overrides(
                 {"pool=files", "pool.files=[" + path("mine.jsonl") + "]", "output=" + path("out")},
                 more),
             {kConfigs},
             nullptr,
             folder_ / "results"},
            out),
        0);
    return out.str();
  }
  template <class Error>
  std::string message(const std::vector<std::string>& more) const {
    try {
      run(more);
    } catch (const Error& error) {
      return error.what();
    }
    return "no such error";
  }
  json::object report() const {
    return json::parse(read_file(folder_ / "out/report.json")).as_object();
  }
  // All files of the export as one pool, of which no row may be bad.
  Pool read_back() const {
    PoolOptions options;
    const json::object all = report();
    for (const json::value& file : all.at("files").as_array()) {
      options.files.push_back(folder_ / "out" / std::string(file.as_string()));
    }
    options.maximum_bad_share = 0;
    return Pool::read(options);
  }
};

TEST_F(ExportOwnPool, EveryFormatIsReadBackWhole) {
  PoolOptions options;
  options.files = {folder_ / "mine.jsonl"};
  const Pool pool = Pool::read(options);
  for (const std::string format : {"ms_swift", "llava", "llama_factory"}) {
    for (const std::string media : {"path", "copy", "link"}) {
      SCOPED_TRACE(format + ", " + media);
      EXPECT_THAT(run({"export=" + format, "export.media=" + media}), HasSubstr("16 rows in "));
      const Pool back = read_back();
      ASSERT_EQ(back.size(), pool.size());
      for (std::size_t row = 0; row < pool.size(); ++row) {
        const Sample before = pool.sample(row);
        const Sample after = back.sample(back.index_of(before.id));
        ASSERT_EQ(after.turns.size(), before.turns.size()) << before.id;
        for (std::size_t i = 0; i < before.turns.size(); ++i) {
          EXPECT_EQ(after.turns[i].text, before.turns[i].text) << before.id;
        }
        ASSERT_EQ(after.media.size(), before.media.size()) << before.id;
        for (std::size_t i = 0; i < before.media.size(); ++i) {
          EXPECT_EQ(read_file(after.media[i].paths.front()),
                    read_file(before.media[i].paths.front()));
        }
      }
      EXPECT_EQ(report().at("media_files").to_number<int>(), media == "path" ? 0 : 3);
    }
  }
}

TEST_F(ExportOwnPool, ASelectionGivesItsRowsAndWeights) {
  folder_.write("scores.jsonl", scores());
  std::ostringstream out;
  select_command({{"pool.files=[" + path("mine.jsonl") + "]", "selector=top_k",
                   "selector.column=loss", "selector.budget=3", "selector.weight_ratio=4.0",
                   "columns=[" + path("scores.jsonl") + "]", "output=" + path("chosen")},
                  false,
                  {kConfigs},
                  nullptr,
                  folder_ / "results"},
                 out);
  run({"selection=" + path("chosen")});
  EXPECT_EQ(read_file(folder_ / "out/train.jsonl"), read_file(folder_ / "chosen/data/train.jsonl"));
  EXPECT_THAT(read_file(folder_ / "out/train.jsonl"), HasSubstr("loss_scale"));
  folder_.write("other.jsonl", R"({"id":"two","messages":[{"role":"user","content":"a"},)"
                               R"({"role":"assistant","content":"b"}]})"
                               "\n");
  EXPECT_THAT(message<DataError>(
                  {"selection=" + path("chosen"), "pool.files=[" + path("other.jsonl") + "]"}),
              AllOf(HasSubstr("2 of its 3 samples"), HasSubstr("another pool")));
}

TEST_F(ExportOwnPool, MistakesAreNamedBeforeThePoolIsRead) {
  const std::string nowhere = "pool.files=[" + path("nowhere.jsonl") + "]";
  EXPECT_THAT(message<ConfigError>({nowhere, "output="}), HasSubstr("output"));
  EXPECT_THAT(message<ConfigError>({nowhere, "export=llama"}),
              HasSubstr("there is no option 'llama'"));
  EXPECT_THAT(message<ConfigError>({nowhere, "export.media=relative"}), HasSubstr("media_root"));
  EXPECT_THAT(message<IoError>({nowhere, "selection=" + path("none")}), HasSubstr("none"));
  EXPECT_THAT(message<DataError>({nowhere, "selection=" + folder_.path().string()}),
              HasSubstr("selection manifests"));
  folder_.write("out/mine.txt", "mine");
  EXPECT_THAT(message<ConfigError>({nowhere}), HasSubstr("out/mine.txt"));
  EXPECT_EQ(read_file(folder_ / "out/mine.txt"), "mine");
}

TEST_F(ExportOwnPool, ItsOwnFilesKeepTheirNames) {
  EXPECT_THAT(message<ConfigError>({"export=llava", "export.name=report"}),
              HasSubstr("report.json"));
  EXPECT_FALSE(fs::exists(folder_ / "out"));
}

}  // namespace
}  // namespace winnow
