#include "pool/pool_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/compose.h"
#include "config/read.h"
#include "core/errors.h"
#include "pool/temporary_folder.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

std::string row(const std::string& id, const std::string& keys = "") {
  return R"({"id":")" + id + "\"," + keys +
         R"("messages":[{"role":"user","content":"q"},{"role":"assistant","content":"a"}]})" + "\n";
}

// A path of the test's folder, or a pattern, as a user gives it.
config::Value paths(const std::vector<fs::path>& files) {
  config::Value::Array array;
  for (const fs::path& file : files) array.emplace_back(file.string(), config::Origin{});
  return config::Value(std::move(array), {});
}
config::Value text(const fs::path& file) { return config::Value(file.string(), {}); }

std::string failure(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "nothing was thrown";
}

class PoolSourceTest : public testing::Test {
 protected:
  // Of the TOML file in configs/pool, with what a user sets.
  std::unique_ptr<PoolSource> source(
      const std::string& name, const std::vector<std::pair<std::string, config::Value>>& set) {
    config::Value table =
        config::read_toml(fs::path(WINNOW_SOURCE_DIR) / "configs/pool" / (name + ".toml"));
    for (const auto& [key, value] : set) table.set(key, value);
    return pools().create(table, "pool");
  }
  static std::vector<std::string> ids_of(const PoolSource& source) {
    const Pool pool = source.open({});
    std::vector<std::string> ids;
    for (std::size_t i = 0; i < pool.size(); ++i) ids.emplace_back(pool.rows().id(i));
    return ids;
  }
  const TemporaryFolder folder_;
};

TEST_F(PoolSourceTest, FilesAreNamedOneByOneOrByPatterns) {
  folder_.write("b.jsonl", row("b"));
  folder_.write("a.jsonl", row("a"));
  folder_.write("c.json", "[" + row("c") + "]");
  folder_.write("[odd].jsonl", row("odd"));
  const auto ids = [&](const std::vector<fs::path>& files) {
    return ids_of(*source("files", {{"files", paths(files)}}));
  };
  EXPECT_THAT(ids({folder_ / "c.json", folder_ / "?.jsonl"}), ElementsAre("c", "a", "b"));
  EXPECT_THAT(ids({folder_ / "[odd].jsonl"}), ElementsAre("odd"));
  EXPECT_THAT(failure([&] { ids({folder_ / "none*.jsonl"}); }),
              HasSubstr("pool.files: no file matches"));
  EXPECT_THAT(failure([&] { ids({folder_ / "none.jsonl"}); }),
              HasSubstr("pool.files: there is no file"));
  EXPECT_THAT(failure([&] {
                ids({folder_ / "a.jsonl", folder_ / "?.jsonl"});
              }),
              HasSubstr("its rows would be there twice"));
  EXPECT_THAT(failure([&] { source("files", {}); }), HasSubstr("pool.files is empty"));
}

TEST_F(PoolSourceTest, IdentityFollowsWhatIsInTheFiles) {
  const fs::path file = folder_.write("a.jsonl", row("a"));
  const auto identity = [&](const std::vector<std::pair<std::string, config::Value>>& set = {}) {
    auto all = set;
    all.emplace_back("files", paths({file}));
    return source("files", all)->identity(1).to_json();
  };
  const std::string first = identity();
  EXPECT_EQ(identity(), first);
  EXPECT_EQ(identity({{"maximum_bad_share", config::Value(0.5, {})}}), first);
  EXPECT_EQ(identity({{"labels", text(file)}}), first);
  EXPECT_NE(identity({{"image_lists", config::Value(std::string("frames"), {})}}), first);
  EXPECT_NE(identity({{"media_root", text(folder_.path())}}), first);
  folder_.write("a.jsonl", row("b"));
  EXPECT_NE(identity(), first);
}

TEST_F(PoolSourceTest, LabelsAreThereWhereTheyAreNamed) {
  const fs::path file = folder_.write("a.jsonl", row("a")), labels = folder_.write("labels", "");
  EXPECT_EQ(source("files", {{"files", paths({file})}})->labels({}), std::nullopt);
  EXPECT_EQ(source("files", {{"files", paths({file})}, {"labels", text(labels)}})->labels({}),
            labels);
  EXPECT_THAT(failure([&] {
                source("files", {{"files", paths({file})}, {"labels", text(folder_ / "none")}});
              }),
              HasSubstr("pool.labels: there is no file"));
}

TEST_F(PoolSourceTest, TheTwoFileFormTellsImagesFromFrames) {
  for (const char* name : {"1.png", "2.png"}) folder_.write(name, "x");
  const std::string list = R"("images":["1.png","2.png"],)";
  const fs::path onevision = folder_.write("ov.jsonl", row("image", list)),
                 video = folder_.write("v.jsonl", row("clip", list));
  const auto both = source("llava", {{"onevision", text(onevision)}, {"video", text(video)}});
  const Pool pool = both->open({});
  ASSERT_EQ(pool.size(), 2U);
  EXPECT_EQ(pool.sample(0).media.size(), 2U);
  EXPECT_EQ(pool.sample(1).media.size(), 1U);
  EXPECT_EQ(pool.rows().modality(1), Modality::video);
  const auto one = source("llava", {{"video", text(video)}});
  EXPECT_THAT(ids_of(*one), ElementsAre("clip"));
  EXPECT_NE(one->identity(1).to_json(), both->identity(1).to_json());
  EXPECT_EQ(one->labels({}), std::nullopt);
  EXPECT_THAT(failure([&] { source("llava", {}); }), HasSubstr("are both empty"));
  EXPECT_THAT(failure([&] {
                source("llava", {{"video", text(folder_ / "x")}})->open({});
              }),
              HasSubstr("pool.video: there is no file"));
}

// What `pool=files pool.files=[...]` composes to.
TEST_F(PoolSourceTest, TheCommandLineNamesAPool) {
  const fs::path file = folder_.write("mine.jsonl", row("a"));
  const config::Value config =
      config::compose({{fs::path(WINNOW_SOURCE_DIR) / "configs"},
                       "select",
                       {"pool=files", "pool.files=[" + file.string() + "]"}});
  EXPECT_THAT(ids_of(*pools().create(config.at("pool"), "pool")), ElementsAre("a"));
}

}  // namespace
}  // namespace winnow
